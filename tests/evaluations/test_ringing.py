"""The doorbell: few messages however many jobs wait, none of them needed twice, and none of the jobs forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from evaluations import jobs, ringing
from evaluations.models import Job, JobState
from tests.evaluations.reports import NOW

pytestmark = pytest.mark.django_db
Bells = list[tuple[str, str]]
WAITING = 200


def waiting(count: int, kind: str = "measure", **values: Any) -> list[Job]:
    """Jobs whose first message went out at NOW."""
    made = [
        Job(key=f"{kind}:{number}", kind=kind, created_at=NOW, dispatched_at=NOW, **values) for number in range(count)
    ]
    return Job.objects.bulk_create(made)


def passes(count: int, *, since: int = 0) -> datetime:
    """Let the reconciler make so many rounds, five seconds apart; return when the last one was."""
    moment = NOW
    for number in range(since + 1, since + count + 1):
        moment = NOW + timedelta(seconds=5 * number)
        jobs.reconcile(now=moment)
    return moment


def answer(bells: Bells, at: datetime) -> int:
    """Answer every message as a worker does, those that follow too; return the number of jobs done."""
    done = 0
    while bells:
        job = jobs.claim(bells.pop(0)[1], now=at)
        if job is not None:
            done += jobs.finish(job, write=lambda: None, at=at)
            if ringing.was_rung_again(job):
                ringing.ring_again(ringing.queue_of(job.kind), now=at)
    return done


def test_many_waiting_jobs_and_many_rounds_leave_few_messages(bells: Bells) -> None:
    waiting(WAITING)
    passes(10)
    assert 0 < len(bells) <= 5 * ringing.MOST_BELLS


def test_a_broker_that_lost_everything_costs_one_round(bells: Bells) -> None:
    waiting(WAITING)
    at = passes(1)
    assert len(bells) == ringing.MOST_BELLS
    assert answer(bells, at) == WAITING
    assert not Job.objects.exclude(state=JobState.DONE).exists()


def test_a_broker_that_loses_everything_again_and_again_loses_no_job(bells: Bells) -> None:
    waiting(40)
    done = 0
    for round_of in range(6):
        at = passes(12, since=12 * round_of)
        del bells[: len(bells) // 2]
        done += answer(bells, at)
    assert done == 40


def test_messages_that_only_wait_their_turn_are_not_sent_again_for_each_that_is_answered(bells: Bells) -> None:
    waiting(WAITING)
    at = passes(1)
    first = jobs.claim(bells[0][1], now=at)
    assert first is not None
    jobs.finish(first, write=lambda: None, at=at)
    ringing.ring_again(ringing.SHORT, now=at)
    assert len(bells) == ringing.MOST_BELLS + 1


def test_long_work_that_waits_takes_no_bells_from_short_work(bells: Bells) -> None:
    waiting(WAITING, "render")
    (short,) = waiting(1, "measure")
    passes(1)
    assert ("scorecard.tasks.measure_run", short.id) in bells


def test_a_worker_that_comes_is_rung_for_at_once_whatever_was_rung_before(bells: Bells) -> None:
    waiting(3, "read")
    at = passes(20)
    bells.clear()
    assert jobs.reconcile(now=at + timedelta(seconds=1)).rung == 0
    assert ringing.ring_for_newcomer("scorecard-reading", now=at + timedelta(seconds=1)) == 3
    assert ringing.ring_for_newcomer("scorecard-printing", now=at + timedelta(seconds=1)) == 0


def test_a_lane_that_is_free_is_not_rung_for_a_job_that_failed_a_moment_ago(bells: Bells) -> None:
    job = Job.objects.get(id=waiting(1, "read")[0].id)
    held = jobs.claim(job.id, now=NOW)
    assert held is not None
    jobs.fail(held, error="the disk is away", at=NOW)
    assert ringing.ring_next("scorecard-reading", now=NOW + timedelta(seconds=1)) == 0
    assert ringing.ring_next("scorecard-reading", now=NOW + timedelta(seconds=6)) == 1
    assert bells == [("scorecard.tasks.read_log", job.id)]


def test_every_kind_of_long_work_has_a_queue_of_its_own_and_no_name_has_a_dot() -> None:
    assert {kind for queue in ringing.QUEUES for kind in ringing.kinds_of(queue)} == set(ringing.TASKS)
    assert ringing.kinds_of(ringing.SHORT) == ("measure", "assess")
    assert [len(ringing.kinds_of(queue)) for queue in ringing.QUEUES] == [2, 1, 1, 1]
    assert not any("." in queue for queue in ringing.QUEUES)


def test_a_message_goes_to_the_queue_of_its_kind(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: dict[str, str] = {}

    def send(self: object, name: str, args: list[str], *, queue: str, **options: Any) -> None:
        sent[name] = queue

    monkeypatch.setattr("celery.app.base.Celery.send_task", send)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        for kind in ("measure", "render"):
            jobs.enqueue(kind, key=kind, payload={})
    assert sent == {
        "scorecard.tasks.measure_run": "scorecard", "scorecard.tasks.render_document": "scorecard-printing",
    }  # fmt: skip
