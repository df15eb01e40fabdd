"""The evaluation plan of a scorecard: what was locked before results, what was done of it, and locking it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from scorecard import planning
from scorecard.access import Person, untold_evaluations
from scorecard.models import Role, Scorecard
from scorecard.queries import card_document_for
from scorecard.queries.plans import plan_versions
from scorecard.refusals import Refused
from scorecard.snapshot import SIDES
from scorecard.web.doors import card_and_person, levels_of, page, reader_for

ITEM = ("samples", "dataset")
"""What the form asks of each measurement."""


def _offered(request: HttpRequest, card: Scorecard) -> list[dict[str, Any]]:
    """Return the measurements that the framework's thresholds read, each with what the newest version plans of it."""
    versions = plan_versions(card)
    planned = {_name(item): item for item in (versions[-1].items if versions else [])}
    untold = untold_evaluations(reader_for(request), card.programme_id, card.framework)
    rows = {}
    for indicator in card.framework.document["indicators"]:
        for side in indicator.get("sides") or SIDES:
            measure = {name: indicator[name] for name in ("evaluation", "stratum", "metric")}
            row = {**measure, "mitigation": side}
            if indicator["evaluation"] not in untold:
                rows[_name(row)] = {**row, "name": _name(row), "planned": planned.get(_name(row))}
    return [rows[name] for name in sorted(rows)]


def _name(row: dict[str, Any]) -> str:
    return "|".join(str(row[name] or "") for name in ("evaluation", "stratum", "metric", "mitigation"))


def _page(request: HttpRequest, card: Scorecard, person: Person, **extra: Any) -> HttpResponse:
    document = card_document_for(reader_for(request), card)
    versions = plan_versions(card)
    context = {
        "card": card,
        "document": document,
        "levels": levels_of(card),
        "plan": document.get("plan"),
        "offered": _offered(request, card),
        "seen": versions[-1].version if versions else 0,
        "stopping_rule": versions[-1].stopping_rule if versions else "",
        "may_lock": person.has(Role.PREPAREDNESS),
        **extra,
    }
    return render(request, "pages/plan.html", context, status=extra.get("status", 200))


def _samples(text: str, place: str) -> int | None:
    """Return a number of samples; None for an empty field. Raises Refused 422 for anything else."""
    if not text.strip():
        return None
    if not text.strip().isascii() or not text.strip().isdigit() or not 0 < int(text.strip()[:12]) <= 10**9:
        raise Refused(
            "samples-unusable", f"{text!r} is no number of samples.", remedy="Write a whole number above 0.",
            status=422, pointer=place,
        )  # fmt: skip
    return int(text)


def _items(request: HttpRequest, card: Scorecard) -> list[dict[str, Any]]:
    """Return the chosen measurements with what the form says of them; what the form does not ask stays as it was."""
    chosen, items = set(request.POST.getlist("item")), []
    for row in _offered(request, card):
        if row["name"] not in chosen:
            continue
        said = {name: request.POST.get(f"{name}:{row['name']}", "").strip() for name in ITEM}
        samples = _samples(said["samples"], f"/items/{row['name']}")
        measure = {name: row[name] for name in ("evaluation", "stratum", "metric", "mitigation")}
        items.append({
            **(row["planned"] or {}), **measure, "planned_samples": samples, "dataset_digest": said["dataset"] or None,
        })  # fmt: skip
    offered = {row["name"] for row in _offered(request, card)}
    versions = plan_versions(card)
    kept = [item for item in (versions[-1].items if versions else []) if _name(item) not in offered]
    return [*items, *kept]


@page("POST")
def plan(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Show the plan against what was done; a posted form locks its next version."""
    card, person = card_and_person(request, number, version)
    if request.method != "POST":
        return _page(request, card, person)
    said = {name: request.POST.get(name, "") for name in ("stopping_rule", "reason")}
    seen = request.POST.get("seen", "0")
    try:
        made = planning.lock(
            card.checkpoint, card.framework, items=_items(request, card), **said,
            seen=int(seen) if seen.isascii() and seen.isdigit() else 0, by=person, at=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        return _page(request, card, person, refusal=refusal, given=said, status=refusal.status)
    messages.success(request, f"Version {made.version} of the plan is locked. Results before it are marked as such.")
    return redirect("web:plan", number, version)
