"""The page of scorecards side by side: two of them in every detail, or more on a grid, in the order of time."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scorecard.access import visible_scorecards
from scorecard.models import Scorecard
from scorecard.queries import card_document_for
from scorecard.queries.contrasts import MOST_CARDS, contrast_of
from scorecard.refusals import Refused
from scorecard.showing import readable_samples
from scorecard.web.doors import levels_of, page, reader_for

NAMED = re.compile(r"([A-Z]{2,6}-[0-9]{4}-[0-9]{4,8})-v([0-9]{1,6})")


def _offered(request: HttpRequest) -> list[Scorecard]:
    """Return the cards that the reader sees, oldest first; `?subject=` narrows to those of one model."""
    subject = request.GET.get("subject", "")
    rows = visible_scorecards(reader_for(request)).select_related("checkpoint__subject", "framework")
    narrowed = rows.filter(checkpoint__subject__slug=subject) if subject else rows
    return list(narrowed.order_by("opened_at", "number", "version"))


def _chosen(request: HttpRequest, offered: list[Scorecard]) -> list[Scorecard]:
    """Return the cards that the address names, in its order. Raises Refused 404 for one that is not there."""
    named = {f"{card.number}-v{card.version}": card for card in offered}
    found = []
    for name in dict.fromkeys(request.GET.getlist("card")):
        if not NAMED.fullmatch(name) or name not in named:
            raise Refused("not-found", "There is no such scorecard, or it is not visible to you.", status=404)
        found.append(named[name])
    if len(found) > MOST_CARDS:
        remedy = "Choose fewer of them."
        raise Refused("too-many-cards", f"At most {MOST_CARDS} scorecards stand beside each other.", remedy=remedy,
                      status=422)  # fmt: skip
    return found


@page()
def contrast(request: HttpRequest) -> HttpResponse:
    """Show the scorecards `?card=NUMBER-vN` (several) side by side; without two of them, a form to choose."""
    offered = _offered(request)
    chosen = _chosen(request, offered)
    context: dict[str, Any] = {
        "offered": offered,
        "names": [f"{card.number}-v{card.version}" for card in chosen],
        "most": MOST_CARDS,
        "levels": levels_of(chosen[0]) if chosen else [],
        "ladders": [levels_of(card) for card in chosen],
    }
    if len(chosen) > 1:
        documents = [card_document_for(reader_for(request), card) for card in chosen]
        with readable_samples():
            context["found"] = contrast_of(chosen, documents)
    return render(request, "pages/contrast.html", context)
