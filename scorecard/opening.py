"""Opening a scorecard: a new number for a checkpoint, or the next version of one that new evidence overtook."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from evaluations.actors import SYSTEM
from evaluations.models import Checkpoint
from scorecard.access import Person
from scorecard.models import Determination, FrameworkVersion, Programme, Role, Scorecard, Side, State
from scorecard.recording import record
from scorecard.refusals import Refused


def _next_number(year: int) -> str:
    prefix = f"PSC-{year}-"
    last = Scorecard.objects.filter(number__startswith=prefix).order_by("-number").first()
    return f"{prefix}{int(last.number.removeprefix(prefix)) + 1 if last else 1:04d}"


def open_scorecard(
    *,
    programme: Programme,
    checkpoint: Checkpoint,
    framework: FrameworkVersion,
    title: str,
    by: Person,
    at: datetime,
    year: int | None = None,
) -> Scorecard:
    """Open version 1 of a new scorecard as a draft, numbered in the year of `at` or of the record it carries over.

    Raises Refused 403 without the preparedness role and 409 if this checkpoint has an unsealed or sealed card under
    this framework already: then its next version is what is wanted.
    """
    by.acting_as(Role.PREPAREDNESS)
    with transaction.atomic():
        # The programme row serialises numbering: two cards opened at once must not get one number.
        Programme.objects.select_for_update().get(id=programme.id)
        open_states = (State.DRAFT, State.IN_REVIEW, State.SEALED)
        same = Scorecard.objects.filter(
            programme=programme, checkpoint=checkpoint, framework__slug=framework.slug, state__in=open_states
        ).first()
        if same is not None:
            raise Refused(
                "scorecard-exists",
                f"{checkpoint.name} already has {same} under this framework.",
                remedy=f"Work on {same}, or open its next version.",
            )
        card = Scorecard.objects.create(
            number=_next_number(year or at.year),
            version=1,
            programme=programme,
            checkpoint=checkpoint,
            framework=framework,
            title=title,
            opened_at=at,
        )
        _record_opened(card, by=by, at=at)
    return card


def open_next_version(card: Scorecard, *, by: Person | None, at: datetime) -> Scorecard:
    """Open the next version of a sealed or revoked card as a draft, carrying the former determinations over.

    `by` is None when the product itself opens it because evidence changed. An open later version is returned as it is.
    """
    if by is not None:
        by.acting_as(Role.PREPAREDNESS)
    with transaction.atomic():
        former = Scorecard.objects.select_for_update().get(id=card.id)
        later = Scorecard.objects.filter(number=former.number, version__gt=former.version).order_by("version").first()
        if later is not None:
            return later
        if former.state not in (State.SEALED, State.REVOKED):
            raise Refused("still-open", f"{former} is still open.", remedy=f"Work on {former} itself.")
        following = Scorecard.objects.create(
            number=former.number,
            version=former.version + 1,
            programme=former.programme,
            checkpoint=former.checkpoint,
            framework=former.framework,
            title=former.title,
            replaces=former,
            opened_at=at,
        )
        _carry_over(former, following)
        _record_opened(following, by=by, at=at)
    return following


def newest_determinations(card: Scorecard) -> dict[tuple[str, str], Determination]:
    """Return the determination that counts for each category and side: the newest row."""
    return {(row.category, row.mitigation): row for row in card.determinations.order_by("id")}


def _carry_over(former: Scorecard, following: Scorecard) -> None:
    for row in newest_determinations(former).values():
        Determination.objects.create(
            scorecard=following,
            category=row.category,
            mitigation=Side(row.mitigation),
            level=row.level,
            rationale=row.rationale,
            seen=row.seen,
            actor_id=row.actor_id,
            actor_name=row.actor_name,
            actor_role=row.actor_role,
            determined_at=row.determined_at,
        )


def _record_opened(card: Scorecard, *, by: Person | None, at: datetime) -> None:
    record(
        "scorecard.opened",
        subject=("scorecard", card.id),
        data={
            "number": card.number,
            "version": card.version,
            "checkpoint": card.checkpoint.name,
            "framework": card.framework.digest,
            "replaces": card.replaces.digest if card.replaces else None,
        },
        by=by.actor if by else SYSTEM,
        at=at,
    )
