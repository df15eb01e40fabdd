"""Review and sign-off: the check-answers page and its deeds; and the list of what waits for signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from scorecard import sealing, signing
from scorecard.access import Person, visible_scorecards
from scorecard.framework.reading import decided_by
from scorecard.models import Scorecard, State
from scorecard.queries import card_document_for, cards_in_review
from scorecard.refusals import Refused
from scorecard.web import review_view
from scorecard.web.addresses import address_of
from scorecard.web.card_view import category_rows, decisions, exceptions
from scorecard.web.doors import card_and_person, levels_of, page, reader_for

KEPT = ("as", "reason")
Deed = Callable[[Scorecard, Person, dict[str, str]], str]


def _page(request: HttpRequest, card: Scorecard, person: Person, *, status: int = 200, **extra: Any) -> HttpResponse:
    document = card_document_for(reader_for(request), card)
    rows = category_rows(document, card.framework.document)
    context = {
        "card": card,
        "person": person,
        "document": document,
        "levels": levels_of(card),
        "rows": rows,
        "decisions": decisions(document),
        "decided_by": decided_by(document, card.framework.document),
        "exceptions": exceptions(document, rows),
        "authors": review_view.authors(document),
        "own_part": review_view.own_part(document, person),
        "choices": review_view.signing_choices(document, person),
        "why_not_sign": review_view.why_not_sign(card, document, person),
        "why_not_request": review_view.why_not_request(card, document, person),
        "why_not_seal": review_view.why_not_seal(card, document, person),
        "why_not_reopen": review_view.why_not_reopen(person),
        **extra,
    }
    return render(request, "pages/review.html", context, status=status)


@page()
def review(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Show what would be signed, by whom, and the forms for it."""
    card, person = card_and_person(request, number, version)
    return _page(request, card, person)


def _do(request: HttpRequest, number: str, version: int, deed: Deed) -> HttpResponse:
    """Run a deed for a POST: its words on success, the page with the kept values and the remedy on refusal."""
    card, person = card_and_person(request, number, version)
    if request.method != "POST":
        return redirect("web:review", number, version)
    given = {name: request.POST.get(name, "") for name in ("as", "seen", "reason", "password", "code")}
    given["address"] = address_of(request)
    try:
        words = deed(card, person, given)
    except Refused as refusal:
        card, person = card_and_person(request, number, version)
        kept = {name: given[name] for name in KEPT}
        kept["chosen"] = kept.pop("as")
        return _page(request, card, person, status=refusal.status, refusal=refusal, given=kept)
    messages.success(request, words)
    return redirect("web:review", number, version)


def _ask(card: Scorecard, person: Person, given: dict[str, str]) -> str:
    signing.request(card, seen=given["seen"], by=person, at=timezone.now())
    return "Review was requested: from now on people sign exactly this content."


def _sign(card: Scorecard, person: Person, given: dict[str, str]) -> str:
    role, _, meaning = given["as"].partition(":")
    made = signing.sign(
        card,
        role=role,
        meaning=meaning,
        seen=given["seen"],
        reason=given["reason"],
        password=given["password"],
        code=given["code"],
        address=given["address"],
        by=person,
        at=timezone.now(),
    )
    return f"Signed. Receipt {made.id}: you signed {made.digest}."


def _decline(card: Scorecard, person: Person, given: dict[str, str]) -> str:
    signing.decline(
        card,
        seen=given["seen"],
        reason=given["reason"],
        password=given["password"],
        code=given["code"],
        address=given["address"],
        by=person,
        at=timezone.now(),
    )
    return "Declined: the card is a draft again and standing signatures no longer count."


def _reopen(card: Scorecard, person: Person, given: dict[str, str]) -> str:
    signing.reopen(card, reason=given["reason"], by=person, at=timezone.now())
    return "The card is a draft again."


def _seal(card: Scorecard, person: Person, given: dict[str, str]) -> str:
    sealing.seal(card, seen=given["seen"], by=person, at=timezone.now())
    return "Sealed. The PDF and the auditor's bundle are made now."


@page("POST")
def ask(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Request review."""
    return _do(request, number, version, _ask)


@page("POST")
def sign(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Sign the digest that the page showed."""
    return _do(request, number, version, _sign)


@page("POST")
def decline(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Decline to sign."""
    return _do(request, number, version, _decline)


@page("POST")
def reopen(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Take the card back to draft."""
    return _do(request, number, version, _reopen)


@page("POST")
def seal(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Seal the card."""
    return _do(request, number, version, _seal)


@page()
def reviews(request: HttpRequest) -> HttpResponse:
    """List the cards that wait for signatures, and the drafts behind them."""
    reader = reader_for(request)
    drafts = visible_scorecards(reader).filter(state=State.DRAFT).order_by("-opened_at")
    return render(request, "pages/reviews.html", {"waiting": cards_in_review(reader), "drafts": drafts})
