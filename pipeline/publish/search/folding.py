"""Texts as the words they are found by: without case, accents and signs, in any script.

`templates/static/folding.js` does the same to what a listener types; both are tested against one golden file. So
each rule here is one that a browser can follow: characters are folded one by one.

- Compatible forms become one (NFKD): `ﬁ`, full-width letters, superscripts.
- Case goes to small letters by way of capitals, which also folds `ß` into `ss` and a final `ς` into `σ`.
- Accents and vowel points that many people do not type go: Latin, Greek, Cyrillic, Arabic, Hebrew. Marks that make
  another syllable stay: Devanagari, Thai, kana. A few letters with a stroke become the plain letter.
- What is neither letter, digit nor mark parts words: `don’t` is `don` `t`, `300,000` is `300` `000`.
- Scripts without spaces have no words to split at. There every two neighbouring characters are a word, and the last
  one by itself, so that a single character is at the beginning of some word wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata

# Thai, Lao, Myanmar, Khmer, kana, Han.
SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"(?P<spaceless>[{SPACELESS}]+)|[^{SPACELESS}]+")
_DROPPED = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
# Often all that is not ASCII in an English text; without them `translate` takes its fast path, a fifth of the time.
_COMMON_SIGNS = "‘’“”–—…"
_PLAIN = {"æ": "ae", "ð": "d", "ø": "o", "þ": "th", "đ": "d", "ħ": "h", "ł": "l", "œ": "oe"}


def words(text: str) -> list[str]:
    """The words that `text` is found by, in their order."""
    for sign in _COMMON_SIGNS:
        text = text.replace(sign, " ")
    folded = text.translate(_FOLDED)
    if folded.isascii():  # most of what is written in Latin letters, once it is folded
        return folded.split()
    return [word for part in unicodedata.normalize("NFC", folded).split() for word in _split(part)]


def _split(part: str) -> list[str]:
    if part.isascii():
        return [part]
    found: list[str] = []
    for run in _RUN.finditer(part):
        if run["spaceless"]:
            found.extend(run[0][place : place + 2] for place in range(len(run[0])))
        else:
            found.append(run[0])
    return found


def _fold_character(character: str) -> str:
    plain = unicodedata.normalize("NFKD", character).lower().upper().lower()
    return "".join(_fold_plain(one) for one in unicodedata.normalize("NFKD", plain))


def _fold_plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf" or _DROPPED.match(character):
        return ""  # soft hyphens, joiners and marks of direction stand within words
    if category[0] not in "LNM":
        return " "
    return _PLAIN.get(character, character)


class _Folding(dict[int, str]):
    """What each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


_FOLDED = _Folding()
