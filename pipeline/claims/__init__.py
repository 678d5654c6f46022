"""Statements that somebody could check: found in a text by their words, with those words as the reason.

Pure and without a model: rules and lists of words, measured on a corpus of our own (docs/claims.md has the figures and
the limits). A finding says "look here", and nothing found never means that a text is right.
"""

from pipeline.claims.detect import Finding, Kind, findings
from pipeline.claims.marks import Mark, marks_in_text
from pipeline.claims.sentences import Span, split_sentences
from pipeline.claims.statements import Statement, matches_beginning, statements

__all__ = [
    "Finding",
    "Kind",
    "Mark",
    "Span",
    "Statement",
    "findings",
    "marks_in_text",
    "matches_beginning",
    "split_sentences",
    "statements",
]
