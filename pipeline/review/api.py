"""The desk's addresses (Starlette): pages, sound, and a JSON interface. `security.Guard` stands before all of it.

    GET  /                                        the list            GET /api/episodes
    GET  /episodes/SLUG/                          the desk            GET /api/episodes/SLUG
    GET  /episodes/SLUG/audio   byte ranges       GET /episodes/SLUG/peaks
    PUT  /api/episodes/SLUG/transcript|notes|marks                    with If-Match: 428 without, 409 when stale
    POST /api/episodes/SLUG/review|preview|glossary|sources|retranscribe|approve|publish
    GET  /api/episodes/SLUG/summary|suggestions|voices|changes               changes: server-sent events
    GET|POST /api/episodes/SLUG/redactions        PUT|DELETE /api/episodes/SLUG/redactions/PLACE   with If-Match
    POST /api/episodes/SLUG/said
    GET  /api/jobs/JOB                            GET /static/NAME

An error is `{"error": code, "message": sentence, "remedy": sentence}`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import Field
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from pipeline import files
from pipeline.errors import OnRecordError, Problem
from pipeline.release import PEAKS_NAME, PROXY_NAME, TRANSLATION_NAME
from pipeline.review.answers import (
    Content,
    Endpoint,
    endpoint_of,
    failed,
    no_such_address,
    revision_of,
    slug_of,
    writing_route,
)
from pipeline.review.desk import BUILD_FOLDER, Desk, NotFound
from pipeline.review.fresh import mark
from pipeline.review.striking_api import striking_routes
from pipeline.transcript import Paragraph

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_POLL_SECONDS = 0.5
_HEARTBEAT_SECONDS = 15


class _ParagraphBody(Content):
    speaker: str = Field(max_length=1000)
    text: str
    start_ms: int | None = Field(default=None, ge=0, strict=True)


class _TranscriptBody(Content):
    paragraphs: list[_ParagraphBody]
    by: str = Field(default="", max_length=300)


class _TextBody(Content):
    text: str


class _MarksBody(Content):
    chapters: list[dict[str, Any]]
    soundbites: list[dict[str, Any]]


class _ReviewBody(Content):
    by: str = Field(default="", max_length=300)
    heard: list[tuple[int, int]] = Field(default=[])
    tick: list[str] = Field(default=[])
    untick: list[str] = Field(default=[])
    resolve: list[str] = Field(default=[])
    unresolve: list[str] = Field(default=[])


class _TermBody(Content):
    term: str
    meaning: str | None = None


class _SourceBody(Content):
    url: str
    title: str = ""


class _StretchBody(Content):
    start_ms: int = Field(strict=True)
    end_ms: int = Field(strict=True)
    model: str


class _ApproveBody(Content):
    by: str
    revision: str


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
        here = desk.at(slug_of(request))
        translated = (here.open.build_folder / TRANSLATION_NAME).is_file()
        answer = page("desk.html", slug=here.episode.slug, title=here.episode.title, translated=translated)
        # The page will ask for the text as soon as its script runs; a long one is worked out meanwhile.
        answer.background = BackgroundTask(desk.warm, here.episode.slug)
        return answer

    def audio(request: Request) -> Response:
        return _built(desk, slug_of(request), PROXY_NAME, "audio/mp4")

    def peaks(request: Request) -> Response:
        return _built(desk, slug_of(request), PEAKS_NAME, "application/json")

    def translation(request: Request) -> Response:
        return _built(desk, slug_of(request), TRANSLATION_NAME, "text/plain; charset=utf-8")

    def static_file(request: Request) -> Response:
        name = request.path_params["name"]
        path = files.inside(static, name)
        media_type = _MEDIA_TYPES.get(Path(name).suffix)
        if path is None or media_type is None or not path.is_file():
            raise NotFound(Problem(name, "there is no such file", "Load the page again"))
        return FileResponse(path, media_type=media_type)

    async def changes(request: Request) -> Response:
        slug = slug_of(request)
        watched = await run_in_threadpool(desk.watched, slug)
        stream = _events(desk, slug, watched, request, is_closing)
        return StreamingResponse(stream, media_type="text/event-stream")

    def get(answer: Callable[[Request], Any]) -> Endpoint:
        return endpoint_of(lambda request, _: answer(request))

    api = "/api/episodes/{slug}"
    app = Starlette(
        routes=[
            Route("/", get(list_page)),
            Route("/episodes/{slug}/", get(desk_page)),
            Route("/episodes/{slug}/audio", get(audio)),
            Route("/episodes/{slug}/peaks", get(peaks)),
            Route("/episodes/{slug}/translation", get(translation)),
            Route("/static/{name:path}", get(static_file)),
            Route("/api/episodes", get(lambda request: desk.episodes())),
            Route(api, get(lambda request: desk.episode(slug_of(request)))),
            Route(f"{api}/summary", get(lambda request: _summary(desk, request))),
            Route(f"{api}/suggestions", get(lambda request: desk.suggestions(slug_of(request)))),
            Route(f"{api}/voices", get(lambda request: desk.voices(slug_of(request)))),
            Route(f"{api}/changes", changes),
            Route("/api/jobs/{job}", get(lambda request: desk.job(request.path_params["job"]))),
            *_writing_routes(desk, api),
            *striking_routes(desk, api),
        ],
        exception_handlers={404: no_such_address, 405: no_such_address},
    )
    app.add_exception_handler(OnRecordError, failed)
    app.state.desk = desk
    return app


def _writing_routes(desk: Desk, api: str) -> list[Route]:
    route = partial(writing_route, api)

    def transcript(request: Request, body: _TranscriptBody) -> Any:
        paragraphs = [Paragraph(one.speaker, one.text, one.start_ms) for one in body.paragraphs]
        return desk.save_transcript(slug_of(request), paragraphs, revision_of(request), body.by)

    def review(request: Request, body: _ReviewBody) -> Any:
        return desk.review(slug_of(request), body.by, body.model_dump(exclude={"by"}))

    def marks(request: Request, body: _MarksBody) -> Any:
        return desk.save_marks(slug_of(request), body.chapters, body.soundbites, revision_of(request))

    return [
        route("PUT", "transcript", _TranscriptBody, transcript),
        route("PUT", "notes", _TextBody, lambda r, b: desk.save_notes(slug_of(r), b.text, revision_of(r))),
        route("PUT", "marks", _MarksBody, marks),
        route("POST", "review", _ReviewBody, review),
        route("POST", "preview", _TextBody, lambda r, b: desk.preview(slug_of(r), b.text)),
        route("POST", "glossary", _TermBody, lambda r, b: desk.add_term(slug_of(r), b.term, b.meaning)),
        route("POST", "sources", _SourceBody, lambda r, b: desk.add_source(slug_of(r), b.url, b.title)),
        route(
            "POST",
            "retranscribe",
            _StretchBody,
            lambda r, b: desk.retranscribe(slug_of(r), b.start_ms, b.end_ms, b.model),
        ),
        route("POST", "approve", _ApproveBody, lambda r, b: desk.approve(slug_of(r), b.by, b.revision)),
        route("POST", "publish", Content, lambda r, b: desk.publish()),
    ]


def _summary(desk: Desk, request: Request) -> dict[str, Any]:
    return desk.summary(slug_of(request), request.query_params.get("by") or None)


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
        now = [mark(path) for path in watched]
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
