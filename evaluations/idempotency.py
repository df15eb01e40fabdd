"""Idempotency keys: the first request under a key is answered once, and every repetition gets that answer again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import IntegrityError, transaction

from evaluations.models import EvaluationRun, IdempotencyRecord, IdempotencyState

USABLE = re.compile(r"[\x21-\x7e]{1,255}")
ABANDONED_AFTER = timedelta(minutes=10)
"""A request that is still in flight after this was killed: nobody waits for it any more."""


class KeyRefused(ValueError):
    """An `Idempotency-Key` that is empty, longer than 255 characters, or not printable ASCII without blanks."""


@dataclass(frozen=True)
class Standing:
    """How a request with a key stands: `proceed`, `replay` the answer, `conflict` (409) or `mismatch` (422)."""

    outcome: Literal["proceed", "replay", "conflict", "mismatch"]
    record: IdempotencyRecord


def begin(scope: str, key: str, fingerprint: str, *, at: datetime) -> Standing:
    """Register a request and say what to do with it.

    `scope` is the token's id, so that two tokens never share a key; `fingerprint` is the digest of the body. The row is
    committed at once, so that a second request sees the first in flight. Raises KeyRefused.
    """
    if not USABLE.fullmatch(key):
        raise KeyRefused("An idempotency key is 1 to 255 printable ASCII characters without blanks.")
    try:
        with transaction.atomic():
            record = IdempotencyRecord.objects.create(scope=scope, key=key, fingerprint=fingerprint, created_at=at)
            return Standing("proceed", record)
    except IntegrityError:
        record = IdempotencyRecord.objects.get(scope=scope, key=key)
    if record.fingerprint != fingerprint:
        return Standing("mismatch", record)
    if record.state == IdempotencyState.DONE:
        return Standing("replay", record)
    return _take_over(record, at)


def _take_over(record: IdempotencyRecord, at: datetime) -> Standing:
    lost = IdempotencyRecord.objects.filter(
        id=record.id,
        state=IdempotencyState.IN_FLIGHT,
        created_at=record.created_at,
        created_at__lte=at - ABANDONED_AFTER,
    )
    if lost.update(created_at=at):
        record.refresh_from_db()
        return Standing("proceed", record)
    return Standing("conflict", record)


def finish(record: IdempotencyRecord, *, status: int, body: dict[str, Any], run: EvaluationRun | None) -> None:
    """Keep the answer; called in the transaction of the effect where there is one. Server errors are not kept."""
    IdempotencyRecord.objects.filter(id=record.id).update(
        state=IdempotencyState.DONE, status=status, body=body, run=run
    )


def abandon(record: IdempotencyRecord) -> None:
    """Forget a request that was refused or failed, so that the key may be used again."""
    IdempotencyRecord.objects.filter(id=record.id, state=IdempotencyState.IN_FLIGHT).delete()
