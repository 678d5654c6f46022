"""On Record: audio interviews are transcribed, checked by an editor, and published as a podcast with sources.

The folders of this package are that sentence, in its order; `docs/architecture.md` is the map.
"""

__version__ = "0.1.0"
