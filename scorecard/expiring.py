"""Expiring: once a day, cards whose evidence has ended become stale and are assessed again."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.cache import cache
from django.db import transaction

from scorecard.models import Scorecard, State
from scorecard.queries import snapshot_of
from scorecard.queries.evidence import evidence_of, validity_of
from scorecard.queries.validity import end_of_evidence
from scorecard.staling import locked, overtake

log = logging.getLogger(__name__)
STANDING = (State.DRAFT, State.IN_REVIEW, State.SEALED)
DAY_SECONDS = 24 * 60 * 60


def expire_evidence(card: Scorecard, *, at: datetime) -> bool:
    """Make a card stale whose evidence ended before today; say whether it did. A draft is only assessed again."""
    document = card.framework.document
    if card.state == State.DRAFT:
        validity = validity_of(card)
        record = {"evidence": evidence_of(card, validity), "applicability": validity["applicability"]}
    else:
        record = snapshot_of(card)
    end = end_of_evidence(document, record)
    if end is None or end >= at.date():
        return False
    with transaction.atomic():
        words = f"Evidence that it rests on ended on {end.isoformat()}."
        overtake(locked([card]), words=words, cause=f"ended:{end.isoformat()}", at=at)
    return True


def expire_due(*, at: datetime) -> int:
    """Look at the newest version of every card, once a day; return how many rest on evidence that has ended."""
    key = f"evidence-ended:{at.date().isoformat()}"
    if cache.get(key):
        return 0
    newest = {card.number: card for card in Scorecard.objects.order_by("version").defer("snapshot")}
    standing = [card for card in newest.values() if card.state in STANDING and not card.stale]
    found = [_tried(card, at=at) for card in standing]
    cache.set(key, True, 2 * DAY_SECONDS)
    return sum(found)


def _tried(card: Scorecard, *, at: datetime) -> bool:
    """Look at one card; what is wrong with it is logged and holds up no other card, and nothing else that is due."""
    try:
        return expire_evidence(card, at=at)
    except Exception:  # whatever it is, the reconciler must go on
        log.exception("whether the evidence of %s has ended could not be found out", card)
        return False
