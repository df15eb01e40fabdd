"""Determining: people's verdicts, beside the machine's and never silently different from it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from evaluations.actors import SYSTEM
from evaluations.models import Checkpoint
from scorecard.access import Person, reader_of, withheld_categories
from scorecard.framework.ladders import ladder, not_yet_defined
from scorecard.models import Applicability, Assessment, Determination, Programme, Role, Scorecard, State
from scorecard.reasons import reason_given
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.staling import affected_cards, locked, mark_stale


def newest_assessment(card: Scorecard, category: str, mitigation: str) -> Assessment:
    """Return the machine's newest verdict on one side. Raises Refused 422 for a category or side that is unknown."""
    row = card.assessments.filter(category=category, mitigation=mitigation).order_by("-id").first()
    if row is None:
        raise Refused(
            "category-unknown",
            f"{card} has no category {category!r} with side {mitigation!r}.",
            remedy="Use a category and side that the scorecard lists.",
            status=422,
            pointer="/category",
        )
    return row


def _check_draft_and_level(card: Scorecard, category: str, level: str) -> None:
    if card.state != State.DRAFT:
        remedy = "Take the card back to draft first." if card.state == State.IN_REVIEW else "Open the next version."
        raise Refused("not-a-draft", f"{card} is {card.get_state_display().lower()}.", remedy=remedy)
    document = card.framework.document
    undefined = not_yet_defined(document, category)
    levels = [entry["slug"] for entry in ladder(document, category) if entry["slug"] not in undefined]
    if level not in levels:
        raise Refused(
            "level-unknown",
            f"{level!r} is not a level of {category} in {card.framework}.",
            remedy=f"Use one of: {', '.join(levels)}.",
            status=422,
            pointer="/level",
        )


def determine(
    card: Scorecard,
    *,
    category: str,
    mitigation: str,
    level: str,
    rationale: str,
    seen: str,
    by: Person,
    at: datetime,
) -> Determination:
    """Determine the level of one category and side of a draft.

    `seen` is the digest of the assessment that the person looked at. Raises Refused: 403 without the preparedness
    role, 409 when the card is not a draft or the evidence moved on meanwhile, 422 for an unknown level or no reason.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    reason = reason_given(rationale, pointer="/rationale")
    if category in withheld_categories(reader_of(by.user), card):
        raise Refused("not-found", "There is no such category, or it is not visible to you.", status=404)
    with transaction.atomic():
        card = Scorecard.objects.select_for_update().get(id=card.id)
        _check_draft_and_level(card, category, level)
        newest = newest_assessment(card, category, mitigation)
        if seen != newest.digest:
            raise Refused(
                "evidence-moved-on",
                "The evidence changed since this page was opened, so the level that you saw is out of date.",
                remedy="Read the new assessment and determine again.",
            )
        row = Determination.objects.create(
            scorecard=card, category=category, mitigation=mitigation, level=level, rationale=reason, seen=seen,
            actor_id=by.actor.id, actor_name=by.actor.name, actor_role=role, determined_at=at,
        )  # fmt: skip
        record(
            "category.determined",
            subject=("scorecard", card.id),
            data={
                "number": card.number, "version": card.version, "category": category, "mitigation": mitigation,
                "level": level, "indicated_level": newest.result["indicated_level"], "rationale": reason, "seen": seen,
                "role": role,
            },
            by=by.actor,
            at=at,
        )  # fmt: skip
    return row


def declare_applicable(
    *,
    programme: Programme,
    from_checkpoint: Checkpoint,
    to_checkpoint: Checkpoint,
    rationale: str,
    limits: str,
    by: Person,
    at: datetime,
) -> Applicability:
    """Determine that results on one checkpoint hold for another, because of `rationale` and within `limits`.

    Raises Refused 403 without the preparedness role, 422 without a reason or across subjects.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    reason, within = reason_given(rationale, pointer="/rationale"), reason_given(limits, pointer="/limits")
    if from_checkpoint.id == to_checkpoint.id or from_checkpoint.subject_id != to_checkpoint.subject_id:
        raise Refused(
            "not-applicable",
            "Results can be applied only between two different checkpoints of one subject.",
            remedy="Name two checkpoints of the same subject.",
            status=422,
            pointer="/from_checkpoint",
        )
    with transaction.atomic():
        cards = locked(affected_cards(to_checkpoint))
        row = Applicability.objects.create(
            programme=programme, from_checkpoint=from_checkpoint, to_checkpoint=to_checkpoint, rationale=reason,
            limits=within, actor_id=by.actor.id, actor_name=by.actor.name, actor_role=role, determined_at=at,
        )  # fmt: skip
        record(
            "applicability.determined",
            subject=("applicability", row.id),
            data={
                "from_checkpoint": from_checkpoint.name, "to_checkpoint": to_checkpoint.name, "rationale": reason,
                "limits": within, "role": role,
            },
            by=by.actor,
            at=at,
        )  # fmt: skip
        words = f"Results on {from_checkpoint.name} were determined to hold for {to_checkpoint.name}."
        for card in cards:
            mark_stale(card, words=words, run=None, at=at, by=SYSTEM)
    return row
