"""Intake: one row of evidence whatever is posted twice, at once, or changed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction

from evaluations import blobs
from evaluations.actors import Actor
from evaluations.estimates.scores import scores_from_csv
from evaluations.intake import Receipt, check, receive
from evaluations.models import Checkpoint, Evaluation, EvaluationRun, HistoryIsKept, Job, Measurement
from evaluations.queries import report_bytes, revisions_of, run_samples, scores_bytes
from evaluations.report import ReportRefused
from evaluations.signals import evidence_changed
from tests.evaluations.reports import ABSENT, NOW, posted, with_samples

TakeIn = Callable[..., Receipt]
THREADS = 50


def test_a_posted_report_becomes_a_run_with_its_bytes_its_job_and_its_poster(take_in: TakeIn) -> None:
    receipt = take_in()
    run = receipt.run
    assert receipt.created
    assert blobs.get(run.raw_digest) == posted()
    assert (run.revision, run.form, run.native_id, run.state) == (1, "tally", "ctf-pro-7f3a", "received")
    assert (run.actor_kind, run.actor_id, run.actor_name) == ("token", "tok_1", "nightly")
    assert (receipt.job.kind, receipt.job.payload) == ("measure", {"run": run.id})


def test_the_digest_of_a_run_names_its_canonical_report(take_in: TakeIn) -> None:
    run = take_in().run
    assert run.digest == blobs.put(report_bytes(EvaluationRun.objects.get(id=run.id)))


def test_the_same_report_five_times_changes_nothing(take_in: TakeIn, news: list[tuple[str, str]]) -> None:
    receipts = [take_in() for _ in range(5)]
    assert [receipt.created for receipt in receipts] == [True, False, False, False, False]
    assert len({receipt.run.id for receipt in receipts}) == 1
    assert len({receipt.job.id for receipt in receipts}) == 1
    assert news == [("run.received", receipts[0].run.id)]


def test_the_same_content_in_other_bytes_is_the_same_run(take_in: TakeIn, pipeline: Actor) -> None:
    first = take_in()
    again = receive(posted().replace(b", ", b" ,\n"), by=pipeline, at=NOW)
    assert (again.created, again.run.id) == (False, first.run.id)


def test_other_content_under_the_same_native_id_is_a_revision_that_supersedes(
    take_in: TakeIn, news: list[tuple[str, str]]
) -> None:
    first = take_in().run
    second = take_in(tally={"successes": 14, "trials": 110})
    assert second.created
    assert second.run.revision == 2
    assert second.superseded is not None
    assert second.superseded.id == first.id
    first.refresh_from_db()
    assert first.superseded_by_id == second.run.id
    assert [run.revision for run in revisions_of(first)] == [1, 2]
    assert news[1:] == [("run.superseded", first.id), ("run.received", second.run.id)]


def test_an_old_revision_posted_again_changes_nothing(take_in: TakeIn) -> None:
    first = take_in().run
    take_in(tally={"successes": 14, "trials": 110})
    again = take_in()
    assert (again.created, again.run.id) == (False, first.id)
    assert EvaluationRun.objects.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"mitigation": "pre_mitigation"},
        {"metric": "pass@1"},
        {"evaluation": {"slug": "ctf-collegiate"}},
        {"evaluation": {"slug": "ctf-professional", "stratum": "web"}},
        {"run_id": "ctf-pro-8"},
    ],
)
def test_what_identifies_a_run_keeps_runs_apart(take_in: TakeIn, changes: dict[str, Any]) -> None:
    take_in()
    other = take_in(**changes)
    assert other.created
    assert other.run.revision == 1
    assert other.superseded is None


def test_without_a_native_id_the_content_identifies_the_run(take_in: TakeIn) -> None:
    first, again = take_in(run_id=ABSENT), take_in(run_id=ABSENT)
    other = take_in(run_id=ABSENT, tally={"successes": 14, "trials": 110})
    assert first.run.native_id == first.run.digest
    assert (again.created, again.run.id) == (False, first.run.id)
    assert (other.created, other.run.revision) == (True, 1)


def test_samples_are_kept_in_one_block_that_its_digest_names(take_in: TakeIn) -> None:
    samples: list[dict[str, Any]] = [
        {"id": "b", "score": 1},
        {"id": "a", "score": 0.25, "cluster": "c"},
        {"id": "c", "status": "error"},
    ]
    run = EvaluationRun.objects.get(id=take_in(**with_samples(*samples)).run.id)
    assert (run.form, run.sample_count) == ("samples", 3)
    assert run.report["samples_digest"] == run.scores_digest == blobs.put(scores_bytes(run))
    assert [(row.id, row.score) for row in run_samples(run)] == [("a", 0.25), ("b", 1.0), ("c", None)]
    assert run_samples(run) == scores_from_csv(scores_bytes(run))


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"subject": "nobody"}, "/subject", "unknown-subject"),
        ({"checkpoint": "atlas-9"}, "/checkpoint", "unknown-checkpoint"),
        ({"checkpoint": "other-1"}, "/checkpoint", "checkpoint-of-another-subject"),
        (
            {"comparator": {"kind": "model", "subject": "other", "checkpoint": "other-9"}},
            "/comparator/checkpoint",
            "unknown-checkpoint",
        ),
    ],
)
def test_an_unbound_checkpoint_is_refused_with_the_way_to_register_it(
    take_in: TakeIn, changes: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(ReportRefused) as caught:
        take_in(**changes)
    assert caught.value.status == 422
    assert (caught.value.errors[0]["pointer"], caught.value.errors[0]["code"]) == (pointer, code)
    assert caught.value.errors[0]["remedy"]


def test_a_refused_report_leaves_nothing_behind(take_in: TakeIn, blob_folder: Any) -> None:
    with pytest.raises(ReportRefused):
        take_in(tally={"successes": 3, "trials": 2})
    assert not EvaluationRun.objects.exists()
    assert not Job.objects.exists()
    assert not Evaluation.objects.exists()
    assert not blob_folder.exists()


def test_checking_a_report_stores_nothing(checkpoint: Checkpoint) -> None:
    assert check(posted(), at=NOW).report.metric == "pass@12"
    assert not EvaluationRun.objects.exists()


def test_an_unknown_evaluation_is_registered_so_that_it_informs_and_never_decides(take_in: TakeIn) -> None:
    take_in()
    evaluation = Evaluation.objects.get(slug="ctf-professional")
    assert (evaluation.polarity, evaluation.title) == ("none", "Ctf professional")


def test_a_listener_that_fails_undoes_the_run(take_in: TakeIn) -> None:
    def refuse(sender: object, **news: Any) -> None:
        raise RuntimeError("the ledger is closed")

    evidence_changed.connect(refuse)
    try:
        with pytest.raises(RuntimeError, match="the ledger is closed"):
            take_in()
    finally:
        evidence_changed.disconnect(refuse)
    assert not EvaluationRun.objects.exists()
    assert not Job.objects.exists()


def test_the_notice_is_sent_inside_the_storing_transaction(take_in: TakeIn) -> None:
    inside: list[bool] = []

    def look(sender: object, **news: Any) -> None:
        inside.append(transaction.get_connection().in_atomic_block)

    evidence_changed.connect(look)
    take_in()
    evidence_changed.disconnect(look)
    assert inside == [True]


def test_evidence_is_never_deleted_nor_rewritten(take_in: TakeIn) -> None:
    run = take_in().run
    for attempt in (
        run.delete,
        EvaluationRun.objects.all().delete,
        lambda: EvaluationRun.objects.update(metric="x"),
        lambda: EvaluationRun.objects.bulk_update([run], ["metric"]),
        run.save,
        lambda: run.save(update_fields=["report"]),
        Measurement.objects.all().delete,
        lambda: Measurement.objects.update(tally=None),
    ):
        with pytest.raises(HistoryIsKept):
            attempt()


def at_once(work: Callable[[int], Receipt]) -> list[Receipt]:
    def one(number: int) -> Receipt:
        try:
            return work(number)
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_fifty_identical_posts_at_once_are_one_run(
    shared_database: None, checkpoint: Checkpoint, pipeline: Actor, bells: list[tuple[str, str]]
) -> None:
    receipts = at_once(lambda _: receive(posted(), by=pipeline, at=NOW))
    assert len({receipt.run.id for receipt in receipts}) == 1
    assert sum(receipt.created for receipt in receipts) == 1
    assert EvaluationRun.objects.count() == Job.objects.count() == len(bells) == 1


def test_fifty_revisions_at_once_stand_in_one_line(
    shared_database: None, checkpoint: Checkpoint, pipeline: Actor
) -> None:
    receipts = at_once(lambda number: receive(posted(tally={"successes": number, "trials": 110}), by=pipeline, at=NOW))
    runs = revisions_of(receipts[0].run)
    assert [run.revision for run in runs] == list(range(1, THREADS + 1))
    assert [run.superseded_by_id for run in runs] == [*(run.id for run in runs[1:]), None]
