"""The scorecard's page: the right words in each state, and the live part that follows the evidence."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from evaluations.models import EvaluationRun
from scorecard.access import Person
from scorecard.models import Scorecard
from tests.web.conftest import Visit, a_report, address
from tests.web.journeys import determined, in_review, sealed

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]
Post = Callable[[bytes], EvaluationRun]


def words(html: str) -> str:
    """The page's text on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_a_draft_without_determinations_denies_and_says_why(visit: Visit, card: Scorecard) -> None:
    text = words(visit("ada").get(address(card)).content.decode())
    assert "May not be deployed — allowed only if the post-mitigation level is Medium or below" in text
    assert "Not determined" in text
    assert "Not assessed: no evidence" in text
    assert "No level that counts was determined." in text


def test_a_determined_level_carries_the_mark_of_people(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast
) -> None:
    text = words(visit("ada").get(address(determined(card, person))).content.decode())
    assert "set by people" in text
    assert "May be deployed — post-mitigation level is Medium or below" in text
    assert "Decided by the highest category" in text


def test_a_determination_below_what_cannot_be_ruled_out_says_so(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast
) -> None:
    text = words(visit("ada").get(address(determined(card, person))).content.decode())
    assert "The evidence alone does not rule out" in text


def test_a_card_in_review_shows_whose_turn_it_is_and_what_is_signed(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast
) -> None:
    card = in_review(card, person)
    text = words(visit("chen").get(address(card)).content.decode())
    assert "In review" in text
    assert f"Waiting · for exactly content {card.digest[7:15]}" in text


def test_a_sealed_card_shows_signatures_with_meaning_and_time(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast
) -> None:
    text = words(visit("faye").get(address(sealed(card, person))).content.decode())
    assert "Chen Okafor" in text
    assert "Recommends" in text
    assert "24 Nov 2026, 12:00 UTC" in text


def test_a_disabled_pdf_button_gives_the_reason_beside_it(visit: Visit, card: Scorecard) -> None:
    html = visit("ada").get(address(card)).content.decode()
    assert re.search(r'<button type="button" disabled aria-describedby="why-no-pdf">Download PDF', html)
    assert re.search(r'id="why-no-pdf">[^<]{10,}', html)


def test_an_open_page_hears_nothing_while_nothing_changed(visit: Visit, card: Scorecard, run: EvaluationRun) -> None:
    client = visit("ada")
    asked = re.search(r'hx-get="([^"]+)"', client.get(address(card)).content.decode())
    assert asked is not None
    assert client.get(asked[1].replace("&amp;", "&")).status_code == 204


def test_new_evidence_reaches_the_open_page_with_the_run_that_caused_it(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast, post: Post
) -> None:
    card = sealed(card, person)
    client = visit("ada")
    asked = re.search(r'hx-get="([^"]+)"', client.get(address(card)).content.decode())
    assert asked is not None
    newer = post(a_report(run_id="tour", tally={"successes": 40, "trials": 100}))
    answer = client.get(asked[1].replace("&amp;", "&"))
    assert answer.status_code == 200
    text = words(answer.content.decode())
    assert f"Cybersecurity Low → Medium, changed by {newer.id}" in text
    assert "see why" in text
    assert "every gate denies" in text
    assert 'hx-swap-oob="true"' in answer.content.decode()


def test_the_stale_card_leads_to_the_version_that_was_opened(
    visit: Visit, card: Scorecard, run: EvaluationRun, person: Cast, post: Post
) -> None:
    card = sealed(card, person)
    post(a_report(run_id="tour", tally={"successes": 40, "trials": 100}))
    client = visit("ada")
    text = words(client.get(address(card)).content.decode())
    assert f"A newer version is open: {card.number} v2" in text
    assert "Stale" in text
    following = words(client.get(f"/scorecards/{card.number}/v2/cybersecurity/").content.decode())
    assert "the determination no longer counts until people determine again" in following


def test_an_open_page_whose_session_ended_says_so_in_place(card: Scorecard) -> None:
    answer = Client().get(address(card, "live/"), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "You are signed out" in answer.content.decode()
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize("rest", ["", "live/", "review/", "cybersecurity/", "document.pdf", "bundle.zip"])
def test_a_card_that_is_not_there_answers_404(rest: str, visit: Visit) -> None:
    assert visit("ada").get(f"/scorecards/PSC-2024-9999/v1/{rest}").status_code == 404


def test_a_card_of_a_programme_without_membership_answers_404(visit: Visit, card: Scorecard, cast: dict) -> None:
    cast["ada"].memberships.all().delete()
    assert visit("ada").get(address(card)).status_code == 404


def test_an_unknown_category_answers_404(visit: Visit, card: Scorecard) -> None:
    assert visit("ada").get(address(card, "alchemy/")).status_code == 404
