"""Filing: bytes kept as they came, the same content once, later versions beside former ones, references found."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from evaluations import blobs
from evaluations.evidence_queries import evidence_documents, told
from evaluations.models import Checkpoint, EvaluationRun, EvidenceDocument, HistoryIsKept
from evaluations.report import ReportRefused
from scorecard.filing import file
from scorecard.models.ledger import LedgerEntry
from tests.evidence import documents as d
from tests.evidence.conftest import NOW, PARTNER, filed, filed_bytes

pytestmark = pytest.mark.django_db


def faults(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ReportRefused) as refusal:
        filed(document)
    assert EvidenceDocument.objects.filter(kind=document["schema"]).count() == 0
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def events() -> list[tuple[str, str]]:
    rows = LedgerEntry.objects.filter(kind__startswith="evidence.").order_by("seq")
    return list(rows.values_list("kind", "subject_id"))


def test_the_bytes_are_kept_exactly_and_the_ledger_names_them(atlas: Checkpoint) -> None:
    raw = json.dumps(d.refusals(), indent=3).encode()
    row = file(raw, by=PARTNER, at=NOW).document
    assert blobs.get(row.raw_digest) == raw
    entry = LedgerEntry.objects.get(kind="evidence.received")
    data = json.loads(entry.envelope)["data"]
    assert (data["raw"], data["digest"], data["checkpoints"]) == (row.raw_digest, row.digest, ["atlas-2-rc1"])


def test_the_same_content_again_in_another_spelling_changes_nothing(atlas: Checkpoint) -> None:
    first = filed(d.refusals())
    again = filed_bytes(json.dumps(d.refusals(), indent=1, sort_keys=True).encode())
    assert (again.created, again.document.id) == (False, first.document.id)
    assert events() == [("evidence.received", first.document.id)]


def test_a_later_version_supersedes_the_former_and_both_stay_readable(atlas: Checkpoint) -> None:
    first = filed(d.refusals()).document
    second = filed(d.refusals(not_unsafe={"successes": 190, "trials": 200}), at=NOW + timedelta(hours=1))
    first.refresh_from_db()
    assert (second.document.revision, second.superseded, first.superseded_by) == (2, first, second.document)
    assert list(evidence_documents(EvidenceDocument.objects.all(), {})) == [second.document]
    assert told(first).reading["not_unsafe"]["successes"] == 196
    assert events() == [
        ("evidence.received", first.id), ("evidence.superseded", first.id), ("evidence.received", second.document.id),
    ]  # fmt: skip


def test_superseded_content_that_comes_again_stays_superseded(atlas: Checkpoint) -> None:
    first = filed(d.refusals()).document
    filed(d.refusals(not_unsafe={"successes": 190, "trials": 200}))
    again = filed(d.refusals())
    assert (again.created, again.document.id) == (False, first.id)
    assert again.document.superseded_by_id is not None


def test_the_same_id_on_another_checkpoint_or_of_another_kind_supersedes_nothing(atlas: Checkpoint) -> None:
    Checkpoint.objects.create(subject=atlas.subject, name="atlas-2-rc2")
    for document in (d.refusals(id="x"), d.refusals(id="x", checkpoint="atlas-2-rc2"), d.jailbreaks(id="x")):
        assert filed(document).superseded is None


def test_a_row_is_never_changed_or_deleted(atlas: Checkpoint) -> None:
    row = filed(d.refusals()).document
    row.title = "Better"
    for deed in (row.save, row.delete, EvidenceDocument.objects.all().delete, row.bindings.all().delete):
        with pytest.raises(HistoryIsKept):
            deed()


def test_an_unknown_subject_or_checkpoint_is_refused(atlas: Checkpoint) -> None:
    assert faults(d.refusals(subject="nobody")) == [("/subject", "unknown-subject")]
    assert faults(d.refusals(checkpoint="rc9")) == [("/checkpoint", "unknown-checkpoint")]
    assert faults(d.partner_report(also_tested=["rc9"])) == [("/also_tested/0", "unknown-checkpoint")]


def test_a_partners_report_stands_under_every_tested_checkpoint(atlas: Checkpoint) -> None:
    Checkpoint.objects.create(subject=atlas.subject, name="atlas-2-rc2")
    row = filed(d.partner_report(also_tested=["atlas-2-rc2"])).document
    for name in ("atlas-2-rc1", "atlas-2-rc2"):
        assert list(evidence_documents(EvidenceDocument.objects.all(), {"checkpoint": name})) == [row]


def test_judgements_are_bound_to_the_policy_and_the_run_as_they_were(samples_run: EvaluationRun) -> None:
    policy = filed(d.policy()).document
    row = filed(d.judgements(samples_run.id, [("s1", "1", "violates", "ann")])).document
    filed(d.policy(clauses=[{"id": "9", "text": "Other.", "severity": "low"}]))
    assert row.bound["policy"]["digest"] == policy.digest
    assert row.bound["runs"][samples_run.id]["digest"] == samples_run.digest
    assert [clause["id"] for clause in told(row).reading["clauses"]] == ["1", "2"]


def test_a_judgement_of_an_unknown_sample_or_clause_is_refused(samples_run: EvaluationRun) -> None:
    filed(d.policy())
    rows = [("s1", "1", "complies", "ann"), ("s9", "1", "complies", "ann"), ("s1", "7", "complies", "ann")]
    assert faults(d.judgements(samples_run.id, rows)) == [
        ("/judgements/1/sample", "unknown-sample"), ("/judgements/2/clause", "unknown-clause"),
    ]  # fmt: skip
    late = d.judgements(samples_run.id, rows[:1])
    late["judgements"][0]["attempt"] = 2
    assert faults(late) == [("/judgements/0/sample", "unknown-sample")]


def test_judgements_need_their_policy_and_a_run_of_their_own_checkpoint_and_side(samples_run: EvaluationRun) -> None:
    rows = [("s1", "1", "complies", "ann")]
    assert faults(d.judgements(samples_run.id, rows)) == [("/policy", "unknown-policy")]
    filed(d.policy())
    assert faults(d.judgements("run_" + "0" * 26, rows)) == [("/run", "unknown-run")]
    wrong = d.judgements(samples_run.id, rows, mitigation="pre_mitigation")
    assert faults(wrong) == [("/run", "run-of-another-checkpoint")]
    assert faults(d.judgements(samples_run.id, rows, policy={"id": "usage", "version": "2027"})) == [
        ("/policy", "unknown-policy")
    ]


def test_a_pair_of_runs_has_the_counts_of_its_runs(samples_run: EvaluationRun) -> None:
    row = filed(d.refusals(not_unsafe={"run": samples_run.id})).document
    reading = told(row).reading
    assert (reading["not_unsafe"]["successes"], reading["not_unsafe"]["trials"]) == (5, 5)
    assert reading["g_mean"]["low"] is not None


def test_probing_is_held_to_the_levels_of_a_published_framework(atlas: Checkpoint, framework: Any) -> None:
    unknown = {"slug": framework.slug, "version": "2030"}
    assert faults(d.probing(framework=unknown)) == [("/framework", "unknown-framework")]
    assert faults(d.probing(escalate_from="grave")) == [("/escalate_from", "unknown-level")]
    row = filed(d.probing()).document
    assert [level["slug"] for level in row.bound["levels"]] == ["low", "medium", "high", "critical"]


def test_nothing_is_recorded_when_storing_fails(atlas: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the ledger is full")

    monkeypatch.setattr("scorecard.filing.record", broken)
    with pytest.raises(RuntimeError):
        filed(d.refusals())
    assert EvidenceDocument.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shared_database")
def test_eight_senders_at_once_make_one_document_and_one_entry(atlas: Checkpoint) -> None:
    raw, found, failed = d.posted(d.refusals()), [], []

    def send() -> None:
        try:
            found.append(file(raw, by=PARTNER, at=NOW).document.id)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert failed == []
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(events()) == 1
