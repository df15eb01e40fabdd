"""The outlook of a scorecard: levels that are expected to be reached, and exception clauses that it invokes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from scorecard import forecasting, invoking
from scorecard.access import Person, visible_forecasts, visible_invocations, withheld_categories
from scorecard.framework.derivation import level_names
from scorecard.framework.ladders import ladder, not_yet_defined
from scorecard.models import Role, Scorecard, State
from scorecard.queries import card_document_for
from scorecard.queries.expectations import exceptions_of, standing_forecasts
from scorecard.reasons import day_given
from scorecard.refusals import Refused
from scorecard.web.doors import card_and_person, levels_of, page, reader_for, the_one

FORECASTERS = (Role.PREPAREDNESS, Role.ADVISORY_MEMBER, Role.ADVISORY_CHAIR)
INVOKERS = (Role.PREPAREDNESS, Role.LEADERSHIP)


def _categories(card: Scorecard, request: HttpRequest) -> list[dict[str, Any]]:
    """Return the categories that the reader may forecast for, each with the levels that it has."""
    document, hidden = card.framework.document, withheld_categories(reader_for(request), card)
    return [
        {
            "slug": row["slug"],
            "name": row["name"],
            "levels": [one for one in ladder(document, row["slug"])
                       if one["slug"] not in not_yet_defined(document, row["slug"])],
        }
        for row in document["categories"]
        if row["slug"] not in hidden
    ]  # fmt: skip


def _forecasts(card: Scorecard, request: HttpRequest) -> list[dict[str, Any]]:
    names = {row["slug"]: row["name"] for row in card.framework.document["categories"]}
    seen = visible_forecasts(reader_for(request)).filter(id__in=standing_forecasts(card).values("id"))
    today = timezone.now().date()
    return [
        {"row": row, "category": names.get(row.category, row.category), "overdue": row.by_day < today} for row in seen
    ]


def _page(request: HttpRequest, card: Scorecard, person: Person, **extra: Any) -> HttpResponse:
    document = card.framework.document
    invoked = exceptions_of(card)
    context = {
        "card": card,
        "document": card_document_for(reader_for(request), card),
        "levels": levels_of(card),
        "forecasts": _forecasts(card, request),
        "categories": _categories(card, request),
        "names": level_names(document),
        "may_forecast": person.has(*FORECASTERS),
        "invoked": invoked,
        "clauses": [
            row for row in document.get("exceptions", []) if row["slug"] not in {one["clause"] for one in invoked}
        ],
        "may_invoke": person.has(*INVOKERS) and card.state == State.DRAFT,
        **extra,
    }
    return render(request, "pages/outlook.html", context, status=extra.get("status", 200))


@page()
def outlook(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Show the standing forecasts and the clauses of one scorecard."""
    card, person = card_and_person(request, number, version)
    return _page(request, card, person)


@page("POST")
def forecast(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Forecast a level; a refusal comes back with the form's values."""
    card, person = card_and_person(request, number, version)
    if request.method != "POST":
        return redirect("web:outlook", number, version)
    given = {name: request.POST.get(name, "") for name in ("category", "level", "post_level", "by_day", "basis")}
    try:
        told = {name: given[name] for name in ("category", "level", "basis")}
        day = day_given(given["by_day"], pointer="/by_day")
        left = given["post_level"] or given["level"]
        forecasting.forecast(card, **told, post_level=left, by_day=day, by=person, at=timezone.now())
    except Refused as refusal:
        if refusal.status == 404:
            raise
        return _page(request, card, person, refusal=refusal, given=given, status=refusal.status)
    messages.success(request, "The forecast stands. Gates and duties that count forecasts read it from now on.")
    return redirect("web:outlook", number, version)


@page("POST")
def withdraw_forecast(request: HttpRequest, number: str, version: int, forecast_id: str) -> HttpResponse:
    """Withdraw a standing forecast, with the reason."""
    card, person = card_and_person(request, number, version)
    if request.method != "POST":
        return redirect("web:outlook", number, version)
    row = the_one(visible_forecasts(reader_for(request)).filter(id=forecast_id), "forecast")
    try:
        forecasting.withdraw(row, reason=request.POST.get("reason", ""), by=person, at=timezone.now())
    except Refused as refusal:
        return _page(request, card, person, refusal=refusal, status=refusal.status)
    messages.success(request, "The forecast was withdrawn. Cards that carried it have to be signed again.")
    return redirect("web:outlook", number, version)


@page("POST")
def invoke(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Invoke an exception clause on a draft."""
    card, person = card_and_person(request, number, version)
    if request.method != "POST":
        return redirect("web:outlook", number, version)
    clause = request.POST.get("clause", "")
    grounds = {key.removeprefix("grounds-"): request.POST[key] for key in request.POST if key.startswith("grounds-")}
    try:
        invoking.invoke(card, clause=clause, grounds=grounds, by=person, at=timezone.now())
    except Refused as refusal:
        return _page(request, card, person, refusal=refusal, grounds=grounds, status=refusal.status)
    messages.success(request, "The clause is invoked. Whoever signs the card signs this with it.")
    return redirect("web:outlook", number, version)


@page("POST")
def withdraw_exception(request: HttpRequest, number: str, version: int, invocation_id: str) -> HttpResponse:
    """Withdraw an exception clause from a draft, with the reason."""
    card, person = card_and_person(request, number, version)
    if request.method != "POST":
        return redirect("web:outlook", number, version)
    row = the_one(visible_invocations(reader_for(request)).filter(id=invocation_id, scorecard=card), "exception")
    try:
        invoking.withdraw(row, reason=request.POST.get("reason", ""), by=person, at=timezone.now())
    except Refused as refusal:
        return _page(request, card, person, refusal=refusal, status=refusal.status)
    messages.success(request, "The clause was withdrawn.")
    return redirect("web:outlook", number, version)
