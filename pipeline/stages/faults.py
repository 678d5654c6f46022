"""One broken episode never stops the others: its reason is noted, and the run goes on."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline import files
from pipeline.errors import OnRecordError, Problem
from pipeline.stages.status import build_folder

Failed = dict[str, OnRecordError]  # by slug


@contextmanager
def set_aside(root: Path, slug: str, failed: Failed) -> Iterator[None]:
    """Note in `failed` what stops the episode; a fault of ours leaves its trace in `build/<slug>/fault.txt`."""
    try:
        yield
    except OnRecordError as error:
        failed[slug] = error
    except Exception as error:  # a fault of ours in one episode must not cost the producer all the others
        failed[slug] = files.disk_failed(error, slug) or _fault(root, slug)


def _fault(root: Path, slug: str) -> OnRecordError:
    log = build_folder(root) / slug / "fault.txt"
    with suppress(OSError):  # the disk may be the reason
        files.write_text(log, traceback.format_exc())
    remedy = f"Please report it with the file {log}; the other episodes are not affected"
    return OnRecordError(Problem(slug, "On Record itself failed here", remedy))
