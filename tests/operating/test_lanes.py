"""Lanes: what takes long never stands in the way of what takes milliseconds, nor of itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from kombu import Connection, Queue

from evaluations import jobs, ringing
from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.models import EvaluationRun, Job, JobState
from evaluations.samples import parquet
from scorecard import tasks
from scorecard.models import Scorecard
from scorecard.operating import beating, programs
from tests.conftest import NOW

Bells = list[tuple[str, str]]


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> Bells:
    """The messages that would have gone to the broker: (queue, job id)."""
    rung: Bells = []

    def ring(self: object, name: str, args: list[str], *, queue: str, **options: Any) -> None:
        rung.append((queue, args[0]))

    monkeypatch.setattr("celery.app.base.Celery.send_task", ring)
    return rung


def job_of(kind: str, key: str, **payload: str) -> Job:
    with transaction.atomic():
        return jobs.enqueue(kind, key=f"{kind}:{key}", payload=payload)


def state_of(job: Job) -> str:
    return Job.objects.get(id=job.id).state


def ten_samples(report: bytes) -> bytes:
    facts = {name: value for name, value in json.loads(report).items() if name != "tally"}
    return json.dumps(
        {**facts, "samples": [{"id": f"s{number}", "score": number % 2} for number in range(10)]}
    ).encode()


def while_printing(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], object]) -> None:
    """Do something in the middle of printing, as another thread of the worker would."""

    def printed(card: Scorecard) -> str:
        monkeypatch.setattr(tasks, "printed", lambda card: "")
        deed()
        return ""

    monkeypatch.setattr(tasks, "printed", printed)
    monkeypatch.setattr(tasks, "keep", lambda *args, **kwargs: None)


@pytest.fixture
def two_prints(card: Scorecard) -> tuple[Job, Job]:
    first, second = (job_of("render", f"{card.id}:{number}", scorecard=card.id) for number in (1, 2))
    return first, second


def test_a_measurement_is_taken_while_printing_goes_on_and_more_of_it_waits(
    monkeypatch: pytest.MonkeyPatch, two_prints: tuple[Job, Job], ctf_report: Callable[..., bytes], bells: Bells
) -> None:
    measuring = receive(ctf_report(), by=SYSTEM, at=timezone.now()).job
    seen: dict[str, str] = {}

    def others() -> None:
        tasks.render_document(two_prints[1].id)
        tasks.measure_run(measuring.id)
        seen.update(second=state_of(two_prints[1]), measuring=state_of(measuring))

    while_printing(monkeypatch, others)
    tasks.render_document(two_prints[0].id)
    assert seen == {"second": JobState.QUEUED, "measuring": JobState.DONE}
    assert Job.objects.get(id=two_prints[1].id).attempts == 0


def test_who_has_printed_rings_for_the_one_that_was_turned_away(
    monkeypatch: pytest.MonkeyPatch, two_prints: tuple[Job, Job], bells: Bells
) -> None:
    first, second = two_prints
    while_printing(monkeypatch, lambda: tasks.render_document(second.id))
    bells.clear()
    tasks.render_document(first.id)
    assert bells == [("scorecard-printing", second.id)]
    tasks.render_document(second.id)
    assert (state_of(second), len(bells)) == (JobState.DONE, 1)


def test_the_lane_is_free_again_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, two_prints: tuple[Job, Job], bells: Bells
) -> None:
    def broken() -> None:
        raise OSError("no paper")

    while_printing(monkeypatch, broken)
    tasks.render_document(two_prints[0].id)
    tasks.render_document(two_prints[1].id)
    assert (state_of(two_prints[0]), state_of(two_prints[1])) == (JobState.QUEUED, JobState.DONE)


def test_who_answers_a_second_message_rings_for_more_of_those_that_wait(
    ctf_report: Callable[..., bytes], db: None, card: Scorecard, bells: Bells
) -> None:
    made = [receive(ctf_report(run_id=f"r{number}"), by=SYSTEM, at=NOW).job for number in range(12)]
    Job.objects.update(created_at=NOW, dispatched_at=NOW)
    jobs.reconcile(now=timezone.now())
    assert len(bells) == ringing.MOST_BELLS
    while bells:
        tasks.measure_run(bells.pop(0)[1])
    assert {state_of(job) for job in made} == {JobState.DONE}


def test_a_worker_that_has_just_come_asks_for_the_work_of_its_queues_only(
    two_prints: tuple[Job, Job], bells: Bells
) -> None:
    beating.ask_for_work(["scorecard-reading"])
    assert bells == []
    beating.ask_for_work(["scorecard-printing"])
    assert bells == [("scorecard-printing", job.id) for job in two_prints]


def test_a_large_run_says_how_many_samples_are_read(
    monkeypatch: pytest.MonkeyPatch, ctf_report: Callable[..., bytes], db: None, card: Scorecard
) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 4)
    job = receive(ten_samples(ctf_report()), by=SYSTEM, at=NOW).job
    told: list[tuple[int, int]] = []
    real = jobs.progress

    def progress(job: Job, *, done: int, total: int, now: Any) -> bool:
        held = real(job, done=done, total=total, now=now)
        told.append((Job.objects.get(id=job.id).done, total))
        return held

    monkeypatch.setattr(jobs, "progress", progress)
    monkeypatch.setattr(tasks, "TOLD_EVERY", 0.0)
    tasks.measure_run(job.id)
    assert told == [(4, 10), (8, 10), (10, 10)]
    assert (state_of(job), EvaluationRun.objects.get().state) == (JobState.DONE, "measured")


def test_a_small_run_costs_no_statement_for_its_progress(
    monkeypatch: pytest.MonkeyPatch, ctf_report: Callable[..., bytes], db: None, card: Scorecard
) -> None:
    job = receive(ctf_report(), by=SYSTEM, at=NOW).job
    monkeypatch.setattr(jobs, "progress", lambda *args, **kwargs: pytest.fail("told"))
    tasks.measure_run(job.id)
    assert state_of(job) == JobState.DONE


def test_who_lost_the_lease_while_reading_measures_nothing(
    monkeypatch: pytest.MonkeyPatch, ctf_report: Callable[..., bytes], db: None, card: Scorecard
) -> None:
    job = receive(ten_samples(ctf_report()), by=SYSTEM, at=NOW).job
    monkeypatch.setattr(tasks, "TOLD_EVERY", 0.0)
    real = jobs.progress

    def overtaken(job: Job, *, done: int, total: int, now: Any) -> bool:
        Job.objects.filter(id=job.id).update(lease_until=now - timedelta(seconds=1))
        assert jobs.claim(job.id, now=now) is not None
        return real(job, done=done, total=total, now=now)

    monkeypatch.setattr(jobs, "progress", overtaken)
    tasks.measure_run(job.id)
    assert (state_of(job), EvaluationRun.objects.get().state) == (JobState.RUNNING, "received")


def test_a_worker_has_a_thread_for_each_queue_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[tuple[str, ...]] = []
    monkeypatch.setattr(os, "execv", lambda path, command: run.append(command))
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    call_command("worker")
    call_command("worker", "--queues", "scorecard-printing", "--concurrency", "1")
    assert run[0] == programs.worker().command
    shown = [command[command.index("--concurrency") + 1 : command.index("-Q") + 2] for command in run]
    assert shown == [
        ("4", "-Q", "scorecard,scorecard-printing,scorecard-pulling,scorecard-reading"),
        ("1", "-Q", "scorecard-printing"),
    ]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Connection]:
    folders = {name: str(tmp_path / name) for name in ("messages", "control")}
    for folder in folders.values():
        Path(folder).mkdir()
    options = {
        "data_folder_in": folders["messages"], "data_folder_out": folders["messages"],
        "control_folder": folders["control"], "store_processed": False,
    }  # fmt: skip
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection


def test_the_embedded_broker_hands_a_message_to_its_own_queue_only(spool: Connection) -> None:
    declared = {name: Queue(name, routing_key=name) for name in ringing.QUEUES}
    for name, queue in declared.items():
        with spool.Producer() as producer:
            producer.publish({"for": name}, routing_key=name, declare=[queue])
    for name, queue in declared.items():
        channel_queue = queue(spool.channel())
        got = channel_queue.get(no_ack=True)
        assert got is not None
        assert got.payload == {"for": name}
        assert channel_queue.get(no_ack=True) is None


def test_the_default_queue_is_the_one_of_short_work() -> None:
    assert current_app.conf.task_default_queue == ringing.SHORT
