"""What every page's frame needs: navigation, the person, the demo banner."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from scorecard.access import visible_scorecards
from scorecard.models import State, User
from scorecard.web.doors import reader_for

NAVIGATION = (
    ("overview", "Overview"),
    ("checkpoints", "Models"),
    ("reviews", "Reviews"),
    ("due", "Due"),
    ("safeguards", "Safeguards"),
    ("frameworks", "Frameworks"),
    ("runs", "Runs"),
    ("sources", "Sources"),
    ("ledger", "Audit log"),
    ("access", "Access"),
)
PLACES = {
    "overview": "overview",
    "checkpoints": "checkpoints",
    "checkpoint": "checkpoints",
    "scorecard": "checkpoints",
    "category": "checkpoints",
    "what_if": "checkpoints",
    "xray": "checkpoints",
    "history": "checkpoints",
    "outlook": "checkpoints",
    "plan": "checkpoints",
    "contrast": "checkpoints",
    "due": "due",
    "safeguards": "safeguards",
    "safeguard": "safeguards",
    "review": "reviews",
    "reviews": "reviews",
    "frameworks": "frameworks",
    "framework": "frameworks",
    "against": "frameworks",
    "propose_framework": "frameworks",
    "proposed_framework": "frameworks",
    "runs": "runs",
    "run": "runs",
    "compare": "runs",
    "samples": "runs",
    "sample": "runs",
    "logs": "runs",
    "log": "runs",
    "evidence_list": "runs",
    "evidence_document": "runs",
    "sources": "sources",
    "source": "sources",
    "ledger": "ledger",
    "access": "access",
    "people": "access",
}


def _waiting(request: HttpRequest) -> int:
    return visible_scorecards(reader_for(request)).filter(state=State.IN_REVIEW).count()


def _demo_people(user: User) -> list[User]:
    return list(
        User.objects.filter(is_active=True)
        .exclude(memberships=None)
        .distinct()
        .order_by("first_name")
        .prefetch_related("memberships")
    )


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's context; what asks the database is lazy, because error pages must not need it."""
    user = getattr(request, "user", None)
    signed_in = bool(user is not None and user.is_authenticated)
    inside = signed_in and not getattr(request, "needs_second_factor", False)
    match = getattr(request, "resolver_match", None)
    return {
        "navigation": NAVIGATION if inside else (),
        "place": PLACES.get(match.url_name or "") if match else None,
        "signed_in": signed_in,
        "demo": settings.DEMO,
        "demo_people": SimpleLazyObject(lambda: _demo_people(user)) if settings.DEMO and signed_in else (),  # type: ignore[arg-type]
        "reviews_waiting": SimpleLazyObject(lambda: _waiting(request)) if signed_in else 0,
    }
