"""Words that turn a sentence round when they are misheard: negations and numbers, by language.

A language that is not here has its digits looked at and no words. Everything is case folded; `'t` stands for the
English contraction.
"""

from __future__ import annotations

from functools import lru_cache

_NEGATIONS: dict[str, str] = {
    "en": "no not never none nobody nothing nowhere neither nor without cannot",
    "de": "nicht nie niemals kein keine keinen keinem keiner keines niemand nichts nirgends ohne",
    "es": "no nunca jamás nadie nada ningún ninguno ninguna tampoco sin ni",
    "fr": "ne pas jamais rien personne aucun aucune sans ni non",
    "it": "non mai niente nulla nessuno nessuna senza né no",
    "nl": "niet nooit geen niemand niets nergens zonder",
    "pt": "não nunca jamais ninguém nada nenhum nenhuma sem nem",
    "ru": "не нет ни никогда никто ничего нигде без",
    "sv": "inte aldrig ingen inget inga ingenting utan",
    "tl": "hindi wala huwag di",
    "uk": "не ні немає ніколи ніхто нічого ніде без",
}

_NUMBERS: dict[str, str] = {
    "en": (
        "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion "
        "trillion half third quarter dozen percent"
    ),
    "de": (
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig vierzig fünfzig sechzig siebzig "
        "achtzig neunzig hundert tausend million millionen milliarde milliarden prozent"
    ),
    "es": (
        "dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cuarenta cincuenta sesenta setenta "
        "ochenta noventa cien ciento mil millón millones"
    ),
    "fr": (
        "deux trois quatre cinq six sept huit neuf dix onze douze vingt trente quarante cinquante soixante cent mille "
        "million millions milliard milliards"
    ),
}


NEGATIONS = {language: frozenset(words.split()) for language, words in _NEGATIONS.items()}
NUMBERS = {language: frozenset(words.split()) for language, words in _NUMBERS.items()}


def is_negation(key: str, language: str) -> bool:
    """Whether a case-folded word negates, in a language such as `en` or `en-GB`."""
    primary = language.partition("-")[0]
    return key in NEGATIONS.get(primary, ()) or (primary == "en" and key.endswith("n't"))


@lru_cache(maxsize=65_536)
def is_number(key: str, language: str) -> bool:
    """Whether a case-folded word states a number: with a digit in any script, or one of the words listed."""
    if any(map(str.isnumeric, key)) and not _is_counted_script(key):
        return True
    words = NUMBERS.get(language.partition("-")[0], frozenset())
    return key in words or any(part in words for part in key.split("-") if "-" in key)


def _is_counted_script(key: str) -> bool:
    # Han characters such as 一 are numeric to Unicode and mostly parts of other words.
    return not any(map(str.isdigit, key))
