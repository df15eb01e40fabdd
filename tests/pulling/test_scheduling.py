"""When a source is due, how long it waits after failures, and that nothing but the loop is needed for it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from evaluations import jobs
from evaluations.models import Job, JobState, Pull, Source
from evaluations.pulling import scheduling
from evaluations.pulling.registering import Settings, change
from evaluations.pulling.scheduling import LONGEST_WAIT, back_off, enqueue_due
from evaluations.pulling.taking import pull
from scorecard import tasks
from scorecard.operating import reconciling
from tests.pulling.conftest import MakeSource

NOW = timezone.now()


@pytest.fixture
def gone(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder that is not there, so that every pull fails."""
    return str(tmp_path_factory.getbasetemp() / "gone")


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("empty"))


def test_a_new_source_with_a_schedule_is_due_at_once_and_again_after_its_time(
    source_of: MakeSource, empty: str
) -> None:
    source = source_of("folder", empty, schedule_seconds=300, at=NOW)
    assert enqueue_due(now=NOW) == 1
    assert enqueue_due(now=NOW) == 0
    tasks.pull_source(tasks.queued("pull")[0].id)
    source.refresh_from_db()
    due = source.next_pull_at
    assert due is not None
    assert source.last_pull_at is not None
    assert due == source.last_pull_at + timedelta(seconds=300)
    assert enqueue_due(now=due - timedelta(seconds=1)) == 0
    assert enqueue_due(now=due) == 1
    assert Pull.objects.get().cause == "schedule"


def test_a_source_without_a_schedule_or_disabled_is_never_due(source_of: MakeSource, empty: str) -> None:
    source_of("folder", empty, slug="by-hand")
    source_of("folder", empty, slug="off", schedule_seconds=60, enabled=False)
    assert enqueue_due(now=NOW + timedelta(days=365)) == 0


def test_the_wait_doubles_with_every_failure_up_to_six_hours_and_less_by_lot() -> None:
    for failures, minutes in ((1, 1), (2, 2), (3, 4), (6, 32), (9, 256)):
        whole = timedelta(minutes=minutes)
        waits = [back_off(failures) for _ in range(50)]
        assert all(whole / 2 <= wait <= whole for wait in waits)
        assert len(set(waits)) > 1
    assert all(LONGEST_WAIT / 2 <= back_off(failures) <= LONGEST_WAIT for failures in (10, 100, 10_000))


def test_a_failing_source_waits_longer_each_time_and_is_forgiven_when_it_answers(
    source_of: MakeSource, gone: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = source_of("folder", gone, schedule_seconds=60)
    for failures in (1, 2, 3):
        pull(source, at=NOW)
        source.refresh_from_db()
        assert source.failures == failures
        assert source.next_pull_at is not None
        whole = timedelta(minutes=2 ** (failures - 1))
        assert whole / 2 <= source.next_pull_at - NOW <= whole
    (tmp_path_factory.getbasetemp() / "gone").mkdir()
    pull(source, at=NOW)
    source.refresh_from_db()
    (tmp_path_factory.getbasetemp() / "gone").rmdir()
    assert (source.failures, source.next_pull_at) == (0, NOW + timedelta(seconds=60))


def test_a_changed_source_is_forgiven_and_due_at_once(source_of: MakeSource, gone: str, empty: str) -> None:
    source = source_of("folder", gone, schedule_seconds=60)
    pull(source, at=NOW)
    settings = Settings(**{**Settings.of(source).to_dict(), "address": empty})
    source, changed = change(source, settings, at=NOW)
    assert (changed, source.failures, source.next_pull_at) == (["address"], 0, NOW)


def test_a_job_whose_worker_died_every_time_counts_as_a_failure_and_the_next_one_is_made(
    source_of: MakeSource, empty: str, settings
) -> None:
    source = source_of("folder", empty, schedule_seconds=60, at=NOW)
    enqueue_due(now=NOW)
    job = tasks.queued("pull")[0]
    Job.objects.filter(id=job.id).update(state=JobState.FAILED, attempts=settings.JOB_MAX_ATTEMPTS)
    assert enqueue_due(now=NOW) == 0
    source.refresh_from_db()
    assert source.failures == 1
    assert source.next_pull_at is not None
    assert source.next_pull_at > NOW
    assert enqueue_due(now=NOW + timedelta(hours=7)) == 1
    assert tasks.queued("pull")[0].id != job.id


def test_a_person_is_not_stopped_by_a_failed_job(source_of: MakeSource, empty: str) -> None:
    source = source_of("folder", empty)
    first = scheduling.ask(source, cause="demand")
    Job.objects.filter(id=first.id).update(state=JobState.FAILED)
    assert scheduling.ask(source, cause="demand").id != first.id


def test_a_pull_that_was_lost_with_its_worker_is_done_by_the_next_one(source_of: MakeSource, empty: str) -> None:
    source = source_of("folder", empty)
    job = scheduling.ask(source, cause="demand")
    claimed = jobs.claim(job.id, now=NOW - timedelta(hours=1))
    assert claimed is not None
    Pull.objects.create(source=source, job=job.id, started_at=NOW - timedelta(hours=1))
    tasks.pull_source(job.id)
    assert list(Pull.objects.order_by("id").values_list("state", flat=True)) == ["interrupted", "done"]


@pytest.mark.usefixtures("shared_database")
def test_the_reconciling_loop_asks_for_due_sources_without_a_broker(source_of: MakeSource, empty: str) -> None:
    source = source_of("folder", empty, schedule_seconds=60)
    stop = threading.Event()

    def loop() -> None:
        reconciling.reconcile_until(stop, every=0.01)
        connections.close_all()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        for _ in range(300):
            if tasks.queued("pull"):
                break
            stop.wait(0.05)
    finally:
        stop.set()
        thread.join(10)
    assert [job.payload["source"] for job in tasks.queued("pull")] == [source.id]


def test_the_beat_asks_for_due_sources_as_well(source_of: MakeSource, empty: str) -> None:
    source_of("folder", empty, schedule_seconds=60, at=NOW)
    tasks.reconcile()
    assert len(tasks.queued("pull")) == 1
    assert Source.objects.get().failures == 0
