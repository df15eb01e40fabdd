"""Background work as people see it: counts, what failed and why, and whether a worker is there at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from evaluations import jobs as work
from evaluations.models import Job, JobState
from scorecard.access import Person, Reader, visible_jobs, visible_logs
from scorecard.models import Role
from scorecard.refusals import Refused
from scorecard.web.doors import page, reader_for

SHOWN = 50
OVER = (JobState.DONE, JobState.FAILED)
SILENCE = timedelta(seconds=30)
RETRIERS = (Role.ADMINISTRATOR, Role.PREPAREDNESS)


def worker_is_silent() -> bool:
    """Whether no worker was heard of for three of its heartbeats."""
    newest = work.last_worker_beat()
    return newest is None or timezone.now() - newest > SILENCE


def _people(request: HttpRequest) -> list[Person]:
    return reader_for(request).people()


def _names(reader: Reader, rows: Iterable[Job]) -> dict[str, str]:
    """Return log id -> its name, for the logs that the jobs read."""
    ids = {job.payload.get("log", "") for job in rows}
    return {row.id: row.name or row.id for row in visible_logs(reader).filter(id__in=ids).only("id", "name")}


def _standing(reader: Reader) -> dict[str, Any]:
    """Return the counts, and the jobs that are waited for: running ones first, then the queue in its order."""
    seen = visible_jobs(reader)
    counted = dict(seen.order_by().values_list("state").annotate(Count("id")))
    states = (JobState.RUNNING, JobState.QUEUED)
    waiting = [job for state in states for job in seen.filter(state=state).order_by("created_at")[:SHOWN]]
    newest = seen.filter(state__in=OVER).order_by("-finished_at").values_list("id", flat=True).first()
    over = f"{newest}.{sum(counted.get(state, 0) for state in OVER)}"
    return {
        "counts": [(state.label, counted.get(state.value, 0)) for state in JobState],
        "waiting": waiting,
        "unshown": sum(counted.get(state, 0) for state in states) - len(waiting),
        "names": _names(reader, waiting),
        "silent": worker_is_silent(),
        "over": over,
    }


def _finished(request: HttpRequest) -> dict[str, Any]:
    """Return the failed jobs with their error, and the newest ones that are done."""
    reader = reader_for(request)
    seen = visible_jobs(reader)
    done = list(seen.filter(state=JobState.DONE).order_by("-finished_at")[:SHOWN])
    return {
        "failed": seen.filter(state=JobState.FAILED).order_by("-created_at")[:SHOWN],
        "done": done,
        "done_names": _names(reader, done),
        "may_retry": any(person.has(*RETRIERS) for person in _people(request)),
    }


@page()
def jobs(request: HttpRequest) -> HttpResponse:
    """Show counts by state, what is worked on and how far it is, failed jobs with their error, and the newest ones."""
    standing = _standing(reader_for(request))
    return render(request, "pages/jobs.html", {**standing, **_finished(request)})


@page()
def live(request: HttpRequest) -> HttpResponse:
    """Answer an open page: how far the work is, and the finished jobs when another one is over since `seen`."""
    standing = _standing(reader_for(request))
    changed = request.GET.get("seen") != standing["over"]
    more = _finished(request) if changed else {}
    return render(request, "jobs/live.html", {**standing, **more, "changed": changed})


@page("POST")
def retry(request: HttpRequest, job_id: str) -> HttpResponse:
    """Queue a failed job again."""
    if request.method != "POST":
        return redirect("web:jobs")
    if not any(person.has(*RETRIERS) for person in _people(request)):
        raise Refused("role-missing", "Retrying needs the Preparedness team or an administrator.", status=403)
    job = visible_jobs(reader_for(request)).filter(id=job_id).first()
    if job is None:
        raise Refused("not-found", "There is no such job, or it is not visible to you.", status=404)
    try:
        work.retry(job, at=timezone.now())
    except work.NotFailed:
        raise Refused("not-failed", "Only a failed job can be retried.", remedy="Reload the page.") from None
    messages.success(request, "The job was queued again.")
    return redirect("web:jobs")
