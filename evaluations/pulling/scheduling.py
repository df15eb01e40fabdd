"""When to pull: due sources get a job, a failed one waits twice as long each time, and two askers share one job.

Light on purpose: the loop that looks for due sources runs in a process that reads no logs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import SystemRandom

from django.db import transaction

from evaluations import jobs
from evaluations.models import Job, JobState, Source

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
SHORTEST_SCHEDULE, LONGEST_SCHEDULE = 60, 30 * 86_400
"""Seconds between two pulls of one source."""
_random = SystemRandom()


class SourceDisabled(ValueError):
    """A disabled source is not pulled from."""


def back_off(failures: int) -> timedelta:
    """Return the wait after so many failures in a row: 1, 2, 4 ... minutes, at most 6 hours, less up to a half by lot.

    By lot, because sources that failed together, with their server, would otherwise come back together.
    """
    doubled: timedelta = FIRST_WAIT * 2 ** min(failures - 1, 20)
    return min(doubled, LONGEST_WAIT) * _random.uniform(0.5, 1.0)


def next_moment(
    source: Source, *, at: datetime, more: bool = False, retry_after: float | None = None
) -> datetime | None:
    """Return when a source is due again after a pull that ended at `at`; None for one that is pulled on demand only."""
    if not source.enabled or not source.schedule_seconds:
        return None
    if source.failures:
        return at + max(back_off(source.failures), timedelta(seconds=retry_after or 0))
    return at if more else at + timedelta(seconds=source.schedule_seconds)


def _key(source: Source) -> str:
    return f"pull:{source.id}:{source.pulls + 1}"


def ask(source: Source, *, cause: str, asked_by: str = "") -> Job:
    """Return the job of the source's next pull, made unless it waits already. Raises SourceDisabled.

    A job whose worker died in every attempt is left behind, and the next one made.
    """
    with transaction.atomic():
        source = Source.objects.select_for_update().get(id=source.id)
        if not source.enabled:
            raise SourceDisabled(source.slug)
        if Job.objects.filter(key=_key(source), state=JobState.FAILED).exists():
            source.pulls += 1
            source.save(update_fields=["pulls"])
        payload = {"source": source.id, "cause": cause, "asked_by": asked_by}
        job = jobs.enqueue("pull", key=_key(source), payload=payload)
        if job.payload != payload and cause == "demand":
            # What a person asks for tries more than the schedule does, so the waiting job becomes theirs.
            Job.objects.filter(id=job.id, state=JobState.QUEUED).update(payload=payload)
        return job


def enqueue_due(*, now: datetime) -> int:
    """Ask for a pull of every source that is due, and return how many were asked for. Any number of loops may do it."""
    asked = 0
    for source in Source.objects.filter(enabled=True, schedule_seconds__gt=0, next_pull_at__lte=now):
        state = Job.objects.filter(key=_key(source)).values_list("state", flat=True).first()
        if state is None:
            ask(source, cause="schedule")
            asked += 1
        elif state == JobState.FAILED:
            _give_up(source, now)
    return asked


def _give_up(source: Source, now: datetime) -> None:
    """Count a job whose worker died in every attempt as a failed pull, so that the next one waits its turn."""
    with transaction.atomic():
        mine = Source.objects.select_for_update().get(id=source.id)
        if mine.pulls == source.pulls:
            mine.pulls, mine.failures = mine.pulls + 1, mine.failures + 1
            mine.next_pull_at = next_moment(mine, at=now)
            mine.save(update_fields=["pulls", "failures", "next_pull_at"])
