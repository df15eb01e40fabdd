"""The gate: may this checkpoint be deployed, or developed further? Denied unless a standing sealed card allows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from scorecard.access import Reader, visible_checkpoints, visible_scorecards
from scorecard.models import Scorecard, State
from scorecard.moments import rfc3339
from scorecard.queries.cards import snapshot_of
from scorecard.queries.withholding import stale_reasons_for

ANSWER_LASTS = timedelta(minutes=15)


def _blockers(reader: Reader, card: Scorecard, at: datetime) -> list[str]:
    if card.state == State.REVOKED:
        return [f"{card} was revoked: {card.revoke_reason}"]
    if card.state != State.SEALED:
        return [f"{card} is {card.get_state_display().lower()}, not sealed."]
    reasons = [row["words"] for row in stale_reasons_for(reader, card)[-3:]] if card.stale else []
    if card.expires_at is not None and card.expires_at <= at:
        reasons.append(f"{card} lapsed on {rfc3339(card.expires_at)}.")
    return reasons


def _standing_card(reader: Reader, checkpoint: str) -> Scorecard | None:
    cards = visible_scorecards(reader).filter(checkpoint__name=checkpoint)
    live = cards.filter(state__in=(State.SEALED, State.REVOKED)).order_by("-sealed_at").first()
    return live or cards.order_by("-opened_at").first()


def standing_gate(reader: Reader, checkpoint: str, action: str, at: datetime) -> dict[str, Any]:
    """Return the answer for a checkpoint name and an action, in the contract's form but without its signature.

    A checkpoint that the reader may not see is unknown, and denied like every unknown one.
    """
    card = _standing_card(reader, checkpoint)
    reasons: list[str] = []
    decision = "deny"
    if not visible_checkpoints(reader).filter(name=checkpoint).exists():
        reasons = [f"The checkpoint {checkpoint!r} is not known here."]
    elif card is None:
        reasons = [f"{checkpoint} has no scorecard."]
    else:
        reasons = _blockers(reader, card, at)
        gates = {row["action"]: row for row in snapshot_of(card)["gates"]} if not reasons else {}
        if not reasons and action not in gates:
            reasons = [f"The framework has no gate for {action!r}; it has {', '.join(sorted(gates))}."]
        elif not reasons:
            decision, reasons = gates[action]["decision"], [*gates[action]["reasons"]]
    return {
        "checkpoint": checkpoint,
        "action": action,
        "decision": decision,
        "reasons": reasons,
        "scorecard": str(card) if card else None,
        "digest": card.digest if card and card.digest else None,
        "issued_at": rfc3339(at),
        "expires_at": rfc3339(
            min(at + ANSWER_LASTS, card.expires_at) if card and card.expires_at else at + ANSWER_LASTS
        ),
    }
