"""The scorecard's page and its live part, which an open page asks for every two seconds."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from scorecard.access import Person, visible_runs, visible_scorecard
from scorecard.framework.reading import decided_by
from scorecard.models import Scorecard
from scorecard.queries import card_document_for, evidence_sections
from scorecard.rendering import pdf_state
from scorecard.web.card_view import category_rows, decisions, exceptions, with_ages
from scorecard.web.categories import category_context
from scorecard.web.doors import card_and_person, levels_of, page, reader_for
from scorecard.web.other_evidence import other_evidence
from scorecard.web.pulse import pulse


def card_context(card: Scorecard, person: Person, document: dict[str, Any]) -> dict[str, Any]:
    """Return what the scorecard page and its live part show."""
    rows = category_rows(document, card.framework.document)
    return {
        "card": card,
        "person": person,
        "document": document,
        "whole": not any("withheld" in row for row in document["categories"]),
        "levels": levels_of(card),
        "rows": rows,
        "decisions": decisions(document),
        "decided_by": decided_by(document, card.framework.document),
        "exceptions": exceptions(document, rows),
        "pdf": pdf_state(card),
        "pulse": pulse(card),
        "changes": with_ages(document["changes"], timezone.now()),
    }


@page()
def scorecard(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Show one version of a scorecard."""
    card, person = card_and_person(request, number, version)
    reader = reader_for(request)
    context = card_context(card, person, card_document_for(reader, card))
    sections = evidence_sections(card, visible_runs(reader))
    more = {"sections": sections, "other_evidence": other_evidence(card, reader)}
    return render(request, "pages/scorecard.html", {**context, **more})


@page()
def newest(request: HttpRequest, number: str) -> HttpResponse:
    """Send the address of a scorecard without a version to its newest version that the person may see."""
    card = visible_scorecard(reader_for(request), number=number)
    return redirect("web:scorecard", card.number, card.version)


@page()
def live(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Answer an open page: nothing when nothing changed since `seen`, else the changed parts to swap in."""
    card, person = card_and_person(request, number, version)
    if request.GET.get("seen") == pulse(card):
        return HttpResponse(status=204)
    document = card_document_for(reader_for(request), card)
    context = card_context(card, person, document)
    shown = request.GET.get("category", "")
    if shown:
        context |= category_context(card, document, shown)
        context["changes"] = with_ages(document["changes"], timezone.now(), category=shown)
    else:
        context["other_evidence"] = other_evidence(card, reader_for(request))
    return render(request, "pages/live.html", context)
