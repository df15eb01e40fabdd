"""The category page: its trace, its ready command and the determination form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from evaluations.models import EvaluationRun
from scorecard.access import Person
from scorecard.determining import newest_assessment
from scorecard.models import Scorecard
from tests.web.conftest import Visit, address
from tests.web.journeys import REASON, sealed
from tests.web.test_scorecard_page import words

pytestmark = pytest.mark.django_db
SIDE = "post_mitigation"


def given(card: Scorecard, **changes: Any) -> dict[str, str]:
    """A filled determination form."""
    seen = newest_assessment(card, "cybersecurity", SIDE).digest
    return {"mitigation": SIDE, "level": "low", "rationale": REASON, "seen": seen, **changes}


def test_the_page_shows_trace_definitions_thresholds_and_what_would_raise_the_level(
    visit: Visit, card: Scorecard, run: EvaluationRun
) -> None:
    text = words(visit("ada").get(address(card, "cybersecurity/")).content.decode())
    assert "How the evidence alone is read" in text
    assert "13.0 % of n = 100" in text
    assert "+21 solves of 100 would raise this to Medium" in text
    assert "Threshold, illustrative" in text
    assert all(level in text for level in ("Low", "Medium", "High", "Critical"))


def test_the_ready_command_fits_the_category(visit: Visit, card: Scorecard) -> None:
    html = visit("ada").get(address(card, "cybersecurity/")).content.decode()
    command = re.search(r'<pre id="command"[^>]*>(.*?)</pre>', html, re.S)
    assert command is not None
    for part in ("$SCORECARD_URL/api/v1/runs/", "$SCORECARD_TOKEN", "Idempotency-Key: demo-1", "atlas-2-rc1"):
        assert part in command[1]


def test_the_form_names_the_assessment_that_was_shown(visit: Visit, card: Scorecard, run: EvaluationRun) -> None:
    html = visit("ada").get(address(card, "cybersecurity/")).content.decode()
    assert f'name="seen" value="{newest_assessment(card, "cybersecurity", SIDE).digest}"' in html
    assert not re.search(r'type="radio"[^>]*checked', html)


def test_a_level_can_be_determined(visit: Visit, card: Scorecard) -> None:
    answer = visit("ada").post(address(card, "cybersecurity/determine/"), given(card), follow=True)
    assert answer.status_code == 200
    assert "The level was determined" in answer.content.decode()
    assert REASON in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"rationale": "no"}, 422, "A reason of at least"),
        ({"level": "extreme"}, 422, "is not a level of"),
        ({"level": ""}, 422, "is not a level of"),
        ({"seen": "sha256:00"}, 409, "The evidence changed since this page was opened"),
        ({"mitigation": "elsewhere"}, 422, "has no category"),
    ],
)
def test_a_refused_determination_keeps_what_was_typed_and_says_what_to_do(
    changes: dict[str, str], status: int, said: str, visit: Visit, card: Scorecard
) -> None:
    form = given(card, **{"rationale": "Typed with care by a person.", **changes})
    answer = visit("ada").post(address(card, "cybersecurity/determine/"), form)
    text = answer.content.decode()
    assert answer.status_code == status
    assert said in text
    assert "What to do:" in text
    if form["mitigation"] == SIDE:
        assert f">{form['rationale']}</textarea>" in text
    assert card.determinations.count() == 0


def test_only_the_preparedness_team_gets_the_form_and_others_are_told_why(visit: Visit, card: Scorecard) -> None:
    text = words(visit("bo").get(address(card, "cybersecurity/")).content.decode())
    assert "Levels are determined by the Preparedness team; you do not hold that role." in text
    assert visit("bo").post(address(card, "cybersecurity/determine/"), given(card)).status_code == 403


def test_a_sealed_card_says_why_it_has_no_form(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Callable[[str], Person]
) -> None:
    text = words(visit("ada").get(address(sealed(card, person), "cybersecurity/")).content.decode())
    assert "This version is sealed; levels are determined on a draft." in text


def test_opening_the_deeds_address_leads_to_the_page(visit: Visit, card: Scorecard) -> None:
    answer = visit("ada").get(address(card, "cybersecurity/determine/"))
    assert (answer.status_code, answer.headers["Location"]) == (302, address(card, "cybersecurity/"))
