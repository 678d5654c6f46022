"""A bucket of an object store: Amazon S3 and whatever speaks like it, Google Cloud Storage, Azure (through obstore).

Two publishers cannot overwrite one another where the store keeps to conditions: a file is put only if what stands
there is still what the plan saw (If-None-Match, If-Match: RFC 9110, 13.1; S3 has both since 2024). Several servers
that speak S3 answer 200 to such a request and overwrite all the same, so each publication **asks first**: it makes a
small object twice. Where conditions are ignored, the person is told, and one writer at a time is what remains: the
lock object is read back, and looked at again before every change.

Credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, ...,
GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_KEY, ...), or from the file of Amazon's own tools
(~/.aws/credentials, by AWS_PROFILE). They are never logged: messages are made of what happened, not of what was sent.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore import exceptions
from obstore.store import AzureStore, GCSStore, S3Store

from pipeline import files
from pipeline.errors import Busy, NoAnswer, OnRecordError, Problem, Refused
from pipeline.publish.deploy.targets import Stored, Upload, Writer, read
from pipeline.show.publishing import StoreTarget

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PRIVATE_FOLDER = ".onrecord/"
_LOCK, _PROBE = f"{PRIVATE_FOLDER}lock.json", f"{PRIVATE_FOLDER}probe"
_DIGEST = "sha256"  # the name of our metadata: x-amz-meta-sha256
# Above this a file goes in parts, and none of it is held in memory; parts cannot carry a condition.
_PARTS_FROM_BYTES = 16_000_000
_PIECE_BYTES = 1 << 20
_SETTLE_S = 1.0  # how long two who locked at once may differ, where the store does not decide
_STATUS = re.compile(r"status code: (\d{3} [A-Za-z ]+)")
_CODE = re.compile(r"<Code>([A-Za-z]+)</Code>")


class Store:
    """The targets `kind = "s3"`, `"gcs"` and `"azure"`. `patience_s` is how long a request may pause or be retried."""

    def __init__(self, settings: StoreTarget, *, patience_s: float = 120.0) -> None:
        self._settings = settings
        self._patience_s = patience_s

    @property
    def place(self) -> str:
        """`s3://bucket/prefix`."""
        one = self._settings
        at = f" at {one.endpoint}" if one.endpoint else ""
        return f"{one.kind}://{one.bucket}/{one.prefix}".rstrip("/") + at

    @contextmanager
    def open(self, writer: Writer | None) -> Iterator[StoreSession]:
        """Reach the bucket and, to write, ask what it keeps to and take the lock object."""
        with _telling(self.place):
            session = StoreSession(self._client(), self.place)
            if writer is None:
                yield session
                return
            session.probe(writer)
            session.lock(writer)
            try:
                yield session
            finally:
                with suppress(Exception):  # what was raised in the block matters more; the lock knows its owner again
                    session.unlock()

    def _client(self) -> ObjectStore:
        one = self._settings
        common: dict[str, Any] = {
            "prefix": one.prefix.strip("/") or None,
            "client_options": {
                "connect_timeout": timedelta(seconds=min(15.0, self._patience_s)),
                "read_timeout": timedelta(seconds=self._patience_s),
                # A part of 5 MB on a slow line; a store that hangs is noticed by the pause in its answer.
                "timeout": timedelta(seconds=max(600.0, self._patience_s)),
                "allow_http": bool(one.endpoint and one.endpoint.startswith("http://")),
                "user_agent": "OnRecord-publish/1",
            },
            "retry_config": {
                "max_retries": 5,
                "retry_timeout": timedelta(seconds=self._patience_s),
                "backoff": {"max_backoff": timedelta(seconds=5)},
            },
        }
        if one.kind == "gcs":
            return GCSStore(one.bucket, **common)
        if one.kind == "azure":
            return AzureStore(one.bucket, **common)
        options: dict[str, Any] = {"region": one.region, "endpoint": one.endpoint} | _credentials_of_the_tools()
        if one.virtual_hosts:
            options["virtual_hosted_style_request"] = True
        return S3Store(one.bucket, **common, **{name: value for name, value in options.items() if value})


class StoreSession:
    """An open bucket. `conditional` is whether it was seen to keep to conditions."""

    def __init__(self, client: ObjectStore, place: str) -> None:
        self._client = client
        self._place = place
        self.conditional = False
        self._quoted = True
        self._token: str | None = None
        self._probe = _PROBE
        self._warnings: list[Problem] = []

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What was found when it was opened."""
        return tuple(self._warnings)

    def stored(self) -> Mapping[str, Stored]:
        """Everything below the prefix but lock and probe; one request for a thousand names."""
        found: dict[str, Stored] = {}
        for batch in obstore.list(self._client):
            for one in batch:
                if one["path"] != _LOCK and not one["path"].startswith(_PROBE):
                    found[one["path"]] = Stored(one["size"], _tag(one["e_tag"]))
        return found

    def digest(self, name: str) -> str | None:
        """What was noted beside the object when it was put."""
        try:
            return obstore.get(self._client, name, options={"head": True}).attributes.get(_DIGEST)
        except FileNotFoundError:
            return None

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """An object, piece by piece."""
        try:
            return (bytes(piece) for piece in obstore.get(self._client, name).stream(min_chunk_size=_PIECE_BYTES))
        except FileNotFoundError:
            return None

    def put(self, upload: Upload, expected: Stored | None) -> Stored:
        """Put an object; small ones under the condition, large ones in parts after looking whether it holds."""
        before = upload.path.stat()
        whole = upload.size_bytes < _PARTS_FROM_BYTES
        content = upload.path.read_bytes() if whole else None
        if before.st_size != upload.size_bytes or (
            content is not None and files.digest_bytes(content) != upload.digest
        ):
            raise _changed_here(upload)
        attributes = {
            "Content-Type": upload.content_type,
            "Cache-Control": upload.cache_control,
            _DIGEST: upload.digest,
        }
        mode: Any = "overwrite"
        if self.conditional and whole:
            mode = "create" if expected is None else {"e_tag": self._written(expected.tag)}
        else:
            self._look(upload, expected)
        try:
            result = obstore.put(
                self._client,
                upload.name,
                upload.path if content is None else content,
                attributes=attributes,
                mode=mode,
            )
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError) as error:
            # An answer that was lost makes obstore ask again, and meet its own object.
            if self.digest(upload.name) == upload.digest:
                return _stored(obstore.head(self._client, upload.name))
            raise _changed_meanwhile(self._place, upload.name) from error
        after = upload.path.stat()
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise _changed_here(upload)
        return Stored(upload.size_bytes, _tag(result["e_tag"]))

    def delete(self, name: str, expected: Stored) -> None:
        """Delete an object. Stores know no condition for it; the lock has to do, if nobody took it over."""
        self._still_ours()
        with suppress(FileNotFoundError):
            obstore.delete(self._client, name)

    def commit(self) -> None:
        """Each object was shown when it was put."""

    def clear_away(self, folders: AbstractSet[str]) -> None:
        """Nothing: no older release stays there."""

    def left_behind(self, folders: AbstractSet[str]) -> Iterable[str]:
        """Nothing, likewise."""
        return ()

    def probe(self, writer: Writer) -> None:
        """Find out whether the bucket can be written to, and whether it keeps to conditions."""
        self._probe = f"{_PROBE}-{writer.token[:12]}"  # two who ask at once do not ask with the same object
        with suppress(FileNotFoundError):
            obstore.delete(self._client, self._probe)
        made = obstore.put(self._client, self._probe, b"1", mode="create")
        self.conditional = self._refuses("create") and self._refuses({"e_tag": '"0123456789abcdef"'})
        if self.conditional:
            tag = made["e_tag"]
            # Ceph before Quincy takes the quotes for a part of the tag.
            for quoted in (True, False):
                self._quoted = quoted
                if not self._refuses({"e_tag": self._written(_tag(tag))}):
                    break
            else:
                self.conditional = False
        with suppress(FileNotFoundError):
            obstore.delete(self._client, self._probe)
        if not self.conditional:
            self._warnings.append(
                Problem(
                    self._place,
                    "this store overwrites what it was asked not to, so it cannot keep two publishers apart by itself",
                    "Let one person at a time publish there; a lock file stands in the way of the second",
                )
            )

    def lock(self, writer: Writer) -> None:
        """Take the lock object. Raises Busy when somebody else has it."""
        mine = json.dumps(
            {"token": writer.token, "who": writer.who, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        ).encode()
        held = self._holder()
        if held is not None and held.get("token") != writer.token and not writer.take_over:
            raise self._busy(held)
        try:
            # One's own lock, left by a killed publication, is made anew like another's that is taken over.
            obstore.put(self._client, _LOCK, mine, mode="create" if held is None and self.conditional else "overwrite")
        except exceptions.AlreadyExistsError as error:
            raise self._busy(self._holder() or {}) from error
        self._token = writer.token
        if not self.conditional:
            time.sleep(_SETTLE_S)
            self._still_ours()

    def unlock(self) -> None:
        """Let the lock go, where it is still ours."""
        held = self._holder()
        if held is not None and held.get("token") == self._token:
            with suppress(FileNotFoundError):
                obstore.delete(self._client, _LOCK)

    def _holder(self) -> dict[str, Any] | None:
        content = read(self, _LOCK)
        if content is None:
            return None
        try:
            held = json.loads(content)
        except ValueError:
            held = None
        return held if isinstance(held, dict) else {}

    def _still_ours(self) -> None:
        held = self._holder()
        if held is None or held.get("token") != self._token:
            raise self._busy(held or {})

    def _busy(self, held: Mapping[str, Any]) -> Busy:
        who, since = held.get("who", "somebody else"), held.get("since", "a time that is not noted")
        return Busy(
            Problem(
                self._place,
                f"{who} has been publishing there since {since}",
                "Wait until they have finished; if that one was killed and will not come back, add --take-over",
            )
        )

    def _refuses(self, mode: Any) -> bool:
        try:
            obstore.put(self._client, self._probe, b"1", mode=mode)
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            return True
        except exceptions.NotSupportedError:
            return False
        return False

    def _written(self, tag: str | None) -> str:
        return f'"{tag}"' if self._quoted else str(tag)

    def _look(self, upload: Upload, expected: Stored | None) -> None:
        """The condition without the store's help: look, then put."""
        if not self.conditional:
            self._still_ours()
        try:
            stands: Stored | None = _stored(obstore.head(self._client, upload.name))
        except FileNotFoundError:
            stands = None
        if stands != expected and not (stands is not None and self.digest(upload.name) == upload.digest):
            raise _changed_meanwhile(self._place, upload.name)


def _stored(meta: Mapping[str, Any]) -> Stored:
    """What obstore says of an object, as a target tells it."""
    return Stored(meta["size"], _tag(meta["e_tag"]))


def _tag(e_tag: str | None) -> str | None:
    return e_tag.strip('"') if e_tag else None


def _changed_meanwhile(place: str, name: str) -> Busy:
    return Busy(
        Problem(place, f"{name} became another while this was being published", "See who else publishes, try again")
    )


def _changed_here(upload: Upload) -> Refused:
    return Refused(Problem(str(upload.path), "it changed while it was being published", "Publish again"))


def _credentials_of_the_tools() -> dict[str, str]:
    """The keys of ~/.aws/credentials, unless the environment has some: obstore reads the environment by itself."""
    known = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    if any(os.environ.get(name) for name in known):
        return {}
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or Path.home() / ".aws" / "credentials")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        # Not chained: what the parser quotes of the file may be a key.
        raise Refused(Problem(str(path), f"it cannot be read ({type(error).__name__})", "Mend it")) from None
    profile = os.environ.get("AWS_PROFILE", "default")
    if not parser.has_section(profile):
        return {}
    names = {
        "aws_access_key_id": "access_key_id",
        "aws_secret_access_key": "secret_access_key",
        "aws_session_token": "session_token",
    }
    return {ours: parser[profile][theirs] for theirs, ours in names.items() if theirs in parser[profile]}


@contextmanager
def _telling(place: str) -> Iterator[None]:
    """What obstore raises, as errors of ours; its text is not repeated, for it quotes requests."""
    try:
        yield
    except OnRecordError:
        raise
    except (exceptions.BaseError, FileNotFoundError) as error:
        said = _answer(error)
        if "RequestTimeTooSkewed" in said:
            raise Refused(
                Problem(
                    place, "the clock of this machine is wrong, so it does not let you in", "Set the clock, try again"
                )
            ) from None
        # A listing that is forbidden is no PermissionDeniedError to obstore.
        forbidden = isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError)
        if forbidden or said.startswith(("401 ", "403 ")):
            raise Refused(
                Problem(place, f"it does not let you in ({said})", "Check the keys in the environment")
            ) from None
        if "Account must be specified" in str(error):
            raise Refused(
                Problem(
                    place,
                    "the account is not named",
                    "Set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY, in the environment",
                )
            ) from None
        if "Invalid Access Key" in str(error):
            raise Refused(Problem(place, "the account's key is not one", "Mend AZURE_STORAGE_ACCOUNT_KEY")) from None
        if "NoSuchBucket" in said:
            raise Refused(
                Problem(place, "there is no such bucket", "Make it, or mend bucket and endpoint in show.toml")
            ) from None
        raise NoAnswer(
            Problem(
                place, f"the store gave no answer that can be used ({said})", "Publish again: it goes on from there"
            )
        ) from None


def _answer(error: Exception) -> str:
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    found = [match[1].strip() for match in (status, code) if match]
    if found:
        return ", ".join(found)
    if "timed out" in text:
        return "it took too long"
    if "error sending request" in text:
        return "the connection failed"
    return type(error).__name__
