"""Received log files as people see them: what was read, what waits for a checkpoint, and why something was not read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from evaluations import reading_logs
from evaluations.binding import SIDES, Binding
from evaluations.models import JobState, LogFile, LogState
from evaluations.reading_logs import AlreadyReceived, BindingRefused, counts_of
from scorecard.access import visible_jobs, visible_logs
from scorecard.models import Role
from scorecard.refusals import Refused
from scorecard.showing import download_log
from scorecard.web.content import download, gate
from scorecard.web.doors import page, person_in, reader_for
from scorecard.web.runs import paged

ROWS = 50
BINDERS = (Role.PREPAREDNESS, Role.ADMINISTRATOR)


def may_bind(request: HttpRequest, log: LogFile) -> bool:
    """Whether the person may say which checkpoint a log belongs to."""
    return person_in(request, log.programme).has(*BINDERS)


@page()
def logs(request: HttpRequest) -> HttpResponse:
    """List logs, newest first; the state stands in the address."""
    seen = visible_logs(reader_for(request))
    counted = dict(seen.order_by().values_list("state").annotate(Count("id")))
    state = request.GET.get("state", "")
    shown = paged(request, seen.filter(state=state) if state in LogState.values else seen, size=ROWS)
    context = {
        "shown": shown,
        "rows": [(log, counts_of(log)) for log in shown],
        "states": [(one.value, one.label, counted.get(one.value, 0)) for one in LogState],
        "state": state,
    }
    return render(request, "pages/logs.html", context)


def _log(request: HttpRequest, log_id: str) -> LogFile:
    found = visible_logs(reader_for(request)).filter(id=log_id).first()
    if found is None:
        raise Refused("not-found", "There is no such log, or it is not visible to you.", status=404)
    return found


def _models(log: LogFile) -> list[str]:
    """Return the models of a log that nobody has bound, each once."""
    return list(dict.fromkeys(row["model"] or "" for row in log.unbound))


def _context(request: HttpRequest, found: LogFile) -> dict[str, Any]:
    job = visible_jobs(reader_for(request)).filter(key=f"read:{found.id}:{found.readings}").first()
    going_on = job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)
    return {
        "log": found,
        "counts": counts_of(found),
        "job": job,
        "going_on": going_on,
        "pulse": f"{found.state} {found.read_at and found.read_at.isoformat()}",
        "models": _models(found),
        "checkpoints": reading_logs.reach_of(found).checkpoints().order_by("subject__slug", "name"),
        "sides": SIDES,
        "may_bind": may_bind(request, found),
        "waiting": going_on or found.state == LogState.RECEIVED,
        **gate(("log", found.id), by=person_in(request, found.programme)),
    }


@page()
def log(request: HttpRequest, log_id: str) -> HttpResponse:
    """Show one log: who sent it, what is in it, and what to do about what was not read."""
    return render(request, "pages/log.html", _context(request, _log(request, log_id)))


@page()
def live(request: HttpRequest, log_id: str) -> HttpResponse:
    """Answer an open page of a log that is not read yet: how far the reading is, or what came of it."""
    context = _context(request, _log(request, log_id))
    changed = request.GET.get("seen") != context["pulse"]
    return render(request, "log/live.html", {**context, "changed": changed})


@page("POST")
def bind(request: HttpRequest, log_id: str) -> HttpResponse:
    """Say which checkpoint and side a model of the log is, and read it again."""
    found = _log(request, log_id)
    if request.method != "POST":
        return redirect("web:log", found.id)
    if not may_bind(request, found):
        raise Refused("role-missing", "Binding needs the Preparedness team or an administrator.", status=403)
    said = {name: request.POST.get(name, "").strip() for name in ("checkpoint", "mitigation", "evaluation")}
    said = {name: value for name, value in said.items() if value}
    model = request.POST.get("model", "")
    if model:
        binding = Binding.of({**found.binding, "models": {**found.binding.get("models", {}), model: said}})
    else:
        binding = Binding.of({**found.binding, **said})
    return _again(request, found, binding)


@page("POST")
def retry(request: HttpRequest, log_id: str) -> HttpResponse:
    """Read a log again as it is bound."""
    found = _log(request, log_id)
    if request.method != "POST":
        return redirect("web:log", found.id)
    if not may_bind(request, found):
        raise Refused("role-missing", "Reading again needs the Preparedness team or an administrator.", status=403)
    return _again(request, found, None)


def _again(request: HttpRequest, log: LogFile, binding: Binding | None) -> HttpResponse:
    try:
        reading_logs.read_again(log, binding=binding)
    except BindingRefused as refusal:
        fault = refusal.faults[0]
        raise Refused(fault.code, fault.detail, remedy=fault.remedy, status=422) from None
    except AlreadyReceived as fault:
        raise Refused("already-received", f"{fault}.", remedy="Look at that log.", status=409) from None
    messages.success(request, "The log is read again; the worker does it within seconds.")
    return redirect("web:log", log.id)


@page("POST")
def raw(request: HttpRequest, log_id: str) -> HttpResponseBase:
    """Download the file exactly as it was received, after the ledger entry that says why."""
    found = _log(request, log_id)
    if request.method != "POST":
        return redirect("web:log", found.id)
    digest = download_log(found, reason=request.POST.get("reason", ""), by=person_in(request, found.programme),
                          at=timezone.now())  # fmt: skip
    return download(digest, name=f"{found.id}.bin")
