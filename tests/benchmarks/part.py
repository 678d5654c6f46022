"""One benchmark in a process of its own, so that its memory and its end are its own: rows of JSON on standard output.

Used by `tests.benchmarks`: python -m tests.benchmarks.part MODULE ASKED
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from importlib import import_module

from tests.benchmarks.rows import Asked, LeftOut, Row


def main() -> None:
    """Tell each row as soon as it is there; what the part's programs print goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as told:
        os.dup2(2, 1)

        def tell(row: Row) -> None:
            told.write(json.dumps(asdict(row)) + "\n")
            told.flush()

        try:
            for row in import_module(sys.argv[1]).rows(Asked(**json.loads(sys.argv[2]))):
                tell(row)
        except LeftOut as why:
            tell(Row("", "", left_out=str(why)))


if __name__ == "__main__":
    main()
