"""The desk's addresses (Starlette): pages, sound, and a JSON interface. `security.Guard` stands before all of it.

    GET  /                                        the list            GET /api/episodes
    GET  /episodes/SLUG/                          the desk            GET /api/episodes/SLUG
    GET  /episodes/SLUG/audio   byte ranges       GET /episodes/SLUG/peaks
    PUT  /api/episodes/SLUG/transcript|notes|marks                    with If-Match: 428 without, 409 when stale
    POST /api/episodes/SLUG/review|preview|glossary|sources|retranscribe|approve|publish
    GET  /api/episodes/SLUG/summary|suggestions|changes               changes: server-sent events
    GET  /api/jobs/JOB                            GET /static/NAME

An error is `{"error": code, "message": sentence, "remedy": sentence}`.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from pipeline import files
from pipeline.errors import Busy, OnRecordError, Problem, Refused
from pipeline.release import PEAKS_NAME, PROXY_NAME
from pipeline.review.desk import BUILD_FOLDER, Desk, NotFound, problem_json
from pipeline.review.workspace import Stale
from pipeline.transcript import Paragraph

_log = logging.getLogger(__name__)

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_POLL_SECONDS = 0.5
_HEARTBEAT_SECONDS = 15
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _ParagraphBody(_Body):
    speaker: str = Field(max_length=1000)
    text: str
    start_ms: int | None = Field(default=None, ge=0, strict=True)


class _TranscriptBody(_Body):
    paragraphs: list[_ParagraphBody]
    by: str = Field(default="", max_length=300)


class _TextBody(_Body):
    text: str


class _MarksBody(_Body):
    chapters: list[dict[str, Any]]
    soundbites: list[dict[str, Any]]


class _ReviewBody(_Body):
    by: str = Field(default="", max_length=300)
    heard: list[tuple[int, int]] = []
    tick: list[str] = []
    untick: list[str] = []
    resolve: list[str] = []
    unresolve: list[str] = []


class _TermBody(_Body):
    term: str
    meaning: str | None = None


class _SourceBody(_Body):
    url: str
    title: str = ""


class _StretchBody(_Body):
    start_ms: int = Field(strict=True)
    end_ms: int = Field(strict=True)
    model: str


class _ApproveBody(_Body):
    by: str
    revision: str


class _Missing(Refused):
    """The request lacks If-Match."""


Body = TypeVar("Body", bound=_Body)
Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(desk: Desk, is_closing: Callable[[], bool] = lambda: False) -> Starlette:
    """The application, without its guard. `is_closing` ends open event streams when the server is about to stop."""
    templates = Environment(
        loader=FileSystemLoader(desk.services.templates / "desk"), autoescape=True, undefined=StrictUndefined
    )
    static = desk.services.templates / "desk" / "static"

    def page(name: str, **values: Any) -> HTMLResponse:
        return HTMLResponse(templates.get_template(name).render(show_title=desk.show().settings.title, **values))

    def list_page(request: Request) -> Response:
        return page("list.html")

    def desk_page(request: Request) -> Response:
        here = desk.at(_slug(request))
        answer = page("desk.html", slug=here.episode.slug, title=here.episode.title)
        # The page will ask for the text as soon as its script runs; a long one is worked out meanwhile.
        answer.background = BackgroundTask(desk.warm, here.episode.slug)
        return answer

    def audio(request: Request) -> Response:
        return _built(desk, _slug(request), PROXY_NAME, "audio/mp4")

    def peaks(request: Request) -> Response:
        return _built(desk, _slug(request), PEAKS_NAME, "application/json")

    def static_file(request: Request) -> Response:
        name = request.path_params["name"]
        path = files.inside(static, name)
        media_type = _MEDIA_TYPES.get(Path(name).suffix)
        if path is None or media_type is None or not path.is_file():
            raise NotFound(Problem(name, "there is no such file", "Load the page again"))
        return FileResponse(path, media_type=media_type)

    async def changes(request: Request) -> Response:
        slug = _slug(request)
        watched = await run_in_threadpool(desk.watched, slug)
        stream = _events(desk, slug, watched, request, is_closing)
        return StreamingResponse(stream, media_type="text/event-stream")

    def get(answer: Callable[[Request], Any]) -> Endpoint:
        return _endpoint(lambda request, _: answer(request))

    api = "/api/episodes/{slug}"
    app = Starlette(
        routes=[
            Route("/", get(list_page)),
            Route("/episodes/{slug}/", get(desk_page)),
            Route("/episodes/{slug}/audio", get(audio)),
            Route("/episodes/{slug}/peaks", get(peaks)),
            Route("/static/{name:path}", get(static_file)),
            Route("/api/episodes", get(lambda request: desk.episodes())),
            Route(api, get(lambda request: desk.episode(_slug(request)))),
            Route(f"{api}/summary", get(lambda request: _summary(desk, request))),
            Route(f"{api}/suggestions", get(lambda request: desk.suggestions(_slug(request)))),
            Route(f"{api}/changes", changes),
            Route("/api/jobs/{job}", get(lambda request: desk.job(request.path_params["job"]))),
            *_writing_routes(desk, api),
        ],
        exception_handlers={404: _no_such_address, 405: _no_such_address},
    )
    app.add_exception_handler(OnRecordError, _failed)
    app.state.desk = desk
    return app


def _writing_routes(desk: Desk, api: str) -> list[Route]:
    def route(method: str, name: str, body: type[Body], answer: Callable[[Request, Body], Any]) -> Route:
        def parsed(request: Request, content: bytes) -> Any:
            return answer(request, body.model_validate_json(content))

        return Route(f"{api}/{name}", _endpoint(parsed), methods=[method])

    def transcript(request: Request, body: _TranscriptBody) -> Any:
        paragraphs = [Paragraph(one.speaker, one.text, one.start_ms) for one in body.paragraphs]
        return desk.save_transcript(_slug(request), paragraphs, _revision(request), body.by)

    def review(request: Request, body: _ReviewBody) -> Any:
        return desk.review(_slug(request), body.by, body.model_dump(exclude={"by"}))

    def marks(request: Request, body: _MarksBody) -> Any:
        return desk.save_marks(_slug(request), body.chapters, body.soundbites, _revision(request))

    return [
        route("PUT", "transcript", _TranscriptBody, transcript),
        route("PUT", "notes", _TextBody, lambda r, b: desk.save_notes(_slug(r), b.text, _revision(r))),
        route("PUT", "marks", _MarksBody, marks),
        route("POST", "review", _ReviewBody, review),
        route("POST", "preview", _TextBody, lambda r, b: desk.preview(_slug(r), b.text)),
        route("POST", "glossary", _TermBody, lambda r, b: desk.add_term(_slug(r), b.term, b.meaning)),
        route("POST", "sources", _SourceBody, lambda r, b: desk.add_source(_slug(r), b.url, b.title)),
        route(
            "POST",
            "retranscribe",
            _StretchBody,
            lambda r, b: desk.retranscribe(_slug(r), b.start_ms, b.end_ms, b.model),
        ),
        route("POST", "approve", _ApproveBody, lambda r, b: desk.approve(_slug(r), b.by, b.revision)),
        route("POST", "publish", _Body, lambda r, b: desk.publish()),
    ]


def _endpoint(answer: Callable[[Request, bytes], Any]) -> Endpoint:
    """Read the body, answer in a thread, and turn what goes wrong into an answer that says so."""

    async def endpoint(request: Request) -> Response:
        content = await request.body() if request.method in ("PUT", "POST") else b""
        try:
            result = await run_in_threadpool(answer, request, content)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the body"
            return _error(HTTPStatus.BAD_REQUEST, "malformed", f"{place}: {first['msg']}", "Load the page again")
        except OnRecordError as error:
            return _failed(request, error)
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


def _failed(request: Request, error: Exception) -> Response:
    if not isinstance(error, OnRecordError):
        raise error
    first = error.problems[0]
    if isinstance(error, Stale):
        return _json(_stale(request, error), HTTPStatus.CONFLICT)
    status, code = next(
        (status, code)
        for kind, status, code in (
            (NotFound, HTTPStatus.NOT_FOUND, "not-found"),
            (_Missing, HTTPStatus.PRECONDITION_REQUIRED, "no-revision"),
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
        answer["paragraphs"] = desk.theirs(_slug(request), error)
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


async def _no_such_address(request: Request, error: Exception) -> Response:
    status = HTTPStatus(getattr(error, "status_code", 404))
    return _error(status, "not-found", "there is nothing at this address", "Go back to the list of episodes")


def _slug(request: Request) -> str:
    return str(request.path_params["slug"])


def _revision(request: Request) -> str:
    given = request.headers.get("if-match", "").strip()
    revision = given.removeprefix("W/").strip('"')
    if not revision or revision == "*":
        raise _Missing(Problem("", "the request does not say which revision it began from", "Load the page again"))
    return revision


def _summary(desk: Desk, request: Request) -> dict[str, Any]:
    return desk.summary(_slug(request), request.query_params.get("by") or None)


def _built(desk: Desk, slug: str, name: str, media_type: str) -> Response:
    here = desk.at(slug)
    path = desk.root / BUILD_FOLDER / here.episode.slug / name
    if not path.is_file():
        raise NotFound(Problem(slug, f"{name} is not made yet", "Run make pipeline first"))
    return FileResponse(path, media_type=media_type)


async def _events(
    desk: Desk, slug: str, watched: list[Path], request: Request, is_closing: Callable[[], bool]
) -> AsyncIterator[str]:
    """Say what changed on disk, soon after it changed; modification times are asked, which works on any disk."""
    last: dict[str, Any] = {}
    marks: list[tuple[int, int]] | None = None
    quiet_seconds = 0.0
    while not is_closing() and not await request.is_disconnected():
        now = [_mark(path) for path in watched]
        if now != marks:
            marks = now
            try:
                state = await run_in_threadpool(desk.changes, slug)
            except (OnRecordError, OSError):
                state = last  # half written or broken by hand: the next change tells more
            news = {name: value for name, value in state.items() if last.get(name) != value}
            last = state
            if news:
                yield f"data: {json.dumps(news, ensure_ascii=False)}\n\n"
                quiet_seconds = 0.0
        if quiet_seconds >= _HEARTBEAT_SECONDS:
            yield ": still here\n\n"
            quiet_seconds = 0.0
        await asyncio.sleep(_POLL_SECONDS)
        quiet_seconds += _POLL_SECONDS


def _mark(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
