"""Assessing: the machine's verdict for every category and side of a scorecard, kept whenever it changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from evaluations.actors import SYSTEM
from scorecard.framework.levels import indicate
from scorecard.ledger.canonical import digest
from scorecard.models import Assessment, Scorecard, Side
from scorecard.queries import evidence_of
from scorecard.recording import record


def assess(card: Scorecard, *, cause: str, at: datetime) -> list[Assessment]:
    """Assess every category and side from the current evidence; return the rows that changed.

    `cause` is the id of the run or determination that asked for it. An unchanged verdict writes nothing, so the same
    job run twice has the effect of one. The card remembers the day, which decides what had expired by then.
    """
    with transaction.atomic():
        card = Scorecard.objects.select_for_update().get(id=card.id)
        card.as_of = at.date()
        card.save(update_fields=["as_of"])
        evidence, former = evidence_of(card), _newest_digests(card)
        return [
            row
            for category in card.framework.document["categories"]
            for side in Side.values
            if (row := _assess_side(card, category["slug"], side, evidence, former, cause, at)) is not None
        ]


def _newest_digests(card: Scorecard) -> dict[tuple[str, str], str]:
    """Return (category, side) -> digest of its newest assessment."""
    newest = card.assessments.order_by().values("category", "mitigation").annotate(newest=Max("id")).values("newest")
    rows = Assessment.objects.filter(id__in=newest).values_list("category", "mitigation", "digest")
    return {(category, side): named for category, side, named in rows}


def _assess_side(
    card: Scorecard,
    category: str,
    side: str,
    evidence: list[dict[str, Any]],
    former: dict[tuple[str, str], str],
    cause: str,
    at: datetime,
) -> Assessment | None:
    result = indicate(card.framework.document, category, side, evidence)
    named = digest({"category": category, "mitigation": side, "framework": card.framework.digest, "result": result})
    if former.get((category, side)) == named:
        return None
    used = _runs_used(result)
    inputs = digest([item for item in evidence if item["run"] in used])
    row = Assessment.objects.create(
        scorecard=card,
        category=category,
        mitigation=side,
        result=result,
        digest=named,
        inputs_digest=inputs,
        cause=cause,
        assessed_at=at,
    )
    record(
        "category.assessed",
        subject=("scorecard", card.id),
        data={
            "number": card.number,
            "version": card.version,
            "category": category,
            "mitigation": side,
            "inputs": inputs,
            "framework": card.framework.digest,
            "digest": named,
            "reached_level": result["reached_level"],
            "indicated_level": result["indicated_level"],
            "cause": cause,
        },
        by=SYSTEM,
        at=at,
    )
    return row


def _runs_used(result: dict[str, Any]) -> set[str]:
    return {run["run"] for level in result["levels"] for row in level["indicators"] for run in row["runs"]}
