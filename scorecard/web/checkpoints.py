"""Models and their checkpoints: what was judged and what was run."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluations.models import Checkpoint, EvaluationRun
from scorecard.access import (
    visible_applicability,
    visible_changes,
    visible_checkpoints,
    visible_runs,
    visible_scorecards,
    visible_subjects,
)
from scorecard.models import ChangeKind, Role, Scorecard
from scorecard.queries import snapshot_of
from scorecard.queries.contrasts import MOST_CARDS
from scorecard.refusals import Refused
from scorecard.web.doors import levels_of, page, person_in, reader_for


@page()
def checkpoints(request: HttpRequest) -> HttpResponse:
    """List models with their checkpoints; `?subject=` narrows to one model."""
    chosen = request.GET.get("subject", "")
    reader = reader_for(request)
    current = visible_runs(reader).filter(superseded_by=None).order_by()
    counts = dict(current.values_list("checkpoint").annotate(Count("id")))
    rows = list(visible_checkpoints(reader).filter(**({"subject__slug": chosen} if chosen else {})))
    for row in rows:
        row.runs = counts.get(row.id, 0)  # type: ignore[attr-defined]
    ordered = sorted(rows, key=lambda row: (row.subject.kind == "comparison", row.subject.name, row.name))
    context = {"checkpoints": ordered, "chosen": chosen, "history": _history(request, chosen) if chosen else ""}
    return render(request, "pages/checkpoints.html", context)


def _history(request: HttpRequest, subject: str) -> str:
    """Return the query by which the newest card of each of a model's checkpoints stand side by side, in their order."""
    cards = visible_scorecards(reader_for(request)).filter(checkpoint__subject__slug=subject)
    newest = {card.number: card for card in cards.order_by("opened_at", "version")}
    latest = list(newest.values())[-MOST_CARDS:]
    return urlencode([("card", f"{card.number}-v{card.version}") for card in latest]) if len(latest) > 1 else ""


def _version(card: Scorecard) -> dict[str, Any]:
    return {"card": card, "overall": snapshot_of(card)["overall"]}


def _coverage(checkpoint: Checkpoint, seen: QuerySet[EvaluationRun]) -> list[dict[str, Any]]:
    """Count those current runs of `seen` by evaluation and side."""
    counted = (
        seen.filter(checkpoint=checkpoint, superseded_by=None)
        .values("evaluation__slug", "evaluation__title", "mitigation")
        .annotate(runs=Count("id"))
        .order_by("evaluation__title")
    )
    rows: dict[str, dict[str, Any]] = {}
    for line in counted:
        row = rows.setdefault(
            line["evaluation__slug"],
            {"slug": line["evaluation__slug"], "title": line["evaluation__title"], "sides": {}},
        )
        row["sides"][line["mitigation"]] = line["runs"]
    return list(rows.values())


def _missing() -> Refused:
    return Refused("not-found", "There is no such checkpoint, or it is not visible to you.", status=404)


@page()
def checkpoint_of(request: HttpRequest, subject: str, name: str) -> HttpResponse:
    """Send the longer address of a checkpoint, below its model, to its page."""
    if not visible_checkpoints(reader_for(request)).filter(subject__slug=subject, name=name).exists():
        raise _missing()
    return redirect("web:checkpoint", name)


@page()
def checkpoint(request: HttpRequest, name: str) -> HttpResponse:
    """Show one checkpoint: scorecard versions, applicability, and which evaluations were run on which side.

    A model's name in its place leads to the list of that model's checkpoints.
    """
    reader = reader_for(request)
    found = visible_checkpoints(reader).filter(name=name).first()
    if found is None and visible_subjects(reader).filter(slug=name).exists():
        return redirect(f"{reverse('web:checkpoints')}?{urlencode({'subject': name})}")
    if found is None:
        raise _missing()
    return checkpoint_page(request, found)


def checkpoint_page(request: HttpRequest, found: Checkpoint, **extra: Any) -> HttpResponse:
    """Return the page of a checkpoint that the reader sees; `extra` is what a refused form brings back."""
    reader = reader_for(request)
    cards = list(visible_scorecards(reader).filter(checkpoint=found).order_by("-number", "-version"))
    applied = visible_applicability(reader)
    context = {
        "checkpoint": found,
        "versions": [_version(card) for card in cards],
        "levels": levels_of(cards[0]) if cards else [],
        "coverage": _coverage(found, visible_runs(reader)),
        "applicability": applied.filter(Q(from_checkpoint=found) | Q(to_checkpoint=found)).order_by("determined_at"),
        "changes": visible_changes(reader).filter(checkpoint=found),
        "others": visible_checkpoints(reader).filter(subject=found.subject).exclude(id=found.id),
        "change_kinds": ChangeKind.choices,
        "may_determine": found.subject.kind != "comparison"
        and person_in(request, found.subject.programme).has(Role.PREPAREDNESS),
        **extra,
    }
    return render(request, "pages/checkpoint.html", context, status=extra.get("status", 200))
