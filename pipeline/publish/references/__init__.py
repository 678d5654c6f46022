"""How a source is written out: who, what, in what, by whom, where, when, which pages, and how to get to it.

Own templates, one for each kind of work (`works`), because a listener needs to find the work and not to satisfy a
journal. Whatever other software put into a record, only escaped text, a few tags of our own and http(s) addresses
come out; the same record gives the same bytes.
"""

from pipeline.publish.references.copies import Copy, archived_copies
from pipeline.publish.references.dates import csl_date
from pipeline.publish.references.entry import format_locator, format_reference, short_reference, source_label
from pipeline.publish.references.links import doi_link, source_link
from pipeline.publish.references.words import title_text

__all__ = [
    "Copy",
    "archived_copies",
    "csl_date",
    "doi_link",
    "format_locator",
    "format_reference",
    "short_reference",
    "source_label",
    "source_link",
    "title_text",
]
