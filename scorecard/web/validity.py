"""How long evidence holds: what falls due on the scorecards, and what is said of a checkpoint on its page."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from evaluations.models import Checkpoint
from scorecard import applying, changing
from scorecard.access import (
    Person,
    visible_applicability,
    visible_changes,
    visible_checkpoints,
    visible_scorecards,
    withheld_categories,
)
from scorecard.models import Scorecard, State
from scorecard.queries.validity import due_of
from scorecard.reasons import day_given
from scorecard.refusals import Refused
from scorecard.web.checkpoints import checkpoint_page
from scorecard.web.doors import levels_of, page, person_in, reader_for, the_one

STANDING = (State.DRAFT, State.IN_REVIEW, State.SEALED)
LOOKS = (30, 90, 365)
"""Days ahead that the page offers."""


def _standing(request: HttpRequest) -> list[Scorecard]:
    """Return the newest version of every scorecard that the reader sees and that still says something."""
    rows = visible_scorecards(reader_for(request)).order_by("number", "version")
    return [card for card in {card.number: card for card in rows}.values() if card.state in STANDING]


def _due(request: HttpRequest, card: Scorecard, days: int) -> dict[str, Any]:
    within = timezone.now().date() + timedelta(days=days)
    hidden = frozenset(withheld_categories(reader_for(request), card))
    return {"card": card, "levels": levels_of(card), **due_of(card, within=within, hidden=hidden)}


@page()
def due(request: HttpRequest) -> HttpResponse:
    """Show what has ended or ends within `?days=` (90), and the cheapest evaluations that renew it."""
    text = request.GET.get("days", "")
    days = int(text) if text in {str(look) for look in LOOKS} else 90
    rows = [_due(request, card, days) for card in _standing(request)]
    shown = [row for row in rows if row["items"] or row["renewals"]]
    ending = timezone.now() + timedelta(days=days)
    lapsing = [row["card"] for row in rows if row["expires_at"] is not None and row["expires_at"] <= ending]
    context = {"rows": shown, "lapsing": lapsing, "days": days, "looks": LOOKS, "cards": len(rows)}
    return render(request, "pages/due.html", context)


def _number(text: str) -> float | None:
    """Return the number that a field holds; None for an empty one. Raises Refused 422 for anything else."""
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise Refused(
            "compute-unusable", f"{text!r} is no number.", remedy="Write how many times, such as 1.5.", status=422,
            pointer="/compute_multiple",
        ) from None  # fmt: skip


def _apply(request: HttpRequest, target: Checkpoint, by: Person) -> str:
    said, now = request.POST, timezone.now()
    found = visible_checkpoints(reader_for(request)).filter(name=said.get("from_checkpoint", ""))
    source = the_one(found, "checkpoint")
    day = said.get("last_day", "")
    applying.declare_applicable(
        programme=by.programme, from_checkpoint=source, to_checkpoint=target, rationale=said.get("rationale", ""),
        limits=said.get("limits", ""), last_day=day_given(day, pointer="/last_day") if day else None,
        compute_multiple=_number(said.get("compute_multiple", "")), by=by, at=now,
    )  # fmt: skip
    return f"Results on {source.name} count here from now on."


def _change(request: HttpRequest, target: Checkpoint, by: Person) -> str:
    said, now = request.POST, timezone.now()
    day = day_given(said.get("happened_on", ""), pointer="/happened_on")
    end = datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
    happened_at = min(end, now) if day <= now.date() else end
    changing.report_change(
        programme=by.programme, checkpoint=target, kind=said.get("kind", ""), happened_at=happened_at,
        words=said.get("words", ""), by=by, at=now,
    )  # fmt: skip
    return "The change was reported. Evidence from before it ends where the framework says so."


def _withdraw(request: HttpRequest, target: Checkpoint, by: Person) -> str:
    named, reason, now = request.POST.get("id", ""), request.POST.get("reason", ""), timezone.now()
    if named.startswith("chg_"):
        rows = visible_changes(reader_for(request)).filter(checkpoint=target, id=named)
        changing.withdraw(the_one(rows, "change"), reason=reason, by=by, at=now)
        return "The report was withdrawn; what it ended stands again."
    applied = visible_applicability(reader_for(request)).filter(to_checkpoint=target, id=named)
    applying.withdraw(the_one(applied, "determination"), reason=reason, by=by, at=now)
    return "The determination was withdrawn. Cards that rest on it have to be signed again."


DEEDS = {"apply": _apply, "change": _change, "withdraw": _withdraw}


@page("POST")
def hold(request: HttpRequest, name: str) -> HttpResponse:
    """Determine that results hold for a checkpoint, report a change of it, or withdraw either (`deed`)."""
    target = the_one(visible_checkpoints(reader_for(request)).filter(name=name), "checkpoint")
    deed = DEEDS.get(request.POST.get("deed", ""))
    if request.method != "POST" or deed is None:
        return redirect("web:checkpoint", name)
    by = person_in(request, target.subject.programme)
    try:
        said = deed(request, target, by)
    except Refused as refusal:
        if refusal.status == 404:
            raise
        return checkpoint_page(request, target, refusal=refusal, given=request.POST.dict(), status=refusal.status)
    messages.success(request, said)
    return redirect("web:checkpoint", name)
