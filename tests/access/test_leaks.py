"""No error, count, list, digest or description tells of another programme or of what lies in a compartment."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.models import Checkpoint, Evaluation, EvaluationRun, EvidenceDocument, Subject
from evaluations.reach import Reach
from scorecard import filing, proposing, tasks
from scorecard.access import Person, reader_of, visible_documents, visible_entries
from scorecard.clearing import GRANT
from scorecard.models import Compartment, Membership, Programme, Proposal, Role, Scorecard, User
from scorecard.models.ledger import LedgerEntry
from scorecard.queries import card_document_for
from scorecard.snapshot import SIDES
from scorecard.web.pulse import pulse
from tests.access.conftest import a_report, page_of
from tests.access.world import OPEN, PROBE
from tests.evidence.documents import partner_report
from tests.web.journeys import determined

Visit = Callable[[User | str], Client]
Api = Callable[..., Callable[..., Any]]
NEVER = "run_" + "0" * 26


def refusals_of(run: str, checkpoint: str, subject: str) -> dict[str, Any]:
    """A report of over-refusal that names a run."""
    return {
        "schema": "refusals/1", "id": "refusals-1", "title": "Refusals", "subject": subject, "checkpoint": checkpoint,
        "mitigation": "post_mitigation", "category": "cybersecurity", "provenance": {"source": "tests"},
        "suite": "XSTest", "not_unsafe": {"run": run}, "not_overrefuse": {"successes": 40, "trials": 50},
    }  # fmt: skip


def test_a_document_that_names_a_foreign_run_is_refused_as_for_one_that_never_was(
    stranger: User, open_run: EvaluationRun, api: Api
) -> None:
    call = api(stranger, "runs:write")
    answers = [
        call("POST", "evidence/", json.dumps(refusals_of(run, "zenith-1", "zenith")).encode())
        for run in (open_run.id, NEVER)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    words = [answer.content.decode().replace(open_run.id, NEVER) for answer in answers]
    assert words[0] == words[1]
    assert "unknown-run" in words[0]
    assert not EvidenceDocument.objects.exists()


def test_a_document_that_repeats_a_hidden_runs_figures_is_hidden_too(
    cbrn: Compartment, probe: EvaluationRun, open_run: EvaluationRun, card: Scorecard, cast: dict[str, User],
    cleared: Callable[..., Any],
) -> None:  # fmt: skip
    def filed(run: EvaluationRun, name: str) -> str:
        document = {**refusals_of(run.id, "atlas-2-rc1", "atlas-2"), "id": name}
        raw = json.dumps(document).encode()
        return filing.file(raw, by=SYSTEM, at=timezone.now(), within=Reach(card.programme_id)).document.id

    hidden, shown = filed(probe, "hidden"), filed(open_run, "shown")
    seen = set(visible_documents(reader_of(cast["faye"])).values_list("id", flat=True))
    assert seen == {shown}
    cleared("faye")
    assert set(visible_documents(reader_of(cast["faye"])).values_list("id", flat=True)) == {hidden, shown}


def test_a_second_programme_without_compartments_opens_no_entry_of_the_first(
    cbrn: Compartment, card: Scorecard, cast: dict[str, User]
) -> None:
    about = LedgerEntry.objects.filter(subject_type="scorecard", subject_id=card.id, envelope__contains='"cbrn"')
    entries = list(about)
    assert entries
    assert visible_entries(reader_of(cast["faye"]), entries) == set()
    other = Programme.objects.create(slug="open", name="Open models")
    Membership.objects.create(person=cast["faye"], programme=other, role=Role.AUDITOR)
    assert visible_entries(reader_of(cast["faye"]), entries) == set()
    others = LedgerEntry.objects.filter(subject_id=card.id, envelope__contains='"cybersecurity"')
    assert visible_entries(reader_of(cast["faye"]), others) == set(others.values_list("seq", flat=True))


def test_an_evaluation_of_others_cannot_be_described_anew_nor_found_out(
    stranger: User, open_run: EvaluationRun, cast: dict[str, User], api: Api
) -> None:
    before = Evaluation.objects.get(slug=OPEN)
    said = {"slug": OPEN, "title": "Harmless", "polarity": "none"}
    answer = api(stranger, "admin")("POST", "evaluations/", json.dumps(said).encode())
    assert (answer.status_code, answer.json()["code"]) == (409, "evaluation-name-taken")
    after = Evaluation.objects.get(slug=OPEN)
    assert (after.title, after.polarity) == (before.title, before.polarity)
    mine = api(cast["gil"], "admin")
    assert mine("POST", "evaluations/", json.dumps({**said, "polarity": before.polarity}).encode()).status_code == 200
    assert mine("POST", "evaluations/", json.dumps({**said, "slug": "fresh"}).encode()).status_code == 201


def test_an_evaluation_in_a_compartment_is_a_taken_name_like_any_other(
    cbrn: Compartment, probe: EvaluationRun, cast: dict[str, User], api: Api
) -> None:
    said = {"slug": PROBE, "title": "Harmless", "polarity": "none"}
    answer = api(cast["gil"], "admin")("POST", "evaluations/", json.dumps(said).encode())
    assert (answer.status_code, answer.json()["code"]) == (409, "evaluation-name-taken")


@pytest.mark.parametrize("names", [("atlas-2", "atlas-2-rc1"), ("no-model", "no-checkpoint")])
def test_a_comparator_of_another_programme_is_as_unknown_as_one_that_never_was(
    stranger: User, card: Scorecard, api: Api, names: tuple[str, str]
) -> None:
    comparator = {"kind": "model", "subject": names[0], "checkpoint": names[1]}
    body = a_report(OPEN, subject="zenith", checkpoint="zenith-1", comparator=comparator)
    answer = api(stranger, "runs:write")("POST", "runs/", body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "pointer": "/comparator/subject", "code": "unknown-subject", "detail": f"There is no subject {names[0]!r}.",
            "remedy": f"Register the subject first: POST /api/v1/subjects/ with the slug {names[0]}.",
        }
    ]  # fmt: skip


def test_results_hold_for_no_checkpoint_of_another_programme(stranger: User, card: Scorecard, api: Api) -> None:
    call, said = api(stranger, "signoff:write"), {"rationale": "The same weights.", "limits": "None known."}
    answers = [
        call("POST", "applicability/", json.dumps({"from_checkpoint": a, "to_checkpoint": b, **said}).encode())
        for a, b in (("atlas-2-rc1", "zenith-1"), ("zenith-1", "atlas-2-rc1"), ("nothing", "zenith-1"))
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_a_posted_report_of_a_stranger_never_names_anothers_scorecards(
    stranger: User, open_run: EvaluationRun, card: Scorecard, api: Api
) -> None:
    call = api(stranger, "runs:write")
    same = a_report(OPEN, run_id="two", subject="zenith", checkpoint="zenith-1")
    answer = call("POST", "runs/", same)
    assert answer.status_code == 202
    assert answer.json()["links"]["scorecards"] == []
    assert "supersedes" not in answer.json()
    assert answer.json()["id"] != open_run.id


def test_a_page_carries_no_count_of_hidden_documents(
    cbrn: Compartment, card: Scorecard, visit: Visit, cast: dict[str, User]
) -> None:
    assert len(pulse(card)) == 16
    before = page_of(visit("faye").get("/evidence/"))
    report = partner_report(also_tested=[], category="cbrn")
    raw = json.dumps(report).encode()
    filing.file(raw, by=SYSTEM, at=timezone.now(), within=Reach(card.programme_id))
    assert page_of(visit("faye").get("/evidence/")) == before


def test_a_card_says_nothing_of_what_hidden_evidence_shows(
    cbrn: Compartment, card: Scorecard, cast: dict[str, User], person: Callable[[str], Person],
    cleared: Callable[..., Any], post: Callable[[bytes], EvaluationRun],
) -> None:  # fmt: skip
    post(a_report(PROBE, metric="cons@32", tally={"successes": 45, "trials": 50}))
    cleared("ada")
    determined(card, person)
    whole = card_document_for(reader_of(cast["ada"]), card)
    assert [line for line in whole["lint"] if line["where"].startswith("cbrn")]
    document = card_document_for(reader_of(cast["faye"]), card)
    assert not [line for line in document["lint"] if line["where"].startswith("cbrn")]
    hidden = next(row for row in document["categories"] if row["category"] == "cbrn")
    shown = next(row for row in document["categories"] if row["category"] == "cybersecurity")
    for side in SIDES:
        assert hidden[side]["statement"] is None
        assert shown[side]["statement"]
        assert hidden[side]["determined_level"] == "low"


def test_the_description_of_the_api_is_the_same_for_everybody_and_names_nothing_inside(
    probe: EvaluationRun, card: Scorecard, visit: Visit, settings: Any
) -> None:
    told = {Client().get("/api/schema/").content, visit("gil").get("/api/schema/").content}
    assert len(told) == 1
    text = told.pop().decode()
    for word in (probe.id, card.number, "atlas-2", "frontier", settings.SECRET_KEY, str(settings.DATA_DIR), PROBE):
        assert word not in text


def test_the_public_page_names_neither_model_nor_programme(card: Scorecard) -> None:
    for asked in (card.number, card.id, "atlas-2-rc1", "frontier"):
        text = Client().get("/verify/", {"record": asked}).content.decode()
        assert "Nothing sealed is known" in text
        assert card.title not in text
        assert "Frontier models" not in text


def test_the_jobs_page_names_no_log_that_its_reader_may_not_see(
    cbrn: Compartment, card: Scorecard, visit: Visit, api: Api, cast: dict[str, User]
) -> None:
    sent = api(cast["ada"], "runs:write")("POST", "logs/?filename=secret-plan.eval&checkpoint=atlas-2-rc1", b"{}")
    assert sent.status_code == 202
    for page in ("/jobs/", "/jobs/live/", "/logs/", "/"):
        assert "secret-plan" not in visit("faye").get(page).content.decode(), page


def test_a_proposal_that_nobody_confirmed_is_closed_by_the_clock(
    cbrn: Compartment, person: Callable[[str], Person], cast: dict[str, User]
) -> None:
    content = {"person": cast["faye"].person_id, "compartment": "cbrn", "days": 10}
    made = proposing.propose(GRANT, content, reason="Audits", by=person("gil"), at=timezone.now())
    tasks.tend(now=made.expires_at - timedelta(seconds=1))
    assert Proposal.objects.get().state == "open"
    tasks.tend(now=made.expires_at + timedelta(seconds=1))
    assert Proposal.objects.get().state == "expired"
    assert LedgerEntry.objects.latest("seq").kind == "proposal.expired"


def test_names_of_another_programme_filter_nothing_out(
    stranger: User, open_run: EvaluationRun, api: Api, visit: Visit
) -> None:
    call, client = api(stranger, "evidence:read", "scorecards:read"), visit(stranger)
    assert Subject.objects.count() == Checkpoint.objects.count() == 2
    for path in ("runs/?checkpoint=", "evidence/?checkpoint=", "checkpoints/?name=", "scorecards/?checkpoint="):
        known, unknown = (call("GET", f"{path}{name}").content for name in ("atlas-2-rc1", "nothing-x"))
        assert known == unknown, path
    for path in ("/runs/?checkpoint=", "/models/?subject=", "/evidence/?checkpoint="):
        known, unknown = (page_of(client.get(f"{path}{name}")) for name in ("atlas-2-rc1", "nothing-x"))
        assert known.replace("atlas-2-rc1", "nothing-x") == unknown, path
