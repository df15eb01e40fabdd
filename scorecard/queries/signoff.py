"""Where sign-off stands: the framework's steps, the signatures that count, and what is missing."""

from __future__ import annotations

from typing import Any

from scorecard.models import Role, Scorecard, Signature


def signature_row(signature: Signature) -> dict[str, Any]:
    """Return a signature as every door shows it."""
    return {
        **signature.record,
        "stale": signature.stale_at is not None,
        "stale_reason": signature.stale_reason,
        "account_disabled": not signature.signer.is_active,
    }


def steps_of(card: Scorecard, signatures: list[Signature] | None = None) -> list[dict[str, Any]]:
    """Return the framework's sign-off steps in order, each with its standing signatures and whether it is satisfied."""
    rows = signatures if signatures is not None else list(card.signatures.select_related("signer"))
    standing = [row for row in rows if row.stale_at is None and row.digest == card.digest and card.digest]
    steps = []
    for step in card.framework.document["signoff"]["steps"]:
        own = [row for row in standing if row.role == step["role"] and row.meaning == step["meaning"]]
        people = {row.signer_id for row in own}
        steps.append(
            {
                **step,
                "role_name": Role(step["role"]).label,
                "signatures": [signature_row(row) for row in own],
                "satisfied": len(people) >= step["count"],
            }
        )
    return steps


def signoff_of(card: Scorecard) -> dict[str, Any]:
    """Return the state of sign-off: `{state, steps, signatures, missing}`."""
    rows = list(card.signatures.select_related("signer"))
    steps = steps_of(card, rows)
    missing = [
        f"{step['role_name']} {step['meaning']} ({len(step['signatures'])} of {step['count']})"
        for step in steps
        if not step["satisfied"]
    ]
    if card.state == "draft":
        state = "not_requested"
    elif card.state == "in_review":
        state = "complete" if not missing else "waiting"
    else:
        state = "stale" if card.stale else "complete"
    return {
        "state": state,
        "steps": steps,
        "signatures": [signature_row(row) for row in rows],
        "missing": missing,
        "dissent": [signature_row(row) for row in rows if row.meaning == "dissents" and row.digest == card.digest],
    }
