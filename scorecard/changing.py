"""Changing: something happened to a system after which what was measured before it may not hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from evaluations.models import Checkpoint
from scorecard.access import Person
from scorecard.models import ChangeKind, Programme, Role, SystemChange
from scorecard.moments import rfc3339
from scorecard.reasons import reason_given
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.staling import affected_cards, locked, overtake


def _written(row: SystemChange, kind: str, data: dict[str, Any], verb: str, *, by: Person, at: datetime) -> None:
    cards = locked(affected_cards(row.checkpoint))
    record(
        kind,
        subject=("change", row.id),
        data={
            "checkpoint": row.checkpoint.name, "kind": row.kind, "happened_at": rfc3339(row.happened_at), **data,
        },
        by=by.actor,
        at=at,
    )  # fmt: skip
    words = f"{row.get_kind_display()} of {row.checkpoint.name} on {row.happened_at.date().isoformat()} {verb}."
    overtake(cards, words=words, cause=f"{kind.replace('.', '-')}:{row.id}", at=at)


def report_change(
    *,
    programme: Programme,
    checkpoint: Checkpoint,
    kind: str,
    happened_at: datetime,
    words: str,
    by: Person,
    at: datetime,
) -> SystemChange:
    """Report that a checkpoint was changed; what was measured before it ends where the framework says so.

    Raises Refused: 403 without the preparedness role, 422 for an unknown kind, a moment to come, or no words.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    said = reason_given(words, pointer="/words")
    if kind not in ChangeKind.values:
        remedy = f"Use one of: {', '.join(ChangeKind.values)}."
        raise Refused("kind-unknown", f"{kind!r} is no kind of change.", remedy=remedy, status=422, pointer="/kind")
    if happened_at > at:
        raise Refused(
            "not-yet", "The change lies in the future.", remedy="Report it once it has happened.", status=422,
            pointer="/happened_at",
        )  # fmt: skip
    with transaction.atomic():
        row = SystemChange.objects.create(
            programme=programme, checkpoint=checkpoint, kind=kind, words=said, happened_at=happened_at,
            actor_id=by.actor.id, actor_name=by.actor.name, actor_role=role, reported_at=at,
        )  # fmt: skip
        _written(row, "change.reported", {"words": said, "role": role}, "was reported", by=by, at=at)
    return row


def withdraw(row: SystemChange, *, reason: str, by: Person, at: datetime) -> SystemChange:
    """Withdraw a report that was made by mistake; what it ended stands again.

    Raises Refused: 403 without the preparedness role, 409 for one that is withdrawn, 422 without a reason.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    given = reason_given(reason, pointer="/reason")
    with transaction.atomic():
        row = SystemChange.objects.select_for_update(of=("self",)).select_related("checkpoint").get(id=row.id)
        if row.withdrawn_at is not None:
            raise Refused("change-withdrawn", "This was withdrawn already.", remedy="Nothing is to be done.")
        row.withdrawn_at, row.withdrawn_by, row.withdraw_reason = at, by.actor.name, given
        row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
        _written(row, "change.withdrawn", {"reason": given, "role": role}, "was withdrawn", by=by, at=at)
    return row
