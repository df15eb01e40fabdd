"""Errors of the x-ray forbid review and sealing; warnings forbid nothing; the signed bytes do not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from scorecard.access import Person
from scorecard.determining import Grounds, determine
from scorecard.models import Scorecard, State, User
from scorecard.queries import card_digest, snapshot_of, working_snapshot
from scorecard.refusals import Refused
from scorecard.sealing import seal
from scorecard.signing import request, sign
from tests.conftest import NOW, PASSWORD

pytestmark = pytest.mark.django_db
Who = Callable[[str], Person]
SIDES = ("pre_mitigation", "post_mitigation")


def determine_all(card: Scorecard, by: Person, *, before: str = "low", argument: str = "") -> None:
    for category in [row["slug"] for row in card.framework.document["categories"]]:
        for side, level in zip(SIDES, (before if category == "cybersecurity" else "low", "low"), strict=True):
            newest = card.assessments.filter(category=category, mitigation=side).latest("id")
            grounds = Grounds(argument=argument if side == "post_mitigation" else "")
            determine(card, category=category, mitigation=side, level=level, rationale=f"{category} on {side}",
                      seen=newest.digest, grounds=grounds, by=by, at=NOW)  # fmt: skip


def asked(card: Scorecard, by: Person) -> Scorecard:
    return request(card, seen=card_digest(card), by=by, at=NOW)


def test_a_level_lowered_without_any_measurement_cannot_go_to_review(card: Scorecard, person: Who) -> None:
    determine_all(card, person("ada"), before="medium")
    with pytest.raises(Refused) as refusal:
        asked(card, person("ada"))
    assert refusal.value.code == "errors-open"
    assert "Cybersecurity is Medium before and Low after mitigation" in str(refusal.value)
    card.refresh_from_db()
    assert card.state == State.DRAFT


def test_an_argument_that_people_sign_lifts_the_refusal(card: Scorecard, person: Who) -> None:
    determine_all(card, person("ada"), before="medium", argument="Only vetted partners can reach the tool.")
    assert asked(card, person("ada")).state == State.IN_REVIEW


def test_an_interval_that_excludes_its_own_value_cannot_go_to_review_and_a_printed_one_can(
    card: Scorecard, person: Who, post: Any, ctf_report: Any
) -> None:
    faulty = {"tally": None, "estimate": {"value": 0.1, "trials": 100, "interval": {"low": 0.2, "high": 0.3}}}
    post(ctf_report(**faulty, provenance={"source": "tests", "quality": "printed"}))
    determine_all(card, person("ada"))
    assert asked(card, person("ada")).state == State.IN_REVIEW


def test_a_measured_one_cannot_and_the_review_page_says_so_beforehand(
    card: Scorecard, person: Who, post: Any, ctf_report: Any, cast: dict[str, User]
) -> None:
    faulty = {"tally": None, "estimate": {"value": 0.1, "trials": 100, "interval": {"low": 0.2, "high": 0.3}}}
    post(ctf_report(**faulty))
    determine_all(card, person("ada"))
    with pytest.raises(Refused, match="An interval that does not contain its value: ctf-professional"):
        asked(card, person("ada"))
    client = Client()
    client.force_login(cast["ada"])
    shown = client.get(f"/scorecards/{card.number}/v{card.version}/review/").content.decode()
    assert "The x-ray finds what must be mended first: An interval that does not contain its value" in shown


def test_sealing_asks_again(card: Scorecard, person: Who, post_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    post_as("ada", successes=5)
    determine_all(card, person("ada"))
    card = asked(card, person("ada"))
    for username, role, meaning in (("chen", "advisory_chair", "recommends"), ("dana", "leadership", "approves")):
        sign(card, role=role, meaning=meaning, seen=card.digest, reason="read", password=PASSWORD,
             by=person(username), at=NOW)  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr("scorecard.sealing.blocking_words", lambda *args, **kwargs: ["The counts contradict each other"])
        with pytest.raises(Refused, match="Sealing is blocked: The counts contradict each other"):
            seal(card, seen=card.digest, by=person("ada"), at=NOW)
    seal(card, seen=card.digest, by=person("ada"), at=NOW)
    card.refresh_from_db()
    assert card.state == State.SEALED


def test_the_x_ray_is_no_part_of_what_is_signed(card: Scorecard, person: Who, post_as: Any) -> None:
    post_as("ada", successes=5)
    determine_all(card, person("ada"))
    card = asked(card, person("ada"))
    codes = {row["code"] for row in snapshot_of(card)["lint"]}
    assert codes <= {"contradiction", "undetermined", "below-indicated"}
    assert set(snapshot_of(card)) == set(working_snapshot(card))
