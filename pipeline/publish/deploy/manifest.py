"""What this program put at a target, noted there: `.onrecord/manifest.json`.

The listing of a target says names and sizes; the note says which of them are ours, their digests, and since when
they are named by nothing. It is written before the first file is sent (what is about to be ours) and after the last.
A note that is missing or damaged costs questions and no promise: what is not in it is not ours and stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline import files
from pipeline.publish.deploy.targets import Stored

MANIFEST_NAME = ".onrecord/manifest.json"


class Noted(BaseModel):
    """One file of ours. `tag` is the target's mark of it when it was put; nothing names it since `gone_on`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    size_bytes: Annotated[int, Field(ge=0)]
    tag: str | None = None
    gone_on: date | None = None

    def fits(self, stored: Stored) -> bool:
        """Whether the file is still the one that was put: nobody wrote it since."""
        return self.tag is not None and self.tag == stored.tag and self.size_bytes == stored.size_bytes


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    files: Mapping[str, Noted]


def read_manifest(content: bytes | None) -> dict[str, Noted]:
    """The files of ours by name; empty where there is no note that can be read."""
    try:
        return dict(_Manifest.model_validate(json.loads(content or b"")).files)
    except (ValueError, ValidationError, RecursionError):
        return {}


def write_manifest(noted: Mapping[str, Noted]) -> bytes:
    """The note, the same bytes for the same files."""
    listed = {name: one.model_dump(mode="json", exclude_none=True) for name, one in noted.items()}
    return files.readable_json({"version": 1, "files": listed}).encode("utf-8")
