"""Background work: the row is the queue, a message is only a hint, and an effect happens exactly once.

A job is inserted in the transaction of its cause. A worker claims it under a lease, computes, and writes its effect in
one transaction that holds only while the lease token is still its own. What nobody finishes is rung again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone

from evaluations import leases
from evaluations.contention import insisting
from evaluations.models import EvaluationRun, Job, JobState, RunState, WorkerBeat
from evaluations.ringing import QUEUES, TASKS, claimable, ring, ring_again

log = logging.getLogger(__name__)

BEAT_NAME = "reconciler"
WORKER_PREFIX = "worker@"
"""How the heartbeats of workers are named, before the host: a reconciler's own says nothing about workers."""


class NotFailed(ValueError):
    """Only a failed job can be retried."""


@dataclass(frozen=True)
class Reconciled:
    """What one round of the reconciler did."""

    rung: int
    failed: int


def about_of(payload: Mapping[str, Any]) -> str:
    """Return the id of the object that a payload is about, by which people may see the job; "" if it names none.

    A run comes before the scorecard that is assessed because of it: whoever may not see the run sees nothing of it.
    """
    cause = str(payload.get("cause", ""))
    if cause.startswith("run_"):
        return cause
    return next((str(payload[name]) for name in ("run", "log", "source", "scorecard") if name in payload), "")


def enqueue(kind: str, *, key: str, payload: dict[str, Any], fresh: bool = False) -> Job:
    """Insert a job in the caller's transaction and announce it on commit; one `key` is one job for ever.

    `key` says what the effect is, e.g. `measure:run_01J...`; asking again returns the first job. `fresh` says that the
    key names a row that this transaction inserted, so that nobody can have asked before and none is looked for. Raises
    ValueError for an unknown kind, and RuntimeError outside a transaction, because a job must stand or fall with its
    cause.
    """
    if kind not in TASKS:
        raise ValueError(f"{kind!r} is not a kind of job; there are {', '.join(sorted(TASKS))}")
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a job is enqueued only inside the transaction of its cause")
    values = {"kind": kind, "payload": payload, "about": about_of(payload)}
    if fresh:
        job, created = Job.objects.create(key=key, **values), True
    else:
        job, created = Job.objects.get_or_create(key=key, defaults=values)
    if created:
        transaction.on_commit(partial(ring, job.id, kind), robust=True)
    return job


def claim(job_id: str, *, now: datetime) -> Job | None:
    """Claim a queued job, or a running one whose lease is over; None when it is done, held or out of attempts.

    One conditional UPDATE, so that of any number of workers exactly one gets it, with a token that no other has.
    """
    token = leases.new_token()
    claimed = Job.objects.filter(claimable(now), id=job_id, attempts__lt=settings.JOB_MAX_ATTEMPTS).update(
        state=JobState.RUNNING,
        attempts=F("attempts") + 1,
        lease_token=token,
        lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
        started_at=now,
    )
    if claimed:
        return Job.objects.filter(id=job_id, lease_token=token).first()
    _give_up(Job.objects.filter(claimable(now), id=job_id, attempts__gte=settings.JOB_MAX_ATTEMPTS), now)
    return None


def _held(job: Job) -> Any:
    return Job.objects.filter(id=job.id, state=JobState.RUNNING, lease_token=job.lease_token)


def finish(job: Job, *, write: Callable[[], object], at: datetime | None = None) -> bool:
    """Write the effect and mark the job done in one transaction; False, and nothing written, if the lease was lost.

    A transaction that only met another writer is tried again here, because that is no failed attempt of the job.
    """

    def attempt() -> bool:
        with transaction.atomic():
            # Marking first takes the row's lock, so a second worker waits here and then finds the token gone.
            mine = _held(job).update(
                state=JobState.DONE, finished_at=at or timezone.now(), lease_token="", lease_until=None, error="",
                done=F("total"),
            )  # fmt: skip
            if mine:
                write()
        return bool(mine)

    return insisting(attempt)


def fail(job: Job, *, error: str, at: datetime | None = None) -> bool:
    """Give the job back with its error: queued again, or failed when its attempts are used up; False if not held."""
    moment = at or timezone.now()
    last = job.attempts >= settings.JOB_MAX_ATTEMPTS
    line = f"{moment.isoformat(timespec='seconds')} attempt {job.attempts}: {error}\n"
    with transaction.atomic():
        mine = _held(job).update(
            state=JobState.FAILED if last else JobState.QUEUED,
            finished_at=moment if last else None,
            dispatched_at=moment,
            lease_token="",
            lease_until=None,
            error=error,
            log=Concat(F("log"), Value(line)),
        )
        if mine and last:
            _mark_run(job, RunState.FAILED)
        elif mine:
            delay = float(settings.JOB_REDISPATCH_SECONDS)
            transaction.on_commit(partial(ring, job.id, job.kind, delay=delay), robust=True)
    return bool(mine)


def progress(job: Job, *, done: int, total: int, now: datetime) -> bool:
    """Say how far the job is and extend its lease; False when the lease was lost, so that the worker can stop."""
    lease = now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    return bool(_held(job).update(done=done, total=total, lease_until=lease))


def keep(job: Job, *, now: datetime) -> bool:
    """Extend the lease of a job that is still worked on; False when it was lost."""
    return bool(_held(job).update(lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS)))


@contextmanager
def kept_alive(job: Job) -> Iterator[None]:
    """Extend the lease from a thread for as long as the work lasts, so that only a worker that died loses it.

    A thread because the work itself may say nothing for minutes; it ends with the process, whatever ends that.
    """
    done = threading.Event()

    def extend() -> None:
        while not done.wait(settings.JOB_LEASE_SECONDS / 3):
            try:
                if not keep(job, now=timezone.now()):
                    return
            except DatabaseError as error:
                log.warning("the lease of job %s was not extended: %s", job.id, error)
            finally:
                connection.close()

    thread = threading.Thread(target=extend, name=f"lease-{job.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def alike(job: Job) -> list[str]:
    """Return the ids of waiting jobs of the same kind about the same thing: what `assess:card_...:` starts with."""
    prefix = job.key.rpartition(":")[0] + ":"
    waiting = Job.objects.filter(kind=job.kind, state=JobState.QUEUED, key__startswith=prefix).exclude(id=job.id)
    return list(waiting.order_by("id").values_list("id", flat=True))


def absorb(ids: list[str], *, into: Job, at: datetime) -> int:
    """Mark waiting jobs done whose effect `into` has had too, inside its transaction; return how many."""
    line = f"{at.isoformat(timespec='seconds')} done together with {into.id}\n"
    waiting = Job.objects.filter(id__in=ids, state=JobState.QUEUED)
    return waiting.update(state=JobState.DONE, finished_at=at, error="", log=Concat(F("log"), Value(line)))


def _mark_run(job: Job, state: str) -> None:
    run = EvaluationRun.objects.filter(id=job.payload.get("run", "")).first() if job.kind == "measure" else None
    if run is not None and run.state != RunState.MEASURED:
        run.written(state=state)


def _give_up(exhausted: Any, now: datetime) -> int:
    """Fail jobs whose worker died in every attempt: a poison job must not go round for ever."""
    failed = 0
    for job in exhausted:
        with transaction.atomic():
            words = f"The worker died or was killed in every one of {job.attempts} attempts."
            line = f"{now.isoformat(timespec='seconds')} {words}\n"
            given_up = Job.objects.filter(
                claimable(now), id=job.id, attempts=job.attempts, lease_token=job.lease_token
            ).update(
                state=JobState.FAILED,
                finished_at=now,
                lease_token="",
                lease_until=None,
                error=job.error or words,
                log=Concat(F("log"), Value(line)),
            )
            if given_up:
                _mark_run(job, RunState.FAILED)
                failed += 1
    return failed


def _end_abandoned_leases(now: datetime) -> None:
    """End the leases of workers on this machine that are gone, so that nobody waits for them to run out.

    Safe whatever happens to be true: who holds a lease that was ended by mistake can still finish, until another
    claims the job with a token of its own.
    """
    held = Job.objects.filter(
        state=JobState.RUNNING, lease_until__gt=now, lease_token__startswith=f"{leases.place()}-"
    )  # fmt: skip
    for identifier, token in held.values_list("id", "lease_token"):
        if leases.is_abandoned(token):
            Job.objects.filter(id=identifier, state=JobState.RUNNING, lease_token=token).update(lease_until=now)


def reconcile(*, now: datetime) -> Reconciled:
    """Ring again for jobs that wait too long or whose lease is over; fail those out of attempts.

    Any number of reconcilers may run at once.
    """
    WorkerBeat.objects.update_or_create(name=BEAT_NAME, defaults={"at": now})
    _end_abandoned_leases(now)
    failed = _give_up(list(Job.objects.filter(claimable(now), attempts__gte=settings.JOB_MAX_ATTEMPTS)), now)
    return Reconciled(rung=sum(ring_again(queue, now=now) for queue in QUEUES), failed=failed)


def retry(job: Job, *, at: datetime) -> Job:
    """Queue a failed job again with all its attempts, and return it as it is now. Raises NotFailed."""
    with transaction.atomic():
        queued = Job.objects.filter(id=job.id, state=JobState.FAILED).update(
            state=JobState.QUEUED, attempts=0, dispatched_at=at, finished_at=None, error=""
        )
        if not queued:
            raise NotFailed(f"{job} has not failed")
        _mark_run(job, RunState.RECEIVED)
        transaction.on_commit(partial(ring, job.id, job.kind), robust=True)
    job.refresh_from_db()
    return job


def last_beat() -> datetime | None:
    """Return when a reconciler last ran, or None: without it nobody picks up what was lost."""
    return WorkerBeat.objects.filter(name=BEAT_NAME).values_list("at", flat=True).first()


def worker_lives(name: str, *, now: datetime) -> None:
    """Write a worker's heartbeat; its silence is what `no worker is running` is read from."""
    WorkerBeat.objects.update_or_create(name=f"{WORKER_PREFIX}{name}"[:100], defaults={"at": now})


def last_worker_beat() -> datetime | None:
    """Return when any worker was last heard of, or None."""
    beats = WorkerBeat.objects.filter(name__startswith=WORKER_PREFIX)
    return beats.order_by("-at").values_list("at", flat=True).first()
