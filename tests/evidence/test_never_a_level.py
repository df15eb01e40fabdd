"""These kinds inform the card; only what the framework document calls an indicator can ever set a level."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from evaluations.evidence import KINDS
from evaluations.models import EvaluationRun
from scorecard.access import Person, reader_of
from scorecard.assessing import assess
from scorecard.models import Scorecard
from scorecard.queries import card_document, standing_gate, working_snapshot
from tests.conftest import drain
from tests.evidence import documents as d
from tests.evidence.conftest import NOW, filed
from tests.web.conftest import address
from tests.web.journeys import in_review, sealed

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)


def alarming(run: EvaluationRun) -> list[dict[str, Any]]:
    """Every kind, on an indicator's category, with the gravest content that it can have."""
    worst = [{"id": "c", "ratings": [{"rater": "expert 0", "level": "critical"}]}]
    where: dict[str, Any] = {"category": "cybersecurity", "section": "preparedness"}
    return [
        d.policy(),
        d.judgements(run.id, [(f"s{number}", "1", "violates", "ann") for number in range(5)], **where),
        d.breakdown(d.XSTEST, d.XSTEST_TOTALS, **where),
        d.refusals(not_unsafe={"successes": 0, "trials": 200}, **where),
        d.jailbreaks(results=[{"prompt": "p", "technique": "t", "safety": 0}], **where),
        d.comparison(**where),
        d.arena(results=[{"challenge": "harmful text", "model": "o1", "successes": 100, "attempts": 100}], **where),
        d.probing(conversations=worst, category="cybersecurity"),
        d.partner_report(**where),
    ]


def levels(card: Scorecard) -> list[tuple[Any, ...]]:
    return [
        (row["category"], side, row[side]["indicated_level"], row[side]["reached_level"], row[side]["determined_level"])
        for row in working_snapshot(card)["categories"]
        for side in ("pre_mitigation", "post_mitigation")
    ]


def test_no_kind_moves_a_level_and_the_record_that_people_sign_only_names_them(
    card: Scorecard, samples_run: EvaluationRun
) -> None:
    assess(card, cause="before", at=NOW)
    before, snapshot = levels(card), working_snapshot(card)
    documents = alarming(samples_run)
    assert len({document["schema"] for document in documents}) == 9
    for document in documents:
        filed(document, at=LATER)
    drain()
    assess(card, cause="after", at=LATER)
    assert levels(card) == before
    after = working_snapshot(card)
    assert {row["kind"] for row in after.pop("informing")} == set(KINDS)
    assert after == snapshot


def test_signatures_and_gates_stand_and_a_sealed_card_says_that_evidence_arrived(
    card: Scorecard,
    samples_run: EvaluationRun,
    person: Callable[[str], Person],
    visit: Callable[[str], Client],
) -> None:
    card, reader = sealed(card, person), reader_of(person("faye").user)
    before, gate = card_document(card), standing_gate(reader, card.checkpoint.name, "deploy", LATER)
    assert "Other evidence" not in visit("faye").get(address(card)).content.decode()
    for document in alarming(samples_run):
        filed(document, at=LATER)
    drain()
    card.refresh_from_db()
    after = card_document(card)
    assert (after["stale"], after["signoff"], after["digest"]) == (False, before["signoff"], before["digest"])
    assert standing_gate(reader, card.checkpoint.name, "deploy", LATER) == gate
    page = visit("faye").get(address(card)).content.decode()
    assert "Evidence arrived since the content was frozen for signing:" in page
    assert "8 documents" in page


def test_what_was_there_before_the_request_for_review_is_not_called_new(
    card: Scorecard, person: Callable[[str], Person], visit: Callable[[str], Client]
) -> None:
    filed(d.refusals(), at=NOW - timedelta(hours=1))
    page = visit("faye").get(address(in_review(card, person))).content.decode()
    assert "Standard refusal: not unsafe 0.980" in page
    assert "Evidence arrived since" not in page
