"""New evidence makes what rested on the old evidence stale, in the transaction that stores it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from evaluations.actors import SYSTEM, Actor
from evaluations.jobs import enqueue
from evaluations.models import Checkpoint, EvaluationRun
from scorecard.models import Applicability, Scorecard, State
from scorecard.moments import rfc3339
from scorecard.recording import record


def affected_cards(checkpoint: Checkpoint) -> list[Scorecard]:
    """Return the newest version (id and number) of every scorecard that rests on evidence of this checkpoint."""
    receiving = Applicability.objects.filter(from_checkpoint=checkpoint).values("to_checkpoint")
    cards = Scorecard.objects.filter(Q(checkpoint=checkpoint) | Q(checkpoint__in=receiving)).order_by("version")
    # Not the snapshots: every post asks this, and they are the largest texts of the database.
    return list({card.number: card for card in cards.only("id", "number", "version")}.values())


def locked(cards: list[Scorecard]) -> list[Scorecard]:
    """Lock the cards in the order of their ids inside the caller's transaction, and return them as they are now.

    Their snapshots stay behind until somebody asks for them.
    """
    rows = Scorecard.objects.select_for_update().defer("snapshot")
    return list(rows.filter(id__in=[card.id for card in cards]).order_by("id"))


def mark_stale(card: Scorecard, *, words: str, run: str | None, at: datetime, by: Actor) -> None:
    """Mark a sealed or reviewed card and its standing signatures stale; a card in review goes back to draft.

    Runs inside the caller's transaction. A draft is untouched: nothing rests on it yet.
    """
    card = Scorecard.objects.select_for_update().get(id=card.id)
    if card.state not in (State.SEALED, State.IN_REVIEW):
        return
    signatures = list(card.signatures.filter(stale_at=None))
    for signature in signatures:
        signature.stale_at, signature.stale_reason = at, words
        signature.save(update_fields=["stale_at", "stale_reason"])
    former_digest = card.digest
    card.stale_reasons = [*card.stale_reasons, {"at": rfc3339(at), "run": run, "words": words}]
    if card.state == State.SEALED:
        card.stale = True
    else:
        card.state, card.snapshot, card.digest, card.requested_at = State.DRAFT, "", "", None
    card.save()
    record(
        "scorecard.staled",
        subject=("scorecard", card.id),
        data={
            "number": card.number,
            "version": card.version,
            "digest": former_digest,
            "state": card.state,
            "run": run,
            "words": words,
            "signatures": [signature.id for signature in signatures],
        },
        by=by,
        at=at,
    )


def overtake(cards: list[Scorecard], *, words: str, cause: str, at: datetime) -> None:
    """Mark locked cards stale and have them assessed again, inside the caller's transaction; `cause` names it once."""
    for card in cards:
        mark_stale(card, words=words, run=None, at=at, by=SYSTEM)
        enqueue("assess", key=f"assess:{card.id}:{cause}", payload={"scorecard": card.id, "cause": cause})


def on_evidence_changed(
    sender: object, *, kind: str, run: EvaluationRun, actor: Actor, at: datetime, **kwargs: Any
) -> None:
    """Receive the one notice of the evidence app: write the ledger entry and mark what is stale.

    All cards are locked before the first ledger entry, in the order of their ids, because whoever assesses or signs
    locks a card first and the ledger last; the other way round two writers would wait for each other for ever.
    """
    cards = locked(affected_cards(run.checkpoint)) if kind == "run.received" else []
    record(
        kind,
        subject=("run", run.id),
        data={
            "digest": run.digest,
            "raw": run.raw_digest,
            "samples_root": run.samples_root or None,
            "revision": run.revision,
            "native_id": run.native_id,
            "evaluation": run.evaluation.slug,
            "stratum": run.stratum or None,
            "checkpoint": run.checkpoint.name,
            "mitigation": run.mitigation,
        },
        by=actor,
        at=at,
    )
    side = run.mitigation.replace("_", "-")
    what = "New evidence" if run.revision == 1 else f"Revision {run.revision} supersedes evidence"
    words = f"{what}: {run.evaluation.title} on {run.checkpoint.name}, {side}."
    for card in cards:
        if card.state != State.DRAFT:
            mark_stale(card, words=words, run=run.id, at=at, by=SYSTEM)
