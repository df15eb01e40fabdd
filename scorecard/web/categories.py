"""The category page: how its levels were reached, what would change them, and people's verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from scorecard.access import Person, visible_runs, visible_safeguards
from scorecard.determining import Grounds
from scorecard.determining import determine as determine_level
from scorecard.framework.derivation import level_names
from scorecard.framework.ladders import ladder, not_yet_defined
from scorecard.framework.reading import evidence_alone, plot_rows, read_steps
from scorecard.models import Kind, Role, SafeguardState, Scorecard, State
from scorecard.queries import card_document_for, evidence_sections
from scorecard.queries.credits import newest_safeguards
from scorecard.refusals import Refused
from scorecard.snapshot import LATE
from scorecard.web import posting_example
from scorecard.web.card_view import said_of, with_ages
from scorecard.web.category_view import category_entry, indicator_rows, what_would_raise
from scorecard.web.doors import card_and_person, levels_of, page, reader_for, refusal_page
from scorecard.web.pulse import pulse

SIDES = ("post_mitigation", "pre_mitigation")


def _found(document: dict[str, Any], slug: str) -> dict[str, Any]:
    for row in document["categories"]:
        if row["category"] == slug and "withheld" not in row:
            return {**row, "slug": slug}
    raise Refused("not-found", "There is no such category, or it is not visible to you.", status=404)


def category_context(card: Scorecard, document: dict[str, Any], slug: str) -> dict[str, Any]:
    """Return what the category's swappable part shows."""
    framework = card.framework.document
    found = _found(document, slug)
    names = level_names(framework)
    indicators = indicator_rows(found, framework, document["evidence"])
    return {
        "category": found,
        "entry": category_entry(framework, slug),
        "sides": [
            {
                "slug": side,
                "alone": evidence_alone(found[side], names),
                **found[side],
                "said": said_of(found[side], standing=not document["stale"]),
                "steps": read_steps(found[side]),
            }
            for side in SIDES
        ],
        "indicators": indicators,
        "raising": what_would_raise(indicators),
        "plots": plot_rows(found, framework, document["evidence"]),
        "late": list(
            dict.fromkeys(
                line["message"]
                for line in document["lint"]
                if line["code"] == LATE and line["where"].partition("/")[0] == slug
            )
        ),
        "credited": [
            row for row in document.get("safeguards", []) if row["id"] in found.get("credit", {}).get("safeguards", [])
        ],
    }


def _why_not_determine(card: Scorecard, person: Person) -> str:
    if card.state != State.DRAFT:
        return f"This version is {card.get_state_display().lower()}; levels are determined on a draft."
    if not person.has(Role.PREPAREDNESS):
        return f"Levels are determined by the {Role.PREPAREDNESS.label}; you do not hold that role."
    return ""


def _choices(request: HttpRequest, card: Scorecard, found: dict[str, Any]) -> dict[str, Any]:
    """Return what the form for determining offers beyond the levels."""
    held = [(found[side]["determination"] or {}).get("level") for side in ("pre_mitigation", "post_mitigation")]
    seen = set(visible_safeguards(reader_for(request)).values_list("id", flat=True))
    return {
        "offered": [
            level for level in ladder(card.framework.document, found["slug"])
            if level["slug"] not in not_yet_defined(card.framework.document, found["slug"])
        ],
        "kinds": [(kind, words) for kind, words in Kind.choices if kind != Kind.HELD_EQUAL],
        "equal_level": held[0] if held[0] != held[1] else None,
        "safeguards": [
            row for row in newest_safeguards(card.checkpoint.subject_id)
            if row.state == SafeguardState.IN_FORCE and row.id in seen
        ],
    }  # fmt: skip


def _page(request: HttpRequest, card: Scorecard, person: Person, slug: str, **extra: Any) -> HttpResponse:
    document = card_document_for(reader_for(request), card)
    context = category_context(card, document, slug)
    seen = visible_runs(reader_for(request))
    own = [group for group in evidence_sections(card, seen)["preparedness"] if group["category"] == slug]
    context |= {
        "card": card,
        "person": person,
        "document": document,
        "levels": levels_of(card),
        **_choices(request, card, context["category"]),
        "judged": [group for group in own if group["role"] == "indicator"],
        "informing": [group for group in own if group["role"] != "indicator"],
        "why_not": _why_not_determine(card, person),
        "changes": with_ages(document["changes"], timezone.now(), category=slug),
        "pulse": pulse(card),
        "example": posting_example.command(
            card, slug, evidence=document["evidence"], demo=settings.DEMO, root=Path(settings.BASE_DIR)
        ),
        **extra,
    }
    return render(request, "pages/category.html", context, status=extra.get("status", 200))


@page()
def category(request: HttpRequest, number: str, version: int, category: str) -> HttpResponse:
    """Show one category of a scorecard."""
    card, person = card_and_person(request, number, version)
    return _page(request, card, person, category)


@page("POST")
def determine(request: HttpRequest, number: str, version: int, category: str) -> HttpResponse:
    """Determine the level of one side; a refusal comes back with the form's values."""
    card, person = card_and_person(request, number, version)
    if request.method != "POST":
        return redirect("web:category", number, version, category)
    _found(card_document_for(reader_for(request), card), category)
    given = {name: request.POST.get(name, "") for name in ("mitigation", "level", "rationale", "seen")}
    said = {"kind": request.POST.get("kind") or Kind.DETERMINED, "argument": request.POST.get("argument", "")}
    grounds = Grounds(**said, safeguards=request.POST.getlist("safeguards"))
    try:
        determine_level(card, category=category, grounds=grounds, by=person, at=timezone.now(), **given)
    except Refused as refusal:
        if refusal.status == 404:
            return refusal_page(request, refusal)
        return _page(request, card, person, category, refusal=refusal, given={**given, **said}, status=refusal.status)
    messages.success(request, "The level was determined and written to the audit log.")
    return redirect("web:category", number, version, category)
