"""Asks many links at once, and remembers what was found so that the next check asks only what is due."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import files
from pipeline.errors import Refused
from pipeline.publish.links.fetch import Answer, Fetcher, Unanswered
from pipeline.publish.links.verdicts import Known, Verdict, judge, known_from_json

_VERSION = 1
_HOSTS_AT_ONCE = 8

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found by address, in their order.

    `online` is False where not one server answered: then this machine is likelier to be without a network than all of
    them to be down, so nothing of it should be remembered.
    """

    known: Mapping[str, Known]
    online: bool


def read_state(path: Path) -> dict[str, Known]:
    """What is known by address; empty where nothing is, or where it cannot be read: it is only a memory."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["version"] != _VERSION:
            return {}
        return {str(url): known_from_json(value) for url, value in content["links"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def write_state(path: Path, state: Mapping[str, Known]) -> None:
    """Write what is known, whole or not at all."""
    links = {url: known.as_json() for url, known in state.items()}
    files.write_text(path, files.readable_json({"version": _VERSION, "links": links}))


def ask(
    urls: Iterable[str],
    fetcher: Fetcher,
    state: Mapping[str, Known],
    now: datetime,
    *,
    budget_s: float | None = None,
    report: Progress = lambda part: None,
) -> Asked:
    """Ask every address and judge the answers; what is known of the others is not in the result.

    Hosts are asked side by side, the addresses of one host one after the other. After `budget_s` no further question
    begins; what was not asked is left out. `report` hears the part done, 0 to 1.
    """
    by_host: dict[str, list[str]] = {}
    for url in dict.fromkeys(urls):
        by_host.setdefault(_host(url), []).append(url)
    total = sum(map(len, by_host.values()))
    until = time.monotonic() + budget_s if budget_s is not None else float("inf")
    outcomes: dict[str, Answer | Unanswered | Refused] = {}

    def ask_host(host_urls: list[str]) -> dict[str, Answer | Unanswered | Refused]:
        found: dict[str, Answer | Unanswered | Refused] = {}
        for url in host_urls:
            if time.monotonic() >= until:
                break
            found[url] = _outcome(url, fetcher, state.get(url))
        return found

    pool = ThreadPoolExecutor(max_workers=_HOSTS_AT_ONCE, thread_name_prefix="links")
    try:
        for future in as_completed([pool.submit(ask_host, host_urls) for host_urls in by_host.values()]):
            outcomes |= future.result()
            report(len(outcomes) / total)
    finally:
        # Ctrl+C does not wait for the hosts that were not begun.
        pool.shutdown(wait=True, cancel_futures=True)
    found = outcomes.values()
    online = any(isinstance(one, Answer) for one in found) or not any(isinstance(one, Unanswered) for one in found)
    return Asked({url: _judged(url, outcomes[url], state.get(url), now, online) for url in sorted(outcomes)}, online)


def _outcome(url: str, fetcher: Fetcher, before: Known | None) -> Answer | Unanswered | Refused:
    conditions = before.conditions() if before else {}
    try:
        answer = fetcher.probe(url, headers=conditions)
        if answer.status == 304 and not conditions:  # nobody asked for that
            answer = fetcher.get(url, max_bytes=1, cut=True)
    except (Unanswered, Refused) as error:
        return error
    return answer


def _judged(
    url: str, outcome: Answer | Unanswered | Refused, before: Known | None, now: datetime, online: bool
) -> Known:
    if not online and isinstance(outcome, Unanswered):
        return Known(Verdict.CANNOT_TELL, now, f"{outcome.problems[0].what}; no other server answered either")
    return judge(url, outcome, before, now)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return url
