"""Invoking an exception clause of the framework on a draft: every statement attested, each with its grounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from scorecard.access import Person
from scorecard.models import Invocation, Role, Scorecard, State
from scorecard.reasons import reason_given
from scorecard.recording import record
from scorecard.refusals import Refused


def _draft(card: Scorecard) -> Scorecard:
    """Return the card locked. Raises Refused 409 unless it is a draft."""
    row = Scorecard.objects.select_for_update().select_related("framework").get(id=card.id)
    if row.state != State.DRAFT:
        raise Refused(
            "not-a-draft",
            f"{row} is {row.get_state_display().lower()}.",
            remedy="Take the card back to draft, or open its next version.",
        )
    return row


def _clause(card: Scorecard, slug: str) -> dict[str, Any]:
    clauses = card.framework.document.get("exceptions", [])
    found: dict[str, Any] | None = next((row for row in clauses if row["slug"] == slug), None)
    if found is None:
        known = ", ".join(row["slug"] for row in clauses)
        raise Refused(
            "clause-unknown",
            f"{card.framework} has no exception clause {slug!r}.",
            remedy=f"Use one of: {known}." if known else "This framework has none.",
            status=422,
            pointer="/clause",
        )
    return found


def _attested(clause: Mapping[str, Any], grounds: Mapping[str, str]) -> list[dict[str, str]]:
    """Return every statement of the clause with its grounds. Raises Refused 422 for one without."""
    unknown = sorted(set(grounds) - {row["slug"] for row in clause["attestations"]})
    if unknown:
        raise Refused(
            "attestation-unknown",
            f"The clause has no statement {unknown[0]!r}.",
            remedy=f"Its statements are: {', '.join(row['slug'] for row in clause['attestations'])}.",
            status=422,
            pointer=f"/grounds/{unknown[0]}",
        )
    return [
        {
            "slug": row["slug"],
            "text": row["text"],
            "grounds": reason_given(grounds.get(row["slug"], ""), pointer=f"/grounds/{row['slug']}"),
        }
        for row in clause["attestations"]
    ]


def invoke(card: Scorecard, *, clause: str, grounds: Mapping[str, str], by: Person, at: datetime) -> Invocation:
    """Invoke a clause on a draft: `grounds` says for each of its statements why it is true.

    Whoever signs the card signs this with it. Raises Refused: 403 without the preparedness or leadership role, 409 when
    the card is no draft or invokes the clause already, 422 for an unknown clause or a statement without grounds.
    """
    role = by.acting_as(Role.PREPAREDNESS, Role.LEADERSHIP)
    with transaction.atomic():
        row = _draft(card)
        told = _clause(row, clause)
        attested = _attested(told, grounds)
        if row.invocations.filter(clause=clause, withdrawn_at=None).exists():
            raise Refused(
                "clause-invoked", f"{row} invokes {told['name']} already.", remedy="Withdraw it to attest anew."
            )
        made = Invocation.objects.create(
            scorecard=row, clause=clause, attestations=attested, actor_id=by.actor.id, actor_name=by.actor.name,
            actor_role=role, invoked_at=at,
        )  # fmt: skip
        record(
            "exception.invoked",
            subject=("scorecard", row.id),
            data={
                "number": row.number, "version": row.version, "clause": clause, "attestations": attested, "role": role,
            },
            by=by.actor,
            at=at,
        )  # fmt: skip
    return made


def withdraw(made: Invocation, *, reason: str, by: Person, at: datetime) -> Invocation:
    """Withdraw a clause from a draft. Raises Refused: 403 by role, 409 when it is no draft or it is withdrawn, 422."""
    role = by.acting_as(Role.PREPAREDNESS, Role.LEADERSHIP)
    given = reason_given(reason, pointer="/reason")
    with transaction.atomic():
        card = _draft(made.scorecard)
        row = Invocation.objects.select_for_update().get(id=made.id)
        if row.withdrawn_at is not None:
            raise Refused("clause-withdrawn", "This clause was withdrawn already.", remedy="Nothing is to be done.")
        row.withdrawn_at, row.withdrawn_by, row.withdraw_reason = at, by.actor.name, given
        row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
        record(
            "exception.withdrawn",
            subject=("scorecard", card.id),
            data={
                "number": card.number, "version": card.version, "clause": row.clause, "reason": given, "role": role,
            },
            by=by.actor,
            at=at,
        )  # fmt: skip
    return row
