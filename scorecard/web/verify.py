"""The public verify page: what stands behind a digest or number, without signing in and without any level."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from scorecard.models import Rendering, Scorecard, SealedCard, State
from scorecard.queries import ledger_state

NUMBERED = re.compile(r"([A-Z]{2,6}-[0-9]{4}-[0-9]{4,8})(?:[ -]?v([0-9]{1,4}))?(?:\.pdf)?")
SHORT = re.compile(r"(?:sha256:)?([0-9a-f]{8,63})")
DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
PUBLISHED = (State.SEALED, State.SUPERSEDED, State.REVOKED)


def _sealed(given: str) -> tuple[Scorecard | None, str]:
    """Return the sealed card that a digest or number names, and which kind of name it was."""
    published = Scorecard.objects.filter(state__in=PUBLISHED)
    if found := DIGEST.fullmatch(given.lower()):
        digest = f"sha256:{found[1]}"
        if card := published.filter(digest=digest).first():
            return card, "record"
        rendering = Rendering.objects.filter(digest=digest).first()
        if rendering:
            return published.filter(id=rendering.scorecard_id).first(), "file"
        sealed = SealedCard.objects.filter(digest=digest).first()
        return (published.filter(id=sealed.scorecard_id).first() if sealed else None), "sealed record"
    if found := SHORT.fullmatch(given.lower()):
        # The short form stands on every page; one that fits two records names neither.
        alike = list(published.filter(digest__startswith=f"sha256:{found[1]}")[:2])
        return (alike[0] if len(alike) == 1 else None), "short record"
    if found := NUMBERED.fullmatch(given):
        named = published.filter(number=found[1])
        return (named.filter(version=int(found[2])) if found[2] else named.order_by("-version")).first(), "number"
    return None, ""


def _status(card: Scorecard) -> dict[str, Any]:
    newer = Scorecard.objects.filter(number=card.number, version__gt=card.version, state__in=PUBLISHED)
    return {
        "card": card,
        "newest": newer.order_by("-version").first(),
        "sealed": card.sealed_card,
        "pdf": card.renderings.filter(kind="pdf").first(),
    }


@never_cache
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Look a digest or number up; the file itself never leaves the person's computer."""
    given = request.GET.get("record", "").strip()[:200]
    card, kind = _sealed(given) if given else (None, "")
    context = {
        "given": given,
        "kind": kind,
        "found": _status(card) if card else None,
        "name": f"{card.number}-v{card.version}" if card else "PSC-2024-0001-v1",
        "whole_digest": DIGEST.fullmatch(given.lower()) is not None,
        "state": ledger_state(),
    }
    return render(request, "pages/verify.html", context)
