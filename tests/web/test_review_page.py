"""Review and sign-off: what is signed, who may, and what every refusal says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from evaluations.models import EvaluationRun
from scorecard.access import Person
from scorecard.models import Scorecard, State
from scorecard.queries import card_digest
from tests.conftest import PASSWORD
from tests.web.conftest import Visit, a_report, address
from tests.web.journeys import determined, in_review, sealed, signed
from tests.web.test_scorecard_page import words

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]


def form(card: Scorecard, **changes: str) -> dict[str, str]:
    """A filled signing form of the chair."""
    return {
        "as": "advisory_chair:recommends",
        "seen": card.digest,
        "reason": "I read it all.",
        "password": PASSWORD,
        **changes,
    }


@pytest.fixture
def waiting(card: Scorecard, run: EvaluationRun, person: Cast) -> Scorecard:
    """The card in review."""
    return in_review(card, person)


def test_the_page_names_the_digest_and_chooses_no_meaning_for_the_signer(visit: Visit, waiting: Scorecard) -> None:
    html = visit("chen").get(address(waiting, "review/")).content.decode()
    assert waiting.digest in html
    assert 'value="advisory_chair:recommends"' in html
    assert not re.search(r'type="radio"[^>]*checked', html)
    assert 'type="password"' in html


def test_the_four_eyes_rule_is_said_in_words(visit: Visit, waiting: Scorecard) -> None:
    text = words(visit("ada").get(address(waiting, "review/")).content.decode())
    assert "You determined 8 levels, so you may not sign." in text
    assert "You had no part in this card." in words(visit("chen").get(address(waiting, "review/")).content.decode())


@pytest.mark.parametrize("name", ["ada", "faye", "gil"])
def test_a_disabled_sign_button_says_why(name: str, visit: Visit, waiting: Scorecard) -> None:
    html = visit(name).get(address(waiting, "review/")).content.decode()
    assert re.search(r'disabled aria-describedby="why-not-sign">Sign<', html)
    assert re.search(r'id="why-not-sign">[^<]{20,}<', html)


def test_review_is_requested_signed_by_two_and_sealed_through_the_pages(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast
) -> None:
    card = determined(card, person)
    visit("ada").post(address(card, "review/request/"), {"seen": card_digest(card)})
    card.refresh_from_db()
    assert card.state == State.IN_REVIEW
    receipt = visit("chen").post(address(card, "review/sign/"), form(card), follow=True)
    assert f"you signed {card.digest}" in receipt.content.decode()
    visit("dana").post(address(card, "review/sign/"), form(card, **{"as": "leadership:approves"}))
    text = visit("ada").post(address(card, "review/seal/"), {"seen": card.digest}, follow=True).content.decode()
    card.refresh_from_db()
    assert card.state == State.SEALED
    assert "Sealed. The PDF and the auditor&#x27;s bundle are made now." in text


@pytest.mark.parametrize(
    ("name", "changes", "status", "said"),
    [
        ("chen", {"password": "wrong"}, 403, "The password is wrong"),
        ("chen", {"as": ""}, 422, "cannot sign"),
        ("chen", {"as": "leadership:approves"}, 403, "needs the role"),
        ("chen", {"seen": "sha256:00"}, 409, "changed since you looked at it"),
        ("dana", {"as": "leadership:approves"}, 409, "The next step is"),
        ("ada", {"as": "leadership:approves"}, 403, "needs the role"),
    ],
)
def test_a_refused_signature_keeps_the_reason_but_never_the_password(
    name: str, changes: dict[str, str], status: int, said: str, visit: Visit, waiting: Scorecard
) -> None:
    answer = visit(name).post(address(waiting, "review/sign/"), form(waiting, **changes))
    text = answer.content.decode()
    assert answer.status_code == status
    assert said in text
    assert PASSWORD not in text
    if name != "ada":
        assert ">I read it all.</textarea>" in text
    assert waiting.signatures.count() == 0


def test_declining_sends_the_card_back_to_draft(visit: Visit, waiting: Scorecard) -> None:
    text = visit("chen").post(address(waiting, "review/decline/"), form(waiting), follow=True).content.decode()
    waiting.refresh_from_db()
    assert waiting.state == State.DRAFT
    assert "Declined: the card is a draft again" in text


def test_declining_without_a_reason_is_refused(visit: Visit, waiting: Scorecard) -> None:
    answer = visit("chen").post(address(waiting, "review/decline/"), form(waiting, reason=" "))
    assert (answer.status_code, "Say why you decline." in answer.content.decode()) == (422, True)


def test_the_preparedness_team_takes_a_card_back_with_a_reason(visit: Visit, waiting: Scorecard) -> None:
    visit("ada").post(address(waiting, "review/reopen/"), {"reason": "A run is missing."})
    waiting.refresh_from_db()
    assert waiting.state == State.DRAFT


def test_sealing_without_signatures_is_refused_and_says_which_are_missing(visit: Visit, waiting: Scorecard) -> None:
    page = words(visit("ada").get(address(waiting, "review/")).content.decode())
    assert "Signatures are missing: Safety Advisory Group, chair recommends (0 of 1)" in page
    answer = visit("ada").post(address(waiting, "review/seal/"), {"seen": waiting.digest})
    assert answer.status_code == 409


def test_a_draft_with_open_errors_shows_why_review_cannot_start(visit: Visit, card: Scorecard) -> None:
    text = words(visit("ada").get(address(card, "review/")).content.decode())
    assert "8 errors must be mended first" in text
    assert visit("ada").post(address(card, "review/request/"), {"seen": card_digest(card)}).status_code == 409


def test_stale_signatures_stay_visible_with_their_reason(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast, post: Any
) -> None:
    card = signed(card, person)
    post(a_report(run_id="tour", tally={"successes": 40, "trials": 100}))
    text = words(visit("chen").get(address(card, "review/")).content.decode())
    assert "Stale" in text
    assert "New evidence:" in text


def test_a_sealed_card_has_nothing_left_to_sign(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast
) -> None:
    text = words(visit("chen").get(address(sealed(card, person), "review/")).content.decode())
    assert "nothing is left to sign" in text
    assert "Sign or decline" not in text


def test_the_reviews_page_lists_what_waits_and_the_bar_counts_it(visit: Visit, waiting: Scorecard) -> None:
    text = words(visit("dana").get("/reviews/").content.decode())
    assert "Reviews 1 waiting" in text
    assert "atlas-2-rc1 scorecard, version 1" in text
