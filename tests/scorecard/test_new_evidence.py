"""New evidence: what it makes stale, what it reopens, and what no message may be needed for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.models import Checkpoint, EvaluationRun, Job
from scorecard import tasks
from scorecard.access import Person, Reader, reader_of
from scorecard.applying import declare_applicable
from scorecard.assessing import assess
from scorecard.models import Assessment, Scorecard
from scorecard.models.ledger import LedgerEntry
from scorecard.queries import card_digest, card_document, evidence_of, standing_gate
from scorecard.sealing import seal
from scorecard.signing import request
from tests.conftest import NOW, drain
from tests.scorecard.test_signing_off import REASON, determine_all, signing

People = Callable[[str], Person]


@pytest.fixture
def faye(person: Callable[[str], Person]) -> Reader:
    """A reader of the programme."""
    return reader_of(person("faye").user)


def side_of(card: Scorecard, category: str = "cybersecurity", side: str = "post_mitigation") -> dict[str, Any]:
    """Return one side of the card's document."""
    document = card_document(Scorecard.objects.get(id=card.id))
    found: dict[str, Any] = next(row for row in document["categories"] if row["category"] == category)[side]
    return found


@pytest.fixture
def sealed(card: Scorecard, person: People) -> Scorecard:
    """A sealed card of atlas-2-rc1 with every level low."""
    determine_all(card, person("ada"))
    card = request(card, seen=card_digest(card), by=person("ada"), at=NOW)
    signing(card, person("chen"))
    signing(card, person("dana"), role="leadership", meaning="approves")
    seal(card, seen=card.digest, by=person("ada"), at=timezone.now())
    card.refresh_from_db()
    return card


def test_a_run_changes_the_indicated_level_of_a_draft(card: Scorecard, post_as: Callable[..., EvaluationRun]) -> None:
    assert side_of(card)["indicated_level"] is None
    run = post_as("ada", successes=40, trials=100)
    side = side_of(card)
    assert (side["reached_level"], side["indicated_level"]) == ("medium", "medium")
    assert Assessment.objects.filter(scorecard=card, cause=run.id).count() == 1


def test_new_evidence_makes_a_sealed_card_stale_before_any_worker_ran(
    sealed: Scorecard, faye: Reader, ctf_report: Callable[..., bytes]
) -> None:
    receive(ctf_report(successes=40), by=SYSTEM, at=timezone.now())
    sealed.refresh_from_db()
    assert (sealed.state, sealed.stale) == ("sealed", True)
    assert all("New evidence: Capture-the-flag" in row.stale_reason for row in sealed.signatures.all())
    assert standing_gate(faye, "atlas-2-rc1", "deploy", timezone.now())["decision"] == "deny"
    assert LedgerEntry.objects.filter(kind="scorecard.staled").count() == 1


def test_the_next_version_is_opened_with_the_former_determinations_and_the_overtaken_one_does_not_count(
    sealed: Scorecard, ctf_report: Callable[..., bytes]
) -> None:
    receive(ctf_report(successes=40), by=SYSTEM, at=timezone.now())
    drain()
    following = Scorecard.objects.get(number=sealed.number, version=2)
    assert following.state == "draft"
    assert side_of(following)["determined_level"] is None
    assert side_of(following)["determination"]["level"] == "low"
    assert side_of(following, "cbrn")["determined_level"] == "low"
    change = card_document(Scorecard.objects.get(id=sealed.id))["changes"]
    assert [row["words"] for row in change] == ["Cybersecurity: Low → Medium"]


def test_evidence_that_reaches_nothing_leaves_the_determination_standing(
    sealed: Scorecard, ctf_report: Callable[..., bytes]
) -> None:
    receive(ctf_report(successes=1), by=SYSTEM, at=timezone.now())
    drain()
    following = Scorecard.objects.get(number=sealed.number, version=2)
    assert side_of(following)["determined_level"] == "low"
    assert card_document(following)["changes"] == []


def test_new_evidence_takes_a_card_in_review_back_to_draft(
    card: Scorecard, person: People, ctf_report: Callable[..., bytes]
) -> None:
    determine_all(card, person("ada"))
    reviewed = request(card, seen=card_digest(card), by=person("ada"), at=NOW)
    signing(reviewed, person("chen"))
    receive(ctf_report(successes=1), by=SYSTEM, at=timezone.now())
    reviewed.refresh_from_db()
    assert (reviewed.state, reviewed.digest) == ("draft", "")
    assert reviewed.signatures.get().stale_at is not None


def test_the_same_content_again_makes_nothing_stale(
    card: Scorecard, person: People, ctf_report: Callable[..., bytes]
) -> None:
    receive(ctf_report(), by=SYSTEM, at=timezone.now())
    drain()
    determine_all(card, person("ada"))
    reviewed = request(card, seen=card_digest(card), by=person("ada"), at=NOW)
    before = LedgerEntry.objects.count()
    receive(ctf_report(), by=SYSTEM, at=timezone.now())
    reviewed.refresh_from_db()
    assert (reviewed.state, LedgerEntry.objects.count()) == ("in_review", before)


def test_a_revision_replaces_the_former_run_in_the_evidence(card: Scorecard, ctf_report: Callable[..., bytes]) -> None:
    for successes in (40, 13):
        receive(ctf_report(successes=successes), by=SYSTEM, at=timezone.now())
        drain()
    assert [item["tally"]["total"] for item in evidence_of(card)] == [13.0]
    assert side_of(card)["reached_level"] == "low"


def test_a_second_run_cannot_outvote_the_first(card: Scorecard, ctf_report: Callable[..., bytes]) -> None:
    receive(ctf_report(run_id="first", successes=40), by=SYSTEM, at=timezone.now())
    receive(ctf_report(run_id="second", successes=2), by=SYSTEM, at=timezone.now())
    drain()
    assert side_of(card)["reached_level"] == "medium"


def test_results_of_another_checkpoint_count_only_by_determination(
    card: Scorecard, person: People, ctf_report: Callable[..., bytes]
) -> None:
    other = Checkpoint.objects.create(subject=card.checkpoint.subject, name="atlas-2-rc0")
    receive(ctf_report(checkpoint="atlas-2-rc0", successes=40), by=SYSTEM, at=timezone.now())
    drain()
    assess(card, cause="test", at=NOW)
    assert side_of(card)["reached_level"] is None
    row = declare_applicable(
        programme=card.programme, from_checkpoint=other, to_checkpoint=card.checkpoint, rationale=REASON,
        limits="Only for this release.", by=person("ada"), at=NOW,
    )  # fmt: skip
    assess(card, cause="test", at=NOW)
    assert side_of(card)["reached_level"] == "medium"
    assert [item["applies"] for item in evidence_of(card)] == [row.id]


def test_a_run_without_a_side_informs_and_sets_no_level(card: Scorecard, ctf_report: Callable[..., bytes]) -> None:
    receive(ctf_report(mitigation="unspecified", successes=90), by=SYSTEM, at=timezone.now())
    drain()
    assert len(evidence_of(card)) == 1
    assert side_of(card)["indicated_level"] is None


def test_a_job_done_twice_has_one_effect(card: Scorecard, ctf_report: Callable[..., bytes]) -> None:
    job = receive(ctf_report(), by=SYSTEM, at=timezone.now()).job
    tasks.measure_run(job.id)
    drain()
    entries = LedgerEntry.objects.count()
    tasks.measure_run(job.id)
    for done in Job.objects.filter(kind="assess"):
        tasks.assess_scorecard(done.id)
    assert LedgerEntry.objects.count() == entries


def test_a_failing_job_keeps_its_error_and_nothing_else(card: Scorecard, ctf_report: Callable[..., bytes]) -> None:
    job = receive(ctf_report(), by=SYSTEM, at=timezone.now()).job
    Job.objects.filter(id=job.id).update(payload={"run": "run_missing"})
    tasks.measure_run(job.id)
    job.refresh_from_db()
    assert job.state == "queued"
    assert "DoesNotExist" in job.error


@pytest.mark.parametrize(
    ("checkpoint", "action", "words"),
    [("unknown", "deploy", "not known"), ("atlas-2-rc1", "deploy", "not sealed"), ("atlas-2-rc1", "fly", "not sealed")],
)
def test_the_gate_denies_by_default(card: Scorecard, faye: Reader, checkpoint: str, action: str, words: str) -> None:
    answer = standing_gate(faye, checkpoint, action, timezone.now())
    assert answer["decision"] == "deny"
    assert words in answer["reasons"][0]


def test_the_gate_allows_from_a_standing_sealed_card_until_it_lapses(sealed: Scorecard, faye: Reader) -> None:
    allowed = standing_gate(faye, "atlas-2-rc1", "deploy", timezone.now())
    assert (allowed["decision"], allowed["digest"]) == ("allow", sealed.digest)
    assert sealed.expires_at is not None
    lapsed = standing_gate(faye, "atlas-2-rc1", "deploy", sealed.expires_at)
    assert lapsed["decision"] == "deny"
    assert "lapsed" in lapsed["reasons"][0]
    assert standing_gate(faye, "atlas-2-rc1", "fly", timezone.now())["decision"] == "deny"
