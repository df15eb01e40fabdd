"""Jobs: the row is the queue, and an effect happens once whatever dies."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from evaluations import jobs
from evaluations.models import EvaluationRun, Job, JobState
from tests.evaluations.reports import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(seconds=331)
Bells = list[tuple[str, str]]


def queued(key: str = "render:card_1", kind: str = "render") -> Job:
    with transaction.atomic():
        job = jobs.enqueue(kind, key=key, payload={"scorecard": "card_1"})
    job.created_at = job.dispatched_at = NOW
    job.save()
    return job


def claimed(job: Job, now: Any = NOW) -> Job:
    held = jobs.claim(job.id, now=now)
    assert held is not None
    return held


def test_a_job_is_announced_by_task_name_when_its_cause_is_committed(
    django_capture_on_commit_callbacks: Any, bells: Bells
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = queued()
        assert bells == []
    assert bells == [("scorecard.tasks.render_document", job.id)]


def test_one_key_is_one_job(django_capture_on_commit_callbacks: Any, bells: Bells) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert queued().id == queued().id
    assert len(bells) == 1


def test_a_job_without_a_cause_in_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction of its cause"):
        jobs.enqueue("render", key="x", payload={})


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a kind of job"):
        jobs.enqueue("dance", key="x", payload={})


def test_a_broken_bell_does_not_break_the_cause(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("celery.app.base.Celery.send_task", broken)
    with django_capture_on_commit_callbacks(execute=True):
        job = queued()
    assert Job.objects.get(id=job.id).state == JobState.QUEUED
    assert "was not announced" in caplog.text


def test_of_two_claims_one_gets_the_job() -> None:
    job = queued()
    held = claimed(job)
    assert jobs.claim(job.id, now=NOW) is None
    assert (held.state, held.attempts, held.lease_until) == (JobState.RUNNING, 1, NOW + timedelta(seconds=60))


def test_an_expired_lease_can_be_claimed_with_another_token() -> None:
    job = queued()
    first, second = claimed(job), claimed(job, LATER)
    assert second.attempts == 2
    assert first.lease_token != second.lease_token


def test_the_worker_that_lost_its_lease_writes_nothing() -> None:
    job = queued()
    first, second = claimed(job), claimed(job, LATER)
    effects: list[str] = []
    assert jobs.finish(first, write=lambda: effects.append("first"), at=LATER) is False
    assert jobs.fail(first, error="too late", at=LATER) is False
    assert jobs.progress(first, done=1, total=2, now=LATER) is False
    assert jobs.finish(second, write=lambda: effects.append("second"), at=LATER) is True
    assert jobs.finish(second, write=lambda: effects.append("again"), at=LATER) is False
    assert effects == ["second"]


def test_a_done_job_is_never_claimed_again() -> None:
    job = queued()
    jobs.finish(claimed(job), write=lambda: None, at=NOW)
    assert jobs.claim(job.id, now=LATER) is None
    assert jobs.claim("job_unknown", now=NOW) is None


def test_an_effect_that_fails_leaves_the_job_running_and_nothing_written() -> None:
    job = queued()
    held = claimed(job)

    def write() -> None:
        queued("render:other")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        jobs.finish(held, write=write, at=NOW)
    assert Job.objects.get().state == JobState.RUNNING
    assert jobs.fail(held, error="disk full", at=NOW) is True


def test_a_failed_attempt_is_queued_again_until_the_attempts_are_used_up() -> None:
    job = queued()
    states = []
    for _ in range(3):
        jobs.fail(claimed(job), error="no Pango", at=NOW)
        states.append(Job.objects.get(id=job.id).state)
    assert states == ["queued", "queued", "failed"]
    job.refresh_from_db()
    assert (job.error, job.log.count("no Pango")) == ("no Pango", 3)
    assert jobs.claim(job.id, now=LATER) is None


def test_a_poison_job_that_kills_every_worker_is_given_up() -> None:
    job = queued()
    for attempt in range(3):
        claimed(job, NOW + attempt * timedelta(seconds=400))
    end = NOW + timedelta(hours=1)
    assert jobs.claim(job.id, now=end) is None
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "killed in every one of 3 attempts" in job.error


def test_the_reconciler_gives_up_poison_jobs_that_nobody_claims() -> None:
    job = queued()
    for attempt in range(3):
        claimed(job, NOW + attempt * timedelta(seconds=400))
    assert jobs.reconcile(now=NOW + timedelta(hours=1)) == jobs.Reconciled(rung=0, failed=1)
    assert Job.objects.get(id=job.id).state == JobState.FAILED


def test_killed_between_commit_and_publish_the_reconciler_rings(bells: Bells) -> None:
    job = queued()
    assert bells == []
    assert jobs.reconcile(now=NOW + timedelta(seconds=1)).rung == 0
    assert jobs.reconcile(now=NOW + timedelta(seconds=6)).rung == 1
    assert bells == [("scorecard.tasks.render_document", job.id)]


def test_a_dead_workers_job_is_rung_again_when_its_lease_is_over(bells: Bells) -> None:
    job = queued()
    claimed(job)
    assert jobs.reconcile(now=NOW + timedelta(seconds=59)).rung == 0
    assert jobs.reconcile(now=LATER).rung == 1
    assert bells == [("scorecard.tasks.render_document", job.id)]


def process_that_ended() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_the_lease_of_a_worker_that_is_gone_ends_at_once_and_the_job_is_rung(
    bells: Bells, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queued()
    with monkeypatch.context() as dead:
        dead.setattr(os, "getpid", process_that_ended)
        gone = claimed(job)
    soon = NOW + timedelta(seconds=6)
    assert jobs.reconcile(now=soon).rung == 1
    assert bells == [("scorecard.tasks.render_document", job.id)]
    another = claimed(job, soon)
    assert another.attempts == 2
    assert jobs.finish(gone, write=lambda: pytest.fail("the former worker wrote")) is False
    assert jobs.finish(another, write=lambda: None) is True


def test_the_lease_of_a_living_worker_is_left_alone(bells: Bells) -> None:
    held = claimed(queued())
    assert jobs.reconcile(now=NOW + timedelta(seconds=6)).rung == 0
    held.refresh_from_db()
    assert held.lease_until == NOW + timedelta(seconds=60)


def test_work_that_was_done_before_its_cause_was_committed_is_not_announced(
    django_capture_on_commit_callbacks: Any, bells: Bells
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        jobs.finish(claimed(queued()), write=lambda: None, at=NOW)
    assert bells == []


def test_without_any_worker_the_bell_is_rung_ever_more_rarely(bells: Bells) -> None:
    queued()
    for second in range(0, 3600, 30):
        jobs.reconcile(now=NOW + timedelta(seconds=second))
    assert 8 < len(bells) < 25


def test_progress_is_kept_and_extends_the_lease() -> None:
    job = queued()
    held = claimed(job)
    assert jobs.progress(held, done=3, total=10, now=NOW + timedelta(seconds=300))
    job.refresh_from_db()
    assert (job.done, job.total) == (3, 10)
    assert jobs.claim(job.id, now=LATER) is None


def test_a_failed_job_can_be_retried_with_all_its_attempts(
    django_capture_on_commit_callbacks: Any, bells: Bells
) -> None:
    job = queued()
    for _ in range(3):
        jobs.fail(claimed(job), error="no Pango", at=NOW)
    job.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        again = jobs.retry(job, at=LATER)
    assert (again.state, again.attempts, again.error) == (JobState.QUEUED, 0, "")
    assert bells == [("scorecard.tasks.render_document", job.id)]
    with pytest.raises(jobs.NotFailed):
        jobs.retry(again, at=LATER)


def test_a_run_that_cannot_be_measured_says_so(take_in: Any) -> None:
    receipt = take_in()
    for _ in range(3):
        jobs.fail(claimed(receipt.job), error="broken", at=NOW)
    assert EvaluationRun.objects.get(id=receipt.run.id).state == "failed"
    jobs.retry(Job.objects.get(id=receipt.job.id), at=NOW)
    assert EvaluationRun.objects.get(id=receipt.run.id).state == "received"


def test_the_heartbeat_tells_when_a_reconciler_last_ran() -> None:
    assert jobs.last_beat() is None
    jobs.reconcile(now=NOW)
    jobs.reconcile(now=LATER)
    assert jobs.last_beat() == LATER
