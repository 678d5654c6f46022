"""From a show's language tag (BCP 47) to the code that Whisper uses for it."""

from __future__ import annotations

from collections.abc import Collection

# Whisper keeps some retired ISO 639 codes, and has one code where others have several.
_WHISPER_CODES = {
    "cmn": "zh",
    "fil": "tl",
    "in": "id",
    "iw": "he",
    "ji": "yi",
    "jv": "jw",
    "mo": "ro",
    "nb": "no",
    "yue": "zh",
}


def whisper_language(tag: str | None, known: Collection[str]) -> str | None:
    """The code for `tag` among those a model knows: `en-GB` gives `en`, `nb` gives `no`.

    None when the model does not know the language (or no tag is given): Whisper then decides by listening.
    """
    if tag is None:
        return None
    primary = tag.partition("-")[0].lower()
    if primary in known:
        return primary
    code = _WHISPER_CODES.get(primary)
    return code if code in known else None
