"""Scripts that import one another, under names that carry a piece of their digest.

A page names the first script only; what that one imports must be found under its published name too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from pipeline.publish.templates import static_place


def linked(names: Sequence[str], read: Callable[[str], bytes]) -> dict[str, tuple[str, bytes]]:
    """Place below `site/` and content of each module by the name it has in `templates/static/`.

    A module must come after those it imports, as `"./name.js"`; `read` gives its content.
    """
    done: dict[str, tuple[str, bytes]] = {}
    for name in names:
        content = read(name)
        for imported, (place, _) in done.items():
            content = content.replace(f'"./{imported}"'.encode(), f'"./{PurePosixPath(place).name}"'.encode())
        done[name] = (static_place(name, content), content)
    return done
