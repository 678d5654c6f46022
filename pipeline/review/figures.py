"""Figures that stand without a source: prompts for the editor, never a verdict.

The rule is simple on purpose: a sentence with a digit, a per cent sign or the word for it, and no citation. It
finds "forty per cent" and misses "half"; it finds a phone number, too. A guest's memory of their own life needs no
source, and only a person can tell.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^.!?。！？؟।]+(?:[.!?。！？؟।]+(?:(?=\d)[^.!?。！？؟।]+)?)*[”\"’')\]]*(?:\s*\[@[^\]]*\])*")
_FIGURE = re.compile(r"\d|%|\bper\s?cent\b|\bpercent\b", re.IGNORECASE)
_CITATION = re.compile(r"\[@[^\]]+\]")
_TIME = re.compile(r"\[\d{1,3}:\d{2}(?::\d{2})?(?:\.\d+)?\]")


def figures_without_source(text: str) -> tuple[str, ...]:
    """The sentences of one paragraph that state a figure and cite nothing. Times such as [12:34] are no figures."""
    return tuple(
        sentence
        for match in _SENTENCE.finditer(text)
        if (sentence := match.group().strip())
        and _FIGURE.search(_TIME.sub("", sentence))
        and not _CITATION.search(sentence)
    )
