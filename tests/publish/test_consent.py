"""What people agreed to against what would be published of them, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from pipeline.publish.consent import lapsed, lapses, refusals
from pipeline.show import Person
from pipeline.show.consent import Consent
from pipeline.show.redactions import Redaction
from pipeline.withhold import Protected
from tests.publish.made import BY_ID, episode, paragraph

ADA, GUS = "ada-host", "gus-guest"
SAID = (paragraph("Ada Host", "Welcome."), paragraph("Gus Guest", "Thank you all.", 2000))
END_MS = SAID[1].end_ms


def consent(**changes: Any) -> Consent:
    return Consent.model_validate({"publish": "voice", "name": "real", "given_on": date(2026, 6, 1)} | changes)


def struck(start: str, end: str, strike: str = "sound") -> Redaction:
    return Redaction.model_validate({"start": start, "end": end, "strike": strike})


def codes(consents: dict[str, Consent], people: Mapping[str, Person] = BY_ID, **changes: Any) -> list[str]:
    asked: dict[str, Any] = {
        "required": False,
        "speakers": ["Ada Host", "Gus Guest"],
        "paragraphs": SAID,
        "redactions": (),
        "protected": (),
        "pseudonyms": (),
    }
    return [one.code for one in refusals(episode(1), consents, people, **(asked | changes))]


def test_who_agreed_to_everything_is_refused_nothing() -> None:
    assert codes({ADA: consent(), GUS: consent(asked_to_see=True, seen_on=date(2026, 6, 9))}, required=True) == []


def test_consent_is_asked_of_everybody_who_is_heard() -> None:
    assert codes({ADA: consent()}, required=True) == ["consent-missing"]
    assert codes({}, required=True, speakers=["Ada Host", "Peta Producer"]) == ["consent-missing"] * 3
    assert codes({}, required=False) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"withdrawn_on": date(2026, 7, 1)}, "consent-withdrawn"),
        ({"asked_to_see": True}, "consent-unseen"),
        ({"publish": "altered voice"}, "consent-voice"),
        ({"publish": "text only"}, "consent-voice"),
        ({"name": "pseudonym"}, "consent-name"),
    ],
)
def test_what_goes_beyond_a_consent_is_refused(changes: dict[str, Any], code: str) -> None:
    (found,) = refusals(
        episode(1),
        {GUS: consent(**changes)},
        BY_ID,
        required=False,
        speakers=(),
        paragraphs=SAID,
        redactions=(),
        protected=(),
        pseudonyms=(),
    )
    assert found.code == code
    assert found.where.endswith("consent.toml [gus-guest]")


def test_a_withdrawn_consent_names_the_command() -> None:
    (found,) = refusals(
        episode(1),
        {GUS: consent(withdrawn_on=date(2026, 7, 1))},
        BY_ID,
        required=False,
        speakers=(),
        paragraphs=(),
        redactions=(),
        protected=(),
        pseudonyms=(),
    )
    assert "onrecord withdraw episode-1" in found.remedy


def test_an_altered_voice_is_the_word_of_the_producer() -> None:
    assert codes({GUS: consent(publish="altered voice", voice_altered=True)}) == []


@pytest.mark.parametrize(
    ("redactions", "expected"),
    [
        ([struck("0:02", "0:04")], []),
        ([struck("0:02", "0:02.5"), struck("0:02.5", "0:04")], []),
        ([struck("0:02.4", "0:04"), struck("0:02", "0:02.5", "both")], []),
        ([struck("0:02", "0:02.4"), struck("0:02.5", "0:04")], ["consent-voice"]),
        ([struck("0:02.1", "0:04")], ["consent-voice"]),
        ([struck("0:00", "0:01")], ["consent-voice"]),
    ],
)
def test_who_is_to_be_read_only_is_heard_at_no_moment(redactions: list[Redaction], expected: list[str]) -> None:
    assert END_MS < 4000
    assert codes({GUS: consent(publish="text only")}, redactions=redactions) == expected


def test_a_pseudonym_is_known_and_is_not_the_name() -> None:
    asked = {GUS: consent(name="pseudonym")}
    assert codes(asked, pseudonyms={"Gus Guest"}) == []
    assert codes(asked, pseudonyms={"Somebody Else"}) == ["consent-name"]
    assert codes(asked, pseudonyms={"Gus Guest"}, protected=[Protected("Güs")]) == ["consent-name"]


def test_who_is_not_to_be_recognised_is_not_shown() -> None:
    shown = {**BY_ID, GUS: BY_ID[GUS].model_copy(update={"photo": "people/gus.jpg"})}
    for one, code in (
        (consent(name="pseudonym"), ["consent-photo"]),
        (consent(publish="altered voice", voice_altered=True), ["consent-photo"]),
        (consent(), []),
    ):
        assert codes({GUS: one}, shown, pseudonyms={"Gus Guest"}) == code


def test_a_consent_holds_through_its_last_day() -> None:
    found = lapses(episode(1), {GUS: consent(expires_on=date(2027, 6, 1)), ADA: consent()})
    assert lapsed(found, date(2027, 6, 1)) == ()
    (refusal,) = lapsed(found, date(2027, 6, 2))
    assert refusal.code == "consent-expired"
