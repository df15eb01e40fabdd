"""The standing forecasts and invoked clauses of a scorecard, as the snapshot carries them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from scorecard.models import Forecast, Invocation, Scorecard
from scorecard.moments import rfc3339


def standing_forecasts(card: Scorecard) -> QuerySet[Forecast]:
    """Return the forecasts for the card's subject under its framework that nobody withdrew, oldest first."""
    return Forecast.objects.filter(
        programme=card.programme, subject=card.checkpoint.subject, framework__slug=card.framework.slug,
        withdrawn_at=None,
    )  # fmt: skip


def forecasts_of(card: Scorecard) -> list[dict[str, Any]]:
    """Return the standing forecasts that the card's framework can read; others are in levels it does not have."""
    document = card.framework.document
    levels = {row["slug"] for row in document["levels"]}
    categories = {row["slug"] for row in document["categories"]}
    return [
        {
            "id": row.id,
            "category": row.category,
            "level": row.level,
            "post_level": row.post_level,
            "by_day": row.by_day.isoformat(),
            "basis": row.basis,
            "by": {"id": row.actor_id, "name": row.actor_name, "role": row.actor_role},
            "at": rfc3339(row.made_at),
        }
        for row in standing_forecasts(card)
        if row.category in categories and {row.level, row.post_level} <= levels
    ]


def exceptions_of(card: Scorecard) -> list[dict[str, Any]]:
    """Return the clauses that this version of the card invokes."""
    names = {row["slug"]: row["name"] for row in card.framework.document.get("exceptions", [])}
    standing: QuerySet[Invocation] = card.invocations.filter(withdrawn_at=None)
    return [
        {
            "id": row.id,
            "clause": row.clause,
            "name": names.get(row.clause, row.clause),
            "attestations": row.attestations,
            "by": {"id": row.actor_id, "name": row.actor_name, "role": row.actor_role},
            "at": rfc3339(row.invoked_at),
        }
        for row in standing
    ]
