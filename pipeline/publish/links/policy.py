"""What may be kept of a source, and by whom: the producer's word in its record.

`"custom": {"archive": "public"}` in sources.json; CSL-JSON has `custom` for what it has no field for.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pipeline.show import Source


class Policy(StrEnum):
    """Who may hold a copy of a source: everybody (public archives too), only the newsroom, or nobody."""

    PUBLIC = "public"
    PRIVATE = "private"
    NONE = "none"


def policy_of(source: Source) -> Policy:
    """The policy of a source: private where nothing is said; none where what is said cannot be read."""
    custom = source.as_csl().get("custom")
    said = custom.get("archive") if isinstance(custom, Mapping) else None
    if said is None:
        return Policy.PRIVATE
    return Policy(said) if said in list(Policy) else Policy.NONE
