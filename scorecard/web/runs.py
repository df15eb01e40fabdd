"""Evaluation runs: the list, one run in full, and its payload as received."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from evaluations.estimates.reported import shown_facts
from evaluations.models import EvaluationRun, Form, Mitigation
from evaluations.sample_queries import listing
from scorecard.access import visible_runs, visible_scorecards
from scorecard.attaching import attachment
from scorecard.models import Assessment
from scorecard.queries import unlisted_words
from scorecard.refusals import Refused
from scorecard.showing import download_payload, readable_samples
from scorecard.web.content import download, gate, opened
from scorecard.web.doors import page, person_in, reader_for
from scorecard.web.run_view import beside, candidates, doubt
from scorecard.web.sample_rows import listed_row

FILTERS = {
    "checkpoint": "checkpoint__name",
    "evaluation": "evaluation__slug",
    "mitigation": "mitigation",
    "form": "form",
    "actor": "actor_name",
}
CHOICES = {"mitigation": Mitigation.choices, "form": Form.choices}
ROWS, SAMPLES = 50, 20
COLUMNS = (
    "id",
    "checkpoint",
    "evaluation",
    "stratum",
    "metric",
    "mitigation",
    "form",
    "revision",
    "received_at",
    "digest",
)


def paged(request: HttpRequest, rows: Any, *, size: int) -> Page[Any]:
    """Return the page that the address names; a page that does not exist is the nearest one that does."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def _filtered(request: HttpRequest) -> tuple[QuerySet[EvaluationRun], dict[str, str]]:
    chosen = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    rows = visible_runs(reader_for(request)).defer("report")
    rows = rows.filter(**{FILTERS[name]: value for name, value in chosen.items()})
    if request.GET.get("superseded") != "yes":
        rows = rows.filter(superseded_by=None)
    return rows.order_by("-received_at", "-id"), chosen


def _defused(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _as_csv(rows: Iterable[EvaluationRun]) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run in rows:
        values = {"checkpoint": run.checkpoint.name, "evaluation": run.evaluation.slug}
        writer.writerow([_defused(str(values.get(name, getattr(run, name)))) for name in COLUMNS])
    return target.getvalue().encode()


@page()
def runs(request: HttpRequest) -> HttpResponse:
    """List runs; filters stand in the address, and the same list comes as CSV."""
    rows, chosen = _filtered(request)
    if request.GET.get("format") == "csv":
        return attachment(_as_csv(rows), name="runs.csv", content_type="text/csv; charset=utf-8")
    shown = paged(request, rows, size=ROWS)
    context = {"shown": shown, "chosen": chosen, "filters": FILTERS, "choices": CHOICES}
    return render(request, "pages/runs.html", context)


def run_of(request: HttpRequest, run_id: str) -> EvaluationRun:
    """Return a run that the visitor may see, with its log at hand. Raises Refused 404."""
    seen = visible_runs(reader_for(request)).select_related("superseded_by", "log")
    found: EvaluationRun | None = seen.filter(id=run_id).first()
    if found is None:
        raise Refused("not-found", "There is no such run, or it is not visible to you.", status=404)
    return found


def _cards_using(request: HttpRequest, run: EvaluationRun) -> list[Any]:
    """Return the visible scorecards on whose assessment this run has a part."""
    cards = visible_scorecards(reader_for(request)).order_by("number", "version")
    newest: dict[tuple[str, str, str], Assessment] = {
        (row.scorecard_id, row.category, row.mitigation): row
        for row in Assessment.objects.filter(scorecard__in=cards).order_by("id")
    }
    using = {
        row.scorecard_id
        for row in newest.values()
        for level in row.result["levels"]
        for indicator in level["indicators"]
        if any(one["run"] == run.id for one in indicator["runs"])
    }
    return [card for card in cards if card.id in using]


def _first_samples(run: EvaluationRun) -> dict[str, Any]:
    """Return the first samples of a run and how many there are, or why they cannot be read."""
    try:
        with readable_samples():
            found = listing(run, {}, limit=SAMPLES)
    except Refused as refusal:
        return {"unreadable": refusal}
    if found is None:
        return {}
    return {"samples": [listed_row(found.columns, index) for index in found.indices], "sample_count": found.total}


@page("POST")
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """Show one run: who posted what, when, and what was computed from it; its payload only for a recorded reason."""
    found = run_of(request, run_id)
    content, status = opened(request, found) if request.method == "POST" else ({}, 200)
    measurement = found.measurements.order_by("-measured_at").first()
    display = measurement.display if measurement is not None else {}
    context = {
        "run": found,
        "report": found.report,
        "measurement": measurement,
        "statuses": list(display.get("statuses", {}).items()),
        "unlisted": unlisted_words(found.evaluation.slug),
        "doubt": doubt(found),
        "printed": shown_facts(found.report)["printed"],
        "origins": list(display.get("error_origins", {}).items()),
        "former": found.supersedes.first(),
        "cards": _cards_using(request, found),
        **beside(display),
        **candidates(found, visible_runs(reader_for(request))),
        **_first_samples(found),
        **gate(("run", found.id), by=person_in(request, found.subject.programme)),
        **content,
    }
    return render(request, "pages/run.html", context, status=status)


@page("POST")
def raw(request: HttpRequest, run_id: str) -> HttpResponseBase:
    """Download the payload exactly as it was received, after the ledger entry that says why."""
    found = run_of(request, run_id)
    if request.method != "POST":
        return redirect("web:run", found.id)
    reason = request.POST.get("reason", "")
    by = person_in(request, found.subject.programme)
    digest = download_payload(found, reason=reason, by=by, at=timezone.now())
    return download(digest, name=f"{found.id}.bin")
