"""Who does what in a podcast: roles and the groups they belong to, as the podcast taxonomy names them.

The list of the podcast namespace (taxonomy.json beside its documents), in lower case, as podcast:person writes them.
"""

from __future__ import annotations

_ROLES_BY_GROUP: dict[str, tuple[str, ...]] = {
    "creative direction": (
        "director", "assistant director", "executive producer", "senior producer", "producer", "associate producer",
        "development producer", "creative director",
    ),
    "cast": ("host", "co-host", "guest host", "guest", "voice actor", "narrator", "announcer", "reporter"),
    "writing": (
        "author", "editorial director", "co-writer", "writer", "songwriter", "guest writer", "story editor",
        "managing editor", "script editor", "script coordinator", "researcher", "editor", "fact checker",
        "translator", "translater", "transcriber", "logger",
    ),
    "audio production": (
        "studio coordinator", "technical director", "technical manager", "audio engineer", "remote recording engineer",
        "post production engineer",
    ),
    "audio post-production": (
        "audio editor", "sound designer", "foley artist", "composer", "theme music", "music production",
        "music contributor",
    ),
    "administration": (
        "production coordinator", "booking coordinator", "production assistant", "content manager",
        "marketing manager", "sales representative", "sales manager",
    ),
    "visuals": ("graphic designer", "cover art designer"),
    "community": ("social media manager",),
    "misc.": ("consultant", "intern"),
    "video production": ("camera operator", "lighting designer", "camera grip", "assistant camera"),
    "video post-production": ("editor", "assistant editor"),
}  # fmt: skip

# "translater" is how the taxonomy spells it; people write "translator", and apps show what stands there.
ROLES: dict[str, tuple[str, ...]] = {}
for _group, _roles in _ROLES_BY_GROUP.items():
    for _role in _roles:
        ROLES[_role] = (*ROLES.get(_role, ()), _group)
