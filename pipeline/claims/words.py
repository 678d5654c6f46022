"""The words by which a statement is known. English; what works in every language is in `detect`.

FIGURE, ATTRIBUTION and SUPERLATIVE are for text in lower case: to ignore case in each would cost twice the time.
"""

from __future__ import annotations

import re


def either(words: str) -> str:
    """A group that matches any of the words (each a pattern), given with spaces between them."""
    return "(?:" + "|".join(words.split()) + ")"


MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
)
# German, French, Spanish, Portuguese, Italian, Dutch, Russian (genitive): with a day or a year beside them.
OTHER_MONTHS = (
    "januari?|februari?|märz|april|mai|juni|juli|august|oktober|dezember|"
    "janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|"
    "janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|"
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    "maart|mei|augustus|september|november|december|"
    "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
)
_TENS = "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_ONES = "(?:one|two|three|four|five|six|seven|eight|nine)"
CARDINAL = (
    rf"(?:{_TENS}(?:[- ]{_ONES})?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|hundred|thousand|million|billion|trillion|dozen|zero)"
)
NUMBER = rf"{CARDINAL}(?:[\s-](?:and\s)?{CARDINAL})*(?:\s(?:per\s?cent|percentage\spoints?)\b)?"
PARTS = r"(?:half|halves|thirds?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?)"
ORDINAL = "(?:second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)"
UNITS = (
    r"(?:met(?:re|er)s?|kilomet(?:re|er)s?|centimet(?:re|er)s?|miles?|lit(?:re|er)s?|tonn?es?|tons?|kilos?|kilograms?|"
    r"pounds?|dollars?|euros?|pence|shillings?|threepence|sixpence)"
)
FIGURE = re.compile(
    rf"""
      \b(?:more|less|fewer|about|around|over|under|nearly|almost|only|up\sto|at\sleast|some)\s(?:than\s)?
        (?:an?\s)?(?:half\b|{NUMBER}|(?:hundreds|thousands|millions)\b)
    | \b{_ONES}\s(?:in|out\sof)\s(?:every\s)?(?:\d+|an?\s(?:hundred|thousand|million|billion)|{CARDINAL})\b
    | \b(?:tens|dozens|scores|hundreds|thousands|millions|billions|trillions)\b(?:\sof\b)?
    | \b(?:an?|one|two|three|four|by\san?)\s{PARTS}\sof\b | \bby\s(?:an?|one)\s{PARTS}\b
    | \b(?:two|three|four|five|six|seven|nine)[ -]{PARTS}\b
    | \bhalf\s(?:of\b|the\b|its\b|their\b|his\b|her\b|all\b|a\s(?:million|billion|century)\b)
    | \b(?:doubled|tripled|trebled|quadrupled|quintupled|halved)\b(?!\s(?:over|up|back|down))
    | \b(?:twice|three\stimes|half)\s(?:as|the|that|its)\b | \btimes\s(?:as|more|less|higher|lower)\b
    | \b(?:two|three|four|five|ten|hundred|\w+)fold\b(?<!\bmanifold)(?<!\bscaffold)(?<!\bunfold)(?<!\bblindfold)
    | \bfactor\sof\b
    | \bevery\s{ORDINAL}\b
    | \b(?:per\s?cent|percentage\spoints?)\b
    | \b(?:threepence|sixpence)\b
    | \b(?:more\sthan|over|almost|nearly|about|half)\sa\s(?:year|decade|century)\b
    | \b{NUMBER}\b
    | \ban?\s{UNITS}\sof\s\w+\s(?:an?|per|every)\s(?:day|week|month|year|hour|second)\b
    """,
    re.VERBOSE,
)
DATE = re.compile(
    r"""
      \b(?:in|since|until|till|by|of|during|late|early|mid|mid-|last|from|before|after|to|on|through)\s
        (?:January|February|March|April|May|June|July|August|September|October|November|December)\b(?!\s(?:[A-Z]|he|she))
    | \b(?:(?:1[0-9]|[1-9]|20|21)(?:st|nd|rd|th)|nineteenth|twentieth|eighteenth|twenty-first)[\s-]
        (?:century|millennium)\b
    | \b(?:the\s)?(?:early\s|mid-|late\s)?(?:nineteen-)?(?:twenties|thirties|forties|fifties|sixties|seventies|eighties|
        nineties)\b
    """,
    re.VERBOSE,
)
_VERBS_OF_SAYING = (
    "says? said saying asserts? asserted asserting claiming arguing warning insisting "
    "suggesting reports? reported estimates? estimated warns? warned argues? argued claims? claimed confirms? "
    "confirmed denies denied deny concludes? concluded suggests? suggested announces? announced admits? admitted "
    "insists? insisted complains? complained writes? wrote notes? noted states? stated alleges? alleged maintains? "
    "maintained acknowledges? acknowledged reveals? revealed predicts? predicted stresse[sd] finds? found shows? "
    "showed shown declares? declared objects? objected testified testifies recalls? recalled explains? explained "
    "believes? believed fears? feared calculates? calculated assures? assured indicates? indicated "
    "remembers? remembered"
)
SAYING = either(_VERBS_OF_SAYING)
# “The report that …”, “our notes bring that up”: a noun.
_BEFORE_NOUNS = "the a an these those this that of our your his her their its my no such"
_NOT_A_NOUN = "".join(rf"(?<!\b{word}\s)" for word in _BEFORE_NOUNS.split())
# One of these is in whatever ATTRIBUTION finds; to look for them first saves most of its time.
_HINTS = (
    "that according words put said says deni claim alleg estimat predict descri call brand denounc warn repli wrote "
    "writes argue explain research stud survey data figures evidence report review analysis statistics results "
    "findings assert insist suggest"
)
ATTRIBUTION_HINTS = tuple(_HINTS.split())
ATTRIBUTION = re.compile(
    rf"""
      \baccording\sto\b(?!\splan) | \bin\sthe\swords\sof\b | \bas\s(?:[\w’'.-]+\s){{1,6}}puts?\sit\b
    | {_NOT_A_NOUN}\b{SAYING}\s(?:[\w’'-]+\s){{0,3}}?that\b
    | \b(?:told|tells|informed|assured|warned|reminded)\s(?:[\w’'-]+\s){{1,5}}?that\b
    | \b(?:said|says)\s(?:the|his|her|their|its|no|nobody|there|he|she|it|they|while|although|if|most|many|some|more|all
        |every|this|these|those|a|an|only)\s[“"«‘]?[\w’'-]+
    | [”"»]\s(?:says|said|writes|wrote|warns|warned|argues|argued|explains|explained)\b
    | \b(?:denied|denies|claims|claimed|alleges|alleged|estimates|estimated|predicts|predicted)\s
        (?:the|any|having|to|some|between|about)\b
    | \b(?:describe[sd]|called|calls|branded|denounced)\s(?:[\w’'-]+\s){{1,4}}?(?:as\b|[“"«‘])
    | \b(?:said|says|told\s[\w’'-]+(?:\s[\w’'-]+)?|warned|replied|wrote)\s?:\s?[“"«‘]
    | \b(?:research|study|studies|survey|data|figures|evidence|report|review|analysis|statistics|results|findings)\s
        (?:from\s(?:[\w’'-]+\s){{1,3}})?(?:shows?|suggests?|finds?|found|indicates?)\b
    """,
    re.VERBOSE,
)
# Whose words these are, nobody could look up.
NOBODYS_WORDS = re.compile(
    r"^\W*(?:they|people|some|you|we)\s(?:say|said)\b|\b(?:I|we|you)\s(?:said|say|told|think|thought)\b|\blet\s(?:us|me)"
    r"|\b(?:that\sis|needless)\sto\ssay\b",
    re.IGNORECASE,
)
_EXTREMES = (
    "largest biggest smallest highest lowest oldest youngest longest shortest fastest slowest deadliest worst poorest "
    "richest busiest tallest deepest earliest heaviest hottest coldest warmest wettest driest greatest strongest "
    "weakest farthest furthest closest rarest loudest cheapest costliest safest bloodiest hardest-hit"
)
_MEASURED = (
    "common populous dangerous expensive frequent widespread deadly prolific polluted cited populated affected "
    "successful powerful remote violent corrupt important-ever unequal abundant endangered read visited used"
)
SUPERLATIVE = re.compile(
    rf"""
      \b(?:the|its|their|[a-z]+['’]s|among\sthe|one\sof\sthe)\s(?:\w+-)?{either(_EXTREMES)}\b
    | \bthe\s\w+est-\w+\b | \b(?:most|least)\s{either(_MEASURED)}\b
    | \bthe\s(?:very\s)?first\s(?!episode|part\b|chapter|season|half|question)(?:ever\b|time\s(?:that|in)\b
        |[\w’'-]+(?:\s[\w’'-]+){{0,3}}\s(?:in|to|of|since|ever)\b)
    | \bthe\sonly\s(?:one|[\w’'-]+(?:\s[\w’'-]+){{0,2}})\s(?:in|to|who|that|which|left|of|on|with)\b
    | \bno\sother\s[\w’'-]+ | \bthan\sany\sother\b | \bno\s[\w’'-]+\s(?:in|has|on)\s(?:the|ever)\b
    | \b(?:record|all-time)\s(?:high|low|number|level)s?\b
    | \bever\s(?:measured|recorded|seen|made|built|found|published)\b
    | \b(?:unprecedented|unparalleled)\b
    """,
    re.VERBOSE,
)
# The best day of my life, the worst thing about it: a judgement.
JUDGEMENT = re.compile(
    r"\bof\s(?:my|our|your|her|his)\slife\b|\bthe\s\w+\s(?:thing|part|way|bit)\b|\bmy\s\w+est\b", re.IGNORECASE
)
FIRST_PERSON = re.compile(r"\b(?:I|I['’](?:m|ve|d|ll)|[Mm]y|[Mm]yself)\b|\b(?:told|asked|gave|to)\sme\b")
ABOUT_THE_EPISODE = re.compile(
    r"^\W*(?:in\sthis\s(?:episode|conversation|part)|next\s(?:week|time)|coming\sup|music)\b", re.IGNORECASE
)
SUPPOSED = re.compile(r"^\W*(?:imagine|suppose|picture|let\sus\ssay)\b", re.IGNORECASE)
