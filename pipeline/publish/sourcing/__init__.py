"""New entries for sources.json: looked up by address, DOI or ISBN, or taken over from other programs' lists.

Nothing is invented: what a page or a catalogue does not say is missing, and named as missing.
"""

from pipeline.publish.sourcing.identify import Wanted, identify
from pipeline.publish.sourcing.importing import Planned, plan, read_list
from pipeline.publish.sourcing.listing import appended
from pipeline.publish.sourcing.lookup import PUBLIC, Asks, Catalogues, Found, look_up

__all__ = [
    "PUBLIC",
    "Asks",
    "Catalogues",
    "Found",
    "Planned",
    "Wanted",
    "appended",
    "identify",
    "look_up",
    "plan",
    "read_list",
]
