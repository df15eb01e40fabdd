"""Determining: people's verdicts, beside the machine's and never silently different from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from scorecard.access import Person, reader_of, withheld_categories
from scorecard.framework.ladders import ladder, not_yet_defined
from scorecard.models import (
    Assessment,
    Determination,
    Kind,
    Role,
    SafeguardState,
    Scorecard,
    Side,
    State,
)
from scorecard.queries.credits import newest_safeguards
from scorecard.reasons import reason_given
from scorecard.recording import record
from scorecard.refusals import Refused


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


@dataclass(frozen=True)
class Grounds:
    """What a level rests on beyond its reason: how people came to it, what it credits, and an argument for it."""

    kind: str = Kind.DETERMINED
    argument: str = ""
    safeguards: Sequence[str] = ()


def _seen_now(card: Scorecard, category: str, mitigation: str, seen: str) -> Assessment:
    """Return the newest assessment. Raises Refused 409 unless `seen` is its digest."""
    newest = newest_assessment(card, category, mitigation)
    if seen != newest.digest:
        raise Refused(
            "evidence-moved-on",
            "The evidence changed since this page was opened, so the level that you saw is out of date.",
            remedy="Read the new assessment and determine again.",
        )
    return newest


PLAIN = Grounds()
"""A level that rests on its reason alone."""


def _check_grounds(card: Scorecard, category: str, mitigation: str, level: str, grounds: Grounds) -> None:
    """Raise Refused 422 for a kind, argument or safeguard that does not belong to this level."""
    if grounds.kind not in Kind.values:
        remedy = f"Use one of: {', '.join(Kind.values)}."
        raise Refused("kind-unknown", f"{grounds.kind!r} is no kind of determination.", remedy=remedy, status=422,
                      pointer="/kind")  # fmt: skip
    if mitigation != Side.POST and (grounds.argument or grounds.safeguards or grounds.kind == Kind.HELD_EQUAL):
        raise Refused(
            "credit-misplaced", "Only a level after mitigation credits safeguards, argues for them, or is held equal.",
            remedy="Leave them out here, and name them with the level after mitigation.", status=422,
            pointer="/mitigation",
        )  # fmt: skip
    known = {row.id for row in newest_safeguards(card.checkpoint.subject_id) if row.state == SafeguardState.IN_FORCE}
    for place, named in enumerate(grounds.safeguards):
        if named not in known:
            raise Refused(
                "safeguard-unknown", f"{named!r} is no safeguard of {card.checkpoint.subject.name} in force.",
                remedy="Register it first, or name the version that stands.", status=422,
                pointer=f"/safeguards/{place}",
            )  # fmt: skip
    before = card.determinations.filter(category=category, mitigation=Side.PRE).order_by("-id").first()
    if grounds.kind == Kind.HELD_EQUAL and (before is None or before.level != level):
        raise Refused(
            "not-equal", "The level is not the one that was determined before mitigation.",
            remedy="Determine the level before mitigation first, and hold that one.", status=422, pointer="/level",
        )  # fmt: skip


def determine(
    card: Scorecard,
    *,
    category: str,
    mitigation: str,
    level: str,
    rationale: str,
    seen: str,
    grounds: Grounds = PLAIN,
    by: Person,
    at: datetime,
) -> Determination:
    """Determine the level of one category and side of a draft.

    `seen` is the digest of the assessment that the person looked at; `grounds` what a level after mitigation credits.
    Raises Refused: 403 without the preparedness role, 409 when the card is not a draft or the evidence moved on
    meanwhile, 422 for an unknown level, no reason, or grounds that do not belong to it.
    """
    role = by.acting_as(Role.PREPAREDNESS)
    reason = reason_given(rationale, pointer="/rationale")
    argument = reason_given(grounds.argument, pointer="/argument") if grounds.argument.strip() else ""
    if category in withheld_categories(reader_of(by.user), card):
        raise Refused("not-found", "There is no such category, or it is not visible to you.", status=404)
    with transaction.atomic():
        card = Scorecard.objects.select_for_update().get(id=card.id)
        _check_draft_and_level(card, category, level)
        _check_grounds(card, category, mitigation, level, grounds)
        newest = _seen_now(card, category, mitigation, seen)
        row = Determination.objects.create(
            scorecard=card, category=category, mitigation=mitigation, level=level, rationale=reason, seen=seen,
            kind=grounds.kind, argument=argument, safeguards=list(grounds.safeguards), actor_id=by.actor.id,
            actor_name=by.actor.name, actor_role=role, determined_at=at,
        )  # fmt: skip
        record(
            "category.determined",
            subject=("scorecard", card.id),
            data={
                "number": card.number, "version": card.version, "category": category, "mitigation": mitigation,
                "level": level, "indicated_level": newest.result["indicated_level"], "rationale": reason, "seen": seen,
                "role": role, **_said(row),
            },
            by=by.actor,
            at=at,
        )  # fmt: skip
    return row


def _said(row: Determination) -> dict[str, Any]:
    """Return what the ledger says of the grounds of a determination; nothing where it has only its reason."""
    told = {"argument": row.argument, "safeguards": row.safeguards}
    kind = {"kind": row.kind} if row.kind != Kind.DETERMINED else {}
    return {**kind, **{name: value for name, value in told.items() if value}}
