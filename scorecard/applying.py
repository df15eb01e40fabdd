"""Applying: results on one checkpoint hold for another, within limits, until a day or until it is withdrawn."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from evaluations.models import Checkpoint
from scorecard.access import Person
from scorecard.models import Applicability, Programme, Role
from scorecard.moments import rfc3339
from scorecard.reasons import reason_given
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.staling import affected_cards, locked, overtake


def _end_of(day: date | None, at: datetime) -> datetime | None:
    """Return the moment at which a last day is over. Raises Refused 422 for a day that has passed."""
    if day is None:
        return None
    if day < at.date():
        words = f"{day.isoformat()} has passed, so the results would not count at all."
        raise Refused("day-passed", words, remedy="Name the last day on which they hold.", status=422,
                      pointer="/last_day")  # fmt: skip
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)


def _check(source: Checkpoint, target: Checkpoint, compute_multiple: float | None) -> None:
    if source.id == target.id or source.subject_id != target.subject_id:
        raise Refused(
            "not-applicable",
            "Results can be applied only between two different checkpoints of one subject.",
            remedy="Name two checkpoints of the same subject.",
            status=422,
            pointer="/from_checkpoint",
        )
    if compute_multiple is not None and not 0.0 < compute_multiple < 1e6:
        raise Refused(
            "compute-unusable",
            f"{compute_multiple:g} is no multiple of effective compute.",
            remedy="Give how many times the effective compute of the first checkpoint the second has; 1 for the same.",
            status=422,
            pointer="/compute_multiple",
        )


def _written(row: Applicability, kind: str, data: dict[str, Any], words: str, *, by: Person, at: datetime) -> None:
    """Write the ledger entry and make stale what rests on the checkpoint that results were applied to."""
    cards = locked(affected_cards(row.to_checkpoint))
    record(
        kind,
        subject=("applicability", row.id),
        data={"from_checkpoint": row.from_checkpoint.name, "to_checkpoint": row.to_checkpoint.name, **data},
        by=by.actor,
        at=at,
    )
    overtake(cards, words=words, cause=f"{kind.replace('.', '-')}:{row.id}", at=at)


def declare_applicable(
    *,
    programme: Programme,
    from_checkpoint: Checkpoint,
    to_checkpoint: Checkpoint,
    rationale: str,
    limits: str,
    last_day: date | None = None,
    compute_multiple: float | None = None,
    by: Person,
    at: datetime,
) -> Applicability:
    """Determine that results on one checkpoint hold for another, because of `rationale` and within `limits`.

    `last_day` ends it, and `compute_multiple` says how many times the effective compute of the first checkpoint the
    second one has, which a framework may bound. Raises Refused 403 without the preparedness role, 422 without a reason,
    across subjects, or for a day or multiple that makes no sense.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    reason, within = reason_given(rationale, pointer="/rationale"), reason_given(limits, pointer="/limits")
    _check(from_checkpoint, to_checkpoint, compute_multiple)
    expires_at = _end_of(last_day, at)
    with transaction.atomic():
        row = Applicability.objects.create(
            programme=programme, from_checkpoint=from_checkpoint, to_checkpoint=to_checkpoint, rationale=reason,
            limits=within, compute_multiple=compute_multiple, expires_at=expires_at, actor_id=by.actor.id,
            actor_name=by.actor.name, actor_role=role, determined_at=at,
        )  # fmt: skip
        told = {
            "compute_multiple": None if compute_multiple is None else repr(float(compute_multiple)),
            "expires_at": rfc3339(expires_at) if expires_at else None,
        }
        data = {"rationale": reason, "limits": within, **told, "role": role}
        words = f"Results on {from_checkpoint.name} were determined to hold for {to_checkpoint.name}."
        _written(row, "applicability.determined", data, words, by=by, at=at)
    return row


def withdraw(row: Applicability, *, reason: str, by: Person, at: datetime) -> Applicability:
    """Withdraw such a determination: the results stay on the card and rule nothing out any more.

    Raises Refused: 403 without the preparedness role, 409 for one that is withdrawn, 422 without a reason.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    given = reason_given(reason, pointer="/reason")
    with transaction.atomic():
        locked_rows = Applicability.objects.select_for_update(of=("self",))
        row = locked_rows.select_related("from_checkpoint", "to_checkpoint").get(id=row.id)
        if row.withdrawn_at is not None:
            raise Refused("applicability-withdrawn", "This was withdrawn already.", remedy="Nothing is to be done.")
        row.withdrawn_at, row.withdrawn_by, row.withdraw_reason = at, by.actor.name, given
        row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
        words = f"That results on {row.from_checkpoint.name} hold for {row.to_checkpoint.name} was withdrawn."
        _written(row, "applicability.withdrawn", {"reason": given, "role": role}, words, by=by, at=at)
    return row
