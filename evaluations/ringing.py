"""Ringing: the doorbell of the workers. A job waits as a row; a message only says that somebody should look.

Each kind of work that takes long has a queue of its own, so that what takes milliseconds never stands behind it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db.models import F, Q, QuerySet, Value

from evaluations.models import Job, JobState

log = logging.getLogger(__name__)

TASKS = {
    "pull": "scorecard.tasks.pull_source",
    "read": "scorecard.tasks.read_log",
    "measure": "scorecard.tasks.measure_run",
    "assess": "scorecard.tasks.assess_scorecard",
    "render": "scorecard.tasks.render_document",
}
"""Kind of job -> the task that does it, by name, because the tasks live above the evidence."""
SHORT = "scorecard"
LONG = {"pull": "scorecard-pulling", "read": "scorecard-reading", "render": "scorecard-printing"}
"""Kind of long work -> its queue. No dots in the names: the file broker cuts its file names at the first one."""
QUEUES = (SHORT, *sorted(LONG.values()))
MOST_BELLS = 8
"""Messages about waiting jobs of one queue that may be under way again; each worker that answers one sends the next."""
LONGEST_WAIT = timedelta(minutes=5)


def queue_of(kind: str) -> str:
    """Return the queue that messages about a kind of job go to."""
    return LONG.get(kind, SHORT)


def kinds_of(queue: str) -> tuple[str, ...]:
    """Return the kinds of job whose messages go to a queue."""
    return tuple(kind for kind in TASKS if queue_of(kind) == queue)


def shortest_wait() -> timedelta:
    """Return how long a message may be under way before anybody doubts that it arrived."""
    return timedelta(seconds=settings.JOB_REDISPATCH_SECONDS)


def ring(job_id: str, kind: str, *, delay: float = 0.0) -> None:
    """Tell the workers, unless the work is over. A broker that is down costs only time: the reconciler rings again."""
    # A running job is announced too, because the job of a worker that died is still marked running.
    if Job.objects.filter(id=job_id, state__in=(JobState.DONE, JobState.FAILED)).exists():
        return
    try:
        current_app.send_task(
            TASKS[kind], args=[job_id], queue=queue_of(kind), countdown=delay or None, ignore_result=True
        )
    except Exception as error:  # whatever the transport raises, the row is committed and will be found
        log.warning("job %s was not announced: %s", job_id, error)


def claimable(now: datetime) -> Q:
    """Jobs that a worker may take at `now`: queued ones, and running ones whose lease is over."""
    return Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lte=now)


def _waited_long_enough(now: datetime) -> Q:
    # What was rung after waiting so long is given as long again: the wait doubles, from seconds to five minutes. A job
    # whose worker died counts from its last start.
    since = Value(now) - F("dispatched_at")
    doubled = Q(state=JobState.QUEUED, dispatched_at__lte=F("created_at") + since)
    doubled |= Q(state=JobState.RUNNING, dispatched_at__lte=F("started_at") + since)
    return Q(dispatched_at__lte=now - LONGEST_WAIT) | (Q(dispatched_at__lte=now - shortest_wait()) & doubled)


def _waiting(queue: str, now: datetime) -> QuerySet[Job]:
    most = settings.JOB_MAX_ATTEMPTS
    return Job.objects.filter(claimable(now), kind__in=kinds_of(queue), attempts__lt=most)


def was_rung_again(job: Job) -> bool:
    """Whether a message about the job was sent again after its first."""
    return job.dispatched_at - job.created_at >= shortest_wait()


def _oldest(queue: str, now: datetime) -> QuerySet[Job]:
    """Waiting jobs, oldest first, without those that failed a moment ago: these are given a pause."""
    pausing = Q(attempts__gt=0, dispatched_at__gt=now - shortest_wait())
    return _waiting(queue, now).exclude(pausing).order_by("created_at", "id")


def _ring_for(waiting: QuerySet[Job], now: datetime) -> int:
    rung = 0
    for job in waiting:
        mine = Job.objects.filter(claimable(now), id=job.id, dispatched_at=job.dispatched_at)
        if mine.update(dispatched_at=now):
            ring(job.id, job.kind)
            rung += 1
    return rung


def ring_again(queue: str, *, now: datetime) -> int:
    """Ring for jobs of a queue that waited too long for their message, longest first; return for how many.

    At most `MOST_BELLS` such messages are under way, however many jobs wait: k idle workers need k bells, and who
    answers one calls this again. So nothing piles up in the broker, and one that lost everything costs seconds.
    """
    waiting = _waiting(queue, now)
    under_way = waiting.filter(dispatched_at__gte=F("created_at") + Value(shortest_wait()))
    room = MOST_BELLS - under_way.exclude(_waited_long_enough(now)).count()
    return _ring_for(waiting.filter(_waited_long_enough(now)).order_by("dispatched_at")[: max(0, room)], now)


def ring_for_newcomer(queue: str, *, now: datetime) -> int:
    """Ring for the oldest jobs of a queue because a worker has just come; return for how many.

    What was rung while nobody listened may be lost, and would be rung again only after minutes.
    """
    return _ring_for(_oldest(queue, now)[:MOST_BELLS], now)


def ring_next(queue: str, *, now: datetime) -> int:
    """Ring for the oldest job of a queue because its lane is free again; return for how many.

    Messages that came while the lane was taken were turned away.
    """
    return _ring_for(_oldest(queue, now)[:1], now)
