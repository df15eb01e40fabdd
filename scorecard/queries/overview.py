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


def shown_cards(reader: Reader) -> dict[str, Scorecard]:
    """Return checkpoint id -> the card to show: the sealed one that stands, else the newest version."""
    shown: dict[str, Scorecard] = {}
    for card in visible_scorecards(reader).order_by("opened_at", "version"):
        former = shown.get(card.checkpoint_id)
        if former is None or card.state == State.SEALED or former.state != State.SEALED:
            shown[card.checkpoint_id] = card
    return shown


def overview_rows(reader: Reader) -> list[dict[str, Any]]:
    """Return one row per checkpoint: evaluated and fictional subjects first, comparison subjects last."""
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
            "card": cards.get(checkpoint.id),
            "document": card_document_for(reader, cards[checkpoint.id]) if checkpoint.id in cards else None,
            "runs": counts.get(checkpoint.id, 0),
            "documents": documents.get(checkpoint.id, 0),
            "uses_of": uses_of.get(checkpoint.id, []),
        }
        for checkpoint in visible_checkpoints(reader)
    ]
    return sorted(rows, key=lambda row: (row["card"] is None, row["kind"] == "comparison", row["checkpoint"]))


def cards_in_review(reader: Reader) -> list[Scorecard]:
    """Return the cards that wait for signatures, oldest request first."""
    return list(visible_scorecards(reader).filter(state=State.IN_REVIEW).order_by("requested_at"))
