"""The first page: every checkpoint with its newest scorecard, and what waits for a person."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from scorecard.access import (
    Reader,
    visible_applicability,
    visible_checkpoints,
    visible_documents,
    visible_runs,
    visible_scorecards,
)
from scorecard.models import Scorecard, State
from scorecard.queries.withholding import card_document_for


def shown_cards(reader: Reader) -> dict[str, list[Scorecard]]:
    """Return checkpoint id -> the card to show of each framework: the sealed one that stands, else the newest."""
    shown: dict[tuple[str, str], Scorecard] = {}
    for card in visible_scorecards(reader).order_by("opened_at", "version"):
        key = card.checkpoint_id, card.framework.slug
        former = shown.get(key)
        if former is None or card.state == State.SEALED or former.state != State.SEALED:
            shown[key] = card
    found: dict[str, list[Scorecard]] = {}
    for (checkpoint, _), card in shown.items():
        found.setdefault(checkpoint, []).append(card)
    return found


def overview_rows(reader: Reader) -> list[dict[str, Any]]:
    """Return a row for each checkpoint and framework it is judged by: comparison subjects stand last."""
    cards = shown_cards(reader)
    seen = visible_runs(reader).filter(superseded_by=None).order_by()
    counts = dict(seen.values_list("checkpoint").annotate(Count("id")))
    filed = visible_documents(reader).filter(superseded_by=None).order_by()
    documents = dict(filed.values_list("checkpoints").annotate(Count("id", distinct=True)))
    uses_of: dict[str, list[str]] = {}
    for row in visible_applicability(reader):
        uses_of.setdefault(row.from_checkpoint_id, []).append(row.to_checkpoint.name)
    rows = [
        {
            "subject": checkpoint.subject.name,
            "checkpoint": checkpoint.name,
            "kind": checkpoint.subject.kind,
            "card": card,
            "document": card_document_for(reader, card) if card is not None else None,
            "runs": counts.get(checkpoint.id, 0),
            "documents": documents.get(checkpoint.id, 0),
            "uses_of": uses_of.get(checkpoint.id, []),
        }
        for checkpoint in visible_checkpoints(reader)
        for card in cards.get(checkpoint.id, [None])
    ]
    return sorted(rows, key=lambda row: (row["card"] is None, row["kind"] == "comparison", row["checkpoint"]))


def cards_in_review(reader: Reader) -> list[Scorecard]:
    """Return the cards that wait for signatures, oldest request first."""
    return list(visible_scorecards(reader).filter(state=State.IN_REVIEW).order_by("requested_at"))
