"""Forecasting: a level that a subject is expected to reach triggers the same duties as one that it has reached."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from evaluations.actors import SYSTEM
from scorecard.access import Person, reader_of, withheld_categories
from scorecard.framework.derivation import level_names
from scorecard.framework.ladders import ladder, level_rank, not_yet_defined
from scorecard.models import Forecast, Role, Scorecard
from scorecard.reasons import reason_given
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.staling import locked, mark_stale


def _check_category(card: Scorecard, category: str, by: Person) -> None:
    known = [row["slug"] for row in card.framework.document["categories"]]
    if category not in known or category in withheld_categories(reader_of(by.user), card):
        raise Refused("not-found", "There is no such category, or it is not visible to you.", status=404)


def _check_level(document: dict[str, Any], category: str, level: str, *, pointer: str, base: bool) -> None:
    """Raise Refused 422 unless `level` may be forecast: on the category's ladder, defined, above the base if asked."""
    steps = [row["slug"] for row in ladder(document, category)]
    allowed = [slug for slug in steps[0 if base else 1 :] if slug not in not_yet_defined(document, category)]
    if level not in allowed:
        raise Refused(
            "level-unknown",
            f"{level!r} cannot be forecast here.",
            remedy=f"Use one of: {', '.join(allowed)}.",
            status=422,
            pointer=pointer,
        )


def _check_day(by_day: date, at: datetime) -> None:
    if by_day <= at.date():
        raise Refused(
            "day-passed",
            f"{by_day.isoformat()} is not in the future.",
            remedy="Name the day by which the level is expected; for what is reached already, determine the level.",
            status=422,
            pointer="/by_day",
        )


def _resting_cards(forecast: Forecast) -> list[Scorecard]:
    """Return the newest version of every card on the subject under the same framework, locked in id order."""
    cards = Scorecard.objects.filter(
        programme=forecast.programme, checkpoint__subject=forecast.subject, framework__slug=forecast.framework.slug
    ).order_by("version")
    return locked(list({card.number: card for card in cards.only("id", "number", "version")}.values()))


def _written(forecast: Forecast, kind: str, reason: str, *, by: Person, role: str, at: datetime) -> None:
    """Write the ledger entry and make the cards stale that rest on another expectation."""
    names = level_names(forecast.framework.document)
    cards = _resting_cards(forecast)
    record(
        kind,
        subject=("forecast", forecast.id),
        data={
            "subject": forecast.subject.slug, "category": forecast.category, "level": forecast.level,
            "post_level": forecast.post_level, "by_day": forecast.by_day.isoformat(), "reason": reason, "role": role,
        },
        by=by.actor,
        at=at,
    )  # fmt: skip
    verb = "was withdrawn" if forecast.withdrawn_at else "was made"
    words = f"A forecast of {names[forecast.level]} by {forecast.by_day.isoformat()} {verb}: {forecast.category}."
    for card in cards:
        mark_stale(card, words=words, run=None, at=at, by=SYSTEM)


def forecast(
    card: Scorecard,
    *,
    category: str,
    level: str,
    post_level: str,
    by_day: date,
    basis: str,
    by: Person,
    at: datetime,
) -> Forecast:
    """Forecast that the card's subject reaches `level` by a day, with `post_level` left once mitigations are in force.

    Sealed and reviewed cards of the subject under this framework become stale. Raises Refused: 403 without the
    preparedness or advisory role, 404 for a category that is not visible, 422 for a level, day or reason that fails.
    """
    role = by.acting_as(Role.PREPAREDNESS, Role.ADVISORY_MEMBER, Role.ADVISORY_CHAIR)
    _check_category(card, category, by)
    document = card.framework.document
    _check_level(document, category, level, pointer="/level", base=False)
    _check_level(document, category, post_level, pointer="/post_level", base=True)
    if level_rank(document, post_level) > level_rank(document, level):
        raise Refused(
            "forecast-inverted",
            "What is expected to be left after mitigation is above what is expected before it.",
            remedy="Forecast at least that level before mitigation.",
            status=422,
            pointer="/post_level",
        )
    _check_day(by_day, at)
    reason = reason_given(basis, pointer="/basis")
    with transaction.atomic():
        made = Forecast.objects.create(
            programme=card.programme, subject=card.checkpoint.subject, framework=card.framework, category=category,
            level=level, post_level=post_level, by_day=by_day, basis=reason, actor_id=by.actor.id,
            actor_name=by.actor.name, actor_role=role, made_at=at,
        )  # fmt: skip
        _written(made, "forecast.made", reason, by=by, role=role, at=at)
    return made


def withdraw(made: Forecast, *, reason: str, by: Person, at: datetime) -> Forecast:
    """Withdraw a standing forecast; the cards that carry it become stale, so that the decision is signed again.

    Raises Refused: 403 without the preparedness or advisory role, 409 for one that is withdrawn, 422 without a reason.
    """
    role = by.acting_as(Role.PREPAREDNESS, Role.ADVISORY_MEMBER, Role.ADVISORY_CHAIR)
    given = reason_given(reason, pointer="/reason")
    with transaction.atomic():
        row = Forecast.objects.select_for_update().select_related("framework", "subject", "programme").get(id=made.id)
        if row.withdrawn_at is not None:
            raise Refused("forecast-withdrawn", "This forecast was withdrawn already.", remedy="Nothing is to be done.")
        row.withdrawn_at, row.withdrawn_by, row.withdraw_reason = at, by.actor.name, given
        row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_reason"])
        _written(row, "forecast.withdrawn", given, by=by, role=role, at=at)
    return row
