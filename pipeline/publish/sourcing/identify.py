"""What somebody means by a text: a DOI, an ISBN, or the address of a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pipeline.errors import Problem, Refused
from pipeline.publish.references.links import doi_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be looked up: a DOI without anything before it, an ISBN of 13 digits, or a whole address."""

    kind: Literal["doi", "isbn", "url"]
    value: str


def identify(text: str) -> Wanted:
    """Tell which of the three a text is. Raises Refused where it is none, or an ISBN whose check digit is wrong."""
    text = text.strip()
    if doi := doi_of(text):
        return Wanted("doi", doi)
    digits = re.sub(r"[\s\u2010-\u2013-]", "", re.sub(r"^(?:urn:)?isbn(?:-1[03])?:?", "", text, flags=re.IGNORECASE))
    if re.fullmatch(r"[0-9]{9}[0-9Xx]|97[89][0-9]{10}", digits):
        return Wanted("isbn", _isbn13(text, digits.upper()))
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        whole = False
    if not whole or any(character.isspace() for character in text):
        raise Refused(
            Problem(
                text[:80],
                "this is neither a web address nor a DOI nor an ISBN",
                "Write for example https://example.org/report, 10.1000/xyz or 978-0-306-40615-7",
            )
        )
    return Wanted("url", text)


def _isbn13(text: str, digits: str) -> str:
    """ISO 2108: the last digit makes the weighted sum a multiple of 11 (ten digits) or of 10 (thirteen)."""
    if len(digits) == 10:
        values = [10 if digit == "X" else int(digit) for digit in digits]
        good = sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11 == 0
        digits = f"978{digits[:9]}"
        digits += str(-sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(digits)) % 10)
    else:
        good = sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(digits)) % 10 == 0
    if not good:
        raise Refused(Problem(text, "its check digit is wrong: a digit of this ISBN is mistyped", "Compare it again"))
    return digits
