"""Every background task of the product; read top to bottom it is the data's way.

A task gets the id of a Job row. It claims the row, computes, and writes its effect in the one transaction that also
finishes the row under the lease it holds, so that a task run twice, or killed in the middle, has exactly one effect.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from evaluations import jobs, listening, reading_logs, ringing
from evaluations.actors import Actor
from evaluations.measuring import computed, keep_measured
from evaluations.models import EvaluationRun, Job, LogFile, Source
from evaluations.pulling.scheduling import enqueue_due
from evaluations.pulling.taking import gather
from scorecard import expiring, proposing, security_events, sessions, sourcing
from scorecard.assessing import assess
from scorecard.models import Scorecard, State
from scorecard.opening import open_next_version
from scorecard.refusals import Refused
from scorecard.rendering import keep, printed
from scorecard.staling import affected_cards

log = logging.getLogger(__name__)

LONGEST_READING = 6 * 60 * 60
"""Seconds after which reading one log is given up; a log of gigabytes takes many minutes."""
LONGEST_PULLING = 60 * 60
"""Seconds after which one pull is given up; it stops by itself much sooner, but for a single large file."""
TOLD_EVERY = 1.0
"""Seconds between two words about how far a job is."""
LANES = {queue: threading.Lock() for queue in ringing.LONG.values()}
"""Queue of long work -> what the one thread that works on it holds, in this process."""


@contextmanager
def _lane(queue: str) -> Iterator[bool]:
    """Take the queue's lane for the block; False where another thread of this process works in it already."""
    lane = LANES.get(queue)
    free = lane is None or lane.acquire(blocking=False)
    try:
        yield free
    finally:
        if lane is not None and free:
            lane.release()


def _work(kind: str, job_id: str, prepare: Callable[[Job], Callable[[], object]]) -> None:
    """Do the job, unless another thread of this process is at long work of the kind: then the row goes on waiting.

    So at most one thread prints, one reads and one pulls, and the others are there for what takes milliseconds.
    """
    queue = ringing.queue_of(kind)
    with _lane(queue) as free:
        job = jobs.claim(job_id, now=timezone.now()) if free else None
        if job is not None:
            _done(job, prepare)
    # When the lane is free again, because a message that was turned away a moment before is followed by no other.
    if free and queue in LANES:
        ringing.ring_next(queue, now=timezone.now())
    elif job is not None and ringing.was_rung_again(job):
        ringing.ring_again(queue, now=timezone.now())


def _done(job: Job, prepare: Callable[[Job], Callable[[], object]]) -> None:
    """Prepare outside any transaction, write under the lease; keep an error where people see it.

    `prepare` does the long work and returns the short write, because a long transaction would block every writer.
    """
    try:
        with jobs.kept_alive(job):
            write = prepare(job)
            jobs.finish(job, write=write)
    except Refused as refusal:
        jobs.fail(job, error=f"{refusal.detail} {refusal.remedy}".strip())
    except Exception as error:  # the job row must say why, whatever went wrong
        log.exception("job %s failed", job.id)
        jobs.fail(job, error=f"{type(error).__name__}: {error}")


def queued(kind: str) -> list[Job]:
    """Return the waiting jobs of one kind, oldest first."""
    return list(Job.objects.filter(kind=kind, state="queued").order_by("created_at", "id"))


class LeaseLost(RuntimeError):
    """Another worker holds the job now; whatever this one found is not needed."""


def _teller(job: Job) -> Callable[[int, int], None]:
    """Return a way to say how far a job is, now and then only; it also keeps the lease. What is short says nothing."""
    told = [time.monotonic()]

    def tell(done: int, total: int) -> None:
        if time.monotonic() - told[0] < TOLD_EVERY:
            return
        told[0] = time.monotonic()
        if not jobs.progress(job, done=done, total=total, now=timezone.now()):
            raise LeaseLost(job.id)

    return tell


@shared_task(name="scorecard.tasks.pull_source", soft_time_limit=LONGEST_PULLING, time_limit=LONGEST_PULLING + 30)
def pull_source(job_id: str) -> None:
    """Pull from a source; every log that it brings is stored at once with its own job to read it."""

    def prepare(job: Job) -> Callable[[], object]:
        def keep(done: int, found: int) -> None:
            # Inside the transaction of every item, so that who lost the lease can store nothing more.
            if not jobs.progress(job, done=done, total=found, now=timezone.now()):
                raise LeaseLost(job.id)

        source, said = Source.objects.get(id=job.payload["source"]), job.payload
        gathering = gather(
            source, at=timezone.now(), job=job.id, cause=said["cause"], asked_by=said["asked_by"], keep=keep
        )

        def write() -> None:
            sourcing.settle(gathering, at=timezone.now())

        return write

    _work("pull", job_id, prepare)


@shared_task(name="scorecard.tasks.read_log", soft_time_limit=LONGEST_READING, time_limit=LONGEST_READING + 30)
def read_log(job_id: str) -> None:
    """Read a received log file; each run in it is stored with its own job to measure it."""

    def prepare(job: Job) -> Callable[[], object]:
        log_file = LogFile.objects.get(id=job.payload["log"])
        reading = reading_logs.read(log_file, at=timezone.now(), progress=_teller(job))
        sender = Actor(kind=log_file.actor_kind, id=log_file.actor_id, name=log_file.actor_name)

        def write() -> None:
            reading_logs.write(log_file, reading, by=sender, at=timezone.now())

        return write

    _work("read", job_id, prepare)


@shared_task(name="scorecard.tasks.measure_run")
def measure_run(job_id: str) -> None:
    """Measure a received run, then ask for the assessment of every scorecard that rests on it."""

    def prepare(job: Job) -> Callable[[], object]:
        run = EvaluationRun.objects.select_related("checkpoint").get(id=job.payload["run"])
        measurement = computed(run, at=timezone.now(), progress=_teller(job))

        def write() -> None:
            keep_measured(measurement)
            for card in affected_cards(run.checkpoint):
                payload = {"scorecard": card.id, "cause": run.id}
                jobs.enqueue("assess", key=f"assess:{card.id}:{run.id}", payload=payload)

        return write

    _work("measure", job_id, prepare)


@shared_task(name="scorecard.tasks.assess_scorecard")
def assess_scorecard(job_id: str) -> None:
    """Assess a scorecard; a sealed one that evidence made stale gets its next version first."""

    def prepare(job: Job) -> Callable[[], object]:
        card = Scorecard.objects.select_related("framework", "checkpoint__subject").get(id=job.payload["scorecard"])

        def write() -> None:
            now = timezone.now()
            # Asked before the evidence is read: what these jobs wait for was measured before they were made.
            together = jobs.alike(job)
            sealed_and_stale = card.state == State.SEALED and card.stale
            subject = open_next_version(card, by=None, at=now) if sealed_and_stale else card
            if subject.state == State.DRAFT:
                assess(subject, cause=job.payload["cause"], at=now)
            jobs.absorb(together, into=job, at=now)

        return write

    _work("assess", job_id, prepare)


@shared_task(name="scorecard.tasks.render_document")
def render_document(job_id: str) -> None:
    """Render the PDF of a sealed scorecard."""

    def prepare(job: Job) -> Callable[[], object]:
        card = Scorecard.objects.select_related("framework").get(id=job.payload["scorecard"])
        digest = printed(card)

        def write() -> None:
            keep(card, digest=digest, at=timezone.now())

        return write

    _work("render", job_id, prepare)


def tend(*, now: datetime) -> None:
    """Do what is due by the clock: jobs that wait too long or whose worker died, silent runs, sources,
    proposals that nobody confirmed, evidence that has ended, old traces.
    """
    jobs.reconcile(now=now)
    enqueue_due(now=now)
    listening.close_silent(now=now)
    proposing.expire_due(at=now)
    expiring.expire_due(at=now)
    security_events.prune(at=now)
    sessions.clear_ended(at=now)


@shared_task(name="scorecard.tasks.reconcile")
def reconcile() -> None:
    """Do what is due by the clock, wherever no reconciler runs beside the web process."""
    tend(now=timezone.now())
