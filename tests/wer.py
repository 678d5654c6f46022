"""Word error rate, the measure of speech recognition: how many words must be mended, per word that was said."""

from __future__ import annotations

import re
import unicodedata

_FILLERS = frozenset(("uh", "um", "hmm", "mm", "mhm", "ah"))
_SPELLINGS = {"mr": "mister", "mrs": "missus", "dr": "doctor", "ok": "okay"}


def word_error_rate(said: str, heard: str) -> float:
    """(substitutions + deletions + insertions) / words said, after `words` has made spellings alike."""
    reference, hypothesis = words(said), words(heard)
    row = list(range(len(hypothesis) + 1))
    for count, word in enumerate(reference, start=1):
        above, row = row, [count]
        for column, other in enumerate(hypothesis, start=1):
            row.append(min(above[column - 1] + (word != other), above[column] + 1, row[-1] + 1))
    return row[-1] / len(reference)


def words(text: str) -> list[str]:
    """Words as they sound: no case, no punctuation, no fillers, one spelling (after Whisper's English normaliser)."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("'", "")
    return [_SPELLINGS.get(word, word) for word in re.findall(r"\w+", plain) if word not in _FILLERS]
