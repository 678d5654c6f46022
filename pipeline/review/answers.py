"""What the desk answers over HTTP: JSON for what worked, and a sentence with a remedy for what did not.

An error is `{"error": code, "message": sentence, "remedy": sentence}`.
"""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import Busy, OnRecordError, Problem, Refused
from pipeline.review.desk import Desk, NotFound, problem_json
from pipeline.review.workspace import Stale
from pipeline.transcript import Paragraph

_log = logging.getLogger(__name__)

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Content(BaseModel):
    """What a request brings along; what nobody asked for is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class NoRevision(Refused):
    """The request lacks If-Match."""


Body = TypeVar("Body", bound=Content)
Endpoint = Callable[[Request], Awaitable[Response]]


def writing_route(base: str, method: str, name: str, body: type[Body], answer: Callable[[Request, Body], Any]) -> Route:
    """An address below `base` that takes a body and changes something."""

    def parsed(request: Request, content: bytes) -> Any:
        return answer(request, body.model_validate_json(content))

    return Route(f"{base}/{name}", endpoint_of(parsed), methods=[method])


def endpoint_of(answer: Callable[[Request, bytes], Any]) -> Endpoint:
    """Read the body, answer in a thread, and turn what goes wrong into an answer that says so."""

    async def endpoint(request: Request) -> Response:
        content = await request.body() if request.method not in ("GET", "HEAD") else b""
        try:
            result = await run_in_threadpool(answer, request, content)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the body"
            return _error(HTTPStatus.BAD_REQUEST, "malformed", f"{place}: {first['msg']}", "Load the page again")
        except OnRecordError as error:
            return failed(request, error)
        except OSError as error:
            return _not_written(error)
        except Exception:
            _log.exception("the desk failed to answer %s", request.url.path)
            return _error(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "fault",
                "On Record itself failed here",
                "Please report what the terminal shows; this window keeps your text",
            )
        return result if isinstance(result, Response) else _json(result)

    return endpoint


def failed(request: Request, error: Exception) -> Response:
    """The answer to what went wrong on purpose: an `OnRecordError` with its place and its remedy."""
    if not isinstance(error, OnRecordError):
        raise error
    first = error.problems[0]
    if isinstance(error, Stale):
        return _json(_stale(request, error), HTTPStatus.CONFLICT)
    status, code = next(
        (status, code)
        for kind, status, code in (
            (NotFound, HTTPStatus.NOT_FOUND, "not-found"),
            (NoRevision, HTTPStatus.PRECONDITION_REQUIRED, "no-revision"),
            (Busy, HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
            (Refused, HTTPStatus.UNPROCESSABLE_ENTITY, "refused"),
            (OnRecordError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
        )
        if isinstance(error, kind)
    )
    if "text/html" in request.headers.get("accept", ""):
        text = "\n".join(str(problem) for problem in error.problems)
        return Response(text + "\n", status, media_type="text/plain")
    return _error(
        status,
        code,
        f"{first.where}: {first.what}" if first.where else first.what,
        first.remedy,
        refusals=[problem_json(problem) for problem in error.problems],
    )


def _stale(request: Request, error: Stale) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "error": "stale",
        "message": error.problems[0].what,
        "remedy": error.problems[0].remedy,
        "revision": error.revision,
        "merged": None,
        "conflicts": [],
        "clashes": [],
    }
    if error.theirs is not None:
        desk: Desk = request.app.state.desk
        answer["paragraphs"] = desk.theirs(slug_of(request), error)
    else:
        answer["text"] = error.theirs_text
    if error.merge is not None:
        answer["merged"] = [_plain(one) for one in error.merge.paragraphs]
        answer["conflicts"] = [
            place for clash in error.merge.clashes for place in range(clash.first, clash.first + clash.count)
        ]
        answer["clashes"] = [
            {"first": clash.first, "count": clash.count, "theirs": [_plain(one) for one in clash.theirs]}
            for clash in error.merge.clashes
        ]
    return answer


def _plain(paragraph: Paragraph) -> dict[str, Any]:
    return {"start_ms": paragraph.start_ms, "speaker": paragraph.speaker, "text": paragraph.text}


def _not_written(error: OSError) -> Response:
    if error.errno in _DISK_FULL:
        return _error(
            HTTPStatus.INSUFFICIENT_STORAGE,
            "disk-full",
            "the disk is full, so nothing was saved",
            "Free some space; this window keeps your text and saves it then",
        )
    return _error(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "disk",
        f"a file cannot be read or written ({error.strerror or error})",
        "Check the disk and the rights of the folder; this window keeps your text",
    )


def _error(status: HTTPStatus, code: str, message: str, remedy: str, **more: Any) -> Response:
    return _json({"error": code, "message": message, "remedy": remedy, **more}, status)


def _json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")
    return Response(content, status, media_type="application/json")


async def no_such_address(request: Request, error: Exception) -> Response:
    """The answer where nothing is."""
    status = HTTPStatus(getattr(error, "status_code", 404))
    return _error(status, "not-found", "there is nothing at this address", "Go back to the list of episodes")


def slug_of(request: Request) -> str:
    """The episode that an address names."""
    return str(request.path_params["slug"])


def revision_of(request: Request) -> str:
    """The revision that a change began from (If-Match). Raises NoRevision."""
    given = request.headers.get("if-match", "").strip()
    revision = given.removeprefix("W/").strip('"')
    if not revision or revision == "*":
        raise NoRevision(Problem("", "the request does not say which revision it began from", "Load the page again"))
    return revision
