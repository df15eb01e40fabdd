"""Safeguarding: registering, revising and withdrawing the mitigations that a level after mitigation may credit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from evaluations.actors import SYSTEM
from evaluations.models import Evaluation, Subject
from scorecard.access import Person
from scorecard.models import Role, Safeguard, SafeguardState, Scorecard
from scorecard.reasons import reason_given
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.staling import locked, mark_stale

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


@dataclass(frozen=True)
class Described:
    """What a safeguard is: its name and claim, against whom, and what it covers (all slugs)."""

    name: str
    summary: str
    threat_actor: str
    claim: str = ""
    categories: Sequence[str] = field(default_factory=list)
    pathways: Sequence[str] = field(default_factory=list)
    evaluations: Sequence[str] = field(default_factory=list)


def _refuse(code: str, words: str, remedy: str, pointer: str, status: int = 422) -> Refused:
    return Refused(code, words, remedy=remedy, status=status, pointer=pointer)


def _check(described: Described) -> None:
    for name in ("name", "threat_actor"):
        if not getattr(described, name).strip():
            raise _refuse(
                "safeguard-incomplete", f"The {name.replace('_', ' ')} is missing.", "Fill it in.", f"/{name}"
            )
    known = set(Evaluation.objects.filter(slug__in=described.evaluations).values_list("slug", flat=True))
    for place, slug in enumerate(described.evaluations):
        if slug not in known:
            remedy = "Use the slug of an evaluation of the catalogue."
            raise _refuse("evaluation-unknown", f"There is no evaluation {slug!r}.", remedy, f"/evaluations/{place}")


def _newest(subject: Subject, slug: str) -> Safeguard | None:
    return Safeguard.objects.filter(subject=subject, slug=slug).order_by("-version").first()


def _crediting(row: Safeguard) -> list[Scorecard]:
    """Return the newest version of every card of the subject whose determinations credit a version of the safeguard."""
    ids = set(Safeguard.objects.filter(subject=row.subject, slug=row.slug).values_list("id", flat=True))
    cards = Scorecard.objects.filter(programme=row.programme, checkpoint__subject=row.subject).order_by("version")
    newest = {card.number: card for card in cards.only("id", "number", "version")}.values()
    credited = [card for card in newest if ids & {
        one for credits in card.determinations.values_list("safeguards", flat=True) for one in credits}]  # fmt: skip
    return locked(credited)


def _written(
    subject: Subject, slug: str, version: int, described: Described, state: str, reason: str, *, by: Person, role: str,
    at: datetime,
) -> Safeguard:  # fmt: skip
    """Write one version, its ledger entry, and the staleness of whatever credits an earlier one."""
    row = Safeguard(
        programme=by.programme, subject=subject, slug=slug, version=version, name=described.name.strip(),
        summary=described.summary.strip(), claim=described.claim, threat_actor=described.threat_actor.strip(),
        categories=sorted(described.categories), pathways=sorted(described.pathways),
        evaluations=sorted(described.evaluations), state=state, reason=reason, actor_id=by.actor.id,
        actor_name=by.actor.name, actor_role=role, written_at=at,
    )  # fmt: skip
    cards = _crediting(row)
    row.save(force_insert=True)
    record(
        "safeguard.written",
        subject=("safeguard", row.id),
        data={
            "subject": subject.slug, "slug": slug, "version": version, "name": row.name, "claim": row.claim,
            "threat_actor": row.threat_actor, "categories": row.categories, "pathways": row.pathways,
            "evaluations": row.evaluations, "state": state, "reason": reason, "role": role,
        },
        by=by.actor,
        at=at,
    )  # fmt: skip
    verb = "was withdrawn" if state == SafeguardState.WITHDRAWN else f"has version {version}"
    for card in cards:
        mark_stale(
            card, words=f"The safeguard {row.name}, which this card credits, {verb}.", run=None, at=at, by=SYSTEM
        )
    return row


def register(subject: Subject, *, slug: str, described: Described, reason: str, by: Person, at: datetime) -> Safeguard:
    """Register a safeguard of a subject as version 1. Raises Refused: 403 by role, 409 for a known slug, 422."""
    role = by.acting_as(Role.PREPAREDNESS)
    if not SLUG.fullmatch(slug):
        remedy = "Use lower-case letters, digits, '_' and '-', beginning with a letter or a digit."
        raise _refuse("slug-unusable", f"{slug!r} is no short name.", remedy, "/slug")
    given = reason_given(reason, pointer="/reason")
    _check(described)
    try:
        with transaction.atomic():
            return _written(subject, slug, 1, described, SafeguardState.IN_FORCE, given, by=by, role=role, at=at)
    except IntegrityError:
        remedy = "Revise it instead, or choose another short name."
        words = f"{subject.name} has a safeguard {slug!r} already."
        raise _refuse("safeguard-exists", words, remedy, "/slug", 409) from None


def _next(
    row: Safeguard, seen: int, described: Described, state: str, reason: str, by: Person, at: datetime
) -> Safeguard:
    role = by.acting_as(Role.PREPAREDNESS)
    given = reason_given(reason, pointer="/reason")
    newest = _newest(row.subject, row.slug) or row
    moved = _refuse(
        "safeguard-moved-on", f"{newest} is the newest version, and not the one that you looked at.",
        "Read the newest version, then revise that.", "/seen", 409,
    )  # fmt: skip
    if newest.version != seen:
        raise moved
    if newest.state == SafeguardState.WITHDRAWN and state == SafeguardState.WITHDRAWN:
        raise _refuse("safeguard-withdrawn", f"{newest} is withdrawn already.", "Nothing is to be done.", "", 409)
    try:
        with transaction.atomic():
            return _written(row.subject, row.slug, seen + 1, described, state, given, by=by, role=role, at=at)
    except IntegrityError:
        raise moved from None


def revise(row: Safeguard, *, seen: int, described: Described, reason: str, by: Person, at: datetime) -> Safeguard:
    """Write the next version of a safeguard; cards that credit an earlier one become stale.

    `seen` is the version that was looked at. Raises Refused: 403 by role, 409 when a newer one stands, 422.
    """
    _check(described)
    return _next(row, seen, described, SafeguardState.IN_FORCE, reason, by, at)


def withdraw(row: Safeguard, *, seen: int, reason: str, by: Person, at: datetime) -> Safeguard:
    """Withdraw a safeguard: its next version is not in force. Raises Refused as `revise` does."""
    same = Described(
        name=row.name, summary=row.summary, threat_actor=row.threat_actor, claim=row.claim, categories=row.categories,
        pathways=row.pathways, evaluations=row.evaluations,
    )  # fmt: skip
    return _next(row, seen, same, SafeguardState.WITHDRAWN, reason, by, at)
