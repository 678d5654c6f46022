"""The last look before anything leaves the house: no key of anybody's stands in a file that is about to be public."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from pipeline.errors import Problem
from pipeline.publish.deploy.plan import Step

# Forms that their issuers document so that they can be found.
_FORMS = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a key of Amazon Web Services": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})\b"),
    "a token of GitLab": re.compile(rb"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a token of Slack": re.compile(rb"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "a key of Google": re.compile(rb"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a key of Stripe": re.compile(rb"\b[rs]k_live_[0-9A-Za-z]{20,}\b"),
}
# What this program itself is given through the environment.
_VARIABLES = re.compile(r"SECRET|PASSWORD|TOKEN|ACCOUNT_KEY|SAS_KEY|WAYBACK_KEY")
_SHORTEST_SECRET = 12
_TEXT_SUFFIXES = (".css", ".html", ".js", ".json", ".srt", ".svg", ".txt", ".vtt", ".xml")


def secrets_in(steps: Iterable[Step], environment: Mapping[str, str] = os.environ) -> Iterator[Problem]:
    """Every file about to be sent in which something that looks like a key stands. The key is not repeated."""
    own = {
        name: value.encode()
        for name, value in environment.items()
        if _VARIABLES.search(name.upper()) and len(value) >= _SHORTEST_SECRET
    }
    for step in steps:
        if not step.upload.name.endswith(_TEXT_SUFFIXES):
            continue
        content = step.upload.path.read_bytes()
        found = [what for what, form in _FORMS.items() if form.search(content)]
        found += [f"the value of {name} in your environment" for name, value in own.items() if value in content]
        for what in found:
            yield Problem(
                f"site/{step.upload.name}",
                f"{what} stands in it, and it was not published",
                "Take it out of what people wrote, run again, and have the key changed where it was issued",
            )
