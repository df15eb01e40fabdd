"""Filing evidence documents: checked against the frameworks that are published here, stored with its ledger entries.

They inform and never set a level, so nothing becomes stale by them: a sealed card says that evidence arrived since.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from evaluations import blobs, filing
from evaluations.actors import Actor
from evaluations.contention import insisting
from evaluations.evidence import Probing, refuse_faults
from evaluations.filing import Filed
from evaluations.models import EvidenceDocument
from evaluations.reach import EVERYWHERE, Reach
from evaluations.report import Fault, ReportRefused
from scorecard.models import FrameworkVersion
from scorecard.recording import record

MOST_RACES = 3


def file(raw: bytes, *, by: Actor, at: datetime, within: Reach = EVERYWHERE) -> Filed:
    """Take a posted evidence document in; the same content again changes nothing. Raises ReportRefused."""
    checked = filing.check(raw, at=at, within=within)
    if isinstance(checked.document, Probing):
        checked = replace(checked, bound={"levels": _levels(checked.document)})
    raw_digest = blobs.put(raw)

    def attempt() -> Filed:
        with transaction.atomic():
            filed = filing.store(checked, raw_digest=raw_digest, raw_bytes=len(raw), by=by, at=at)
            return _recorded(filed, by=by, at=at)

    for remaining in range(MOST_RACES, -1, -1):
        try:
            return insisting(attempt)
        except IntegrityError:
            # Somebody filed the first revision at this moment; now it can be seen.
            if not remaining:
                raise
    raise AssertionError("the last attempt returns or raises")


def _levels(document: Probing) -> list[dict[str, str]]:
    """Return the ordered levels of the framework that was rated against. Raises ReportRefused for an unknown one."""
    named = document.framework
    framework = FrameworkVersion.objects.filter(slug=named.slug, version=named.version).first()
    if framework is None:
        words = f"There is no framework {named.slug} in version {named.version}."
        remedy = "Name a published version; GET /api/v1/frameworks/ lists them."
        raise ReportRefused([Fault("/framework", "unknown-framework", words, remedy)], status=422)
    levels = [{"slug": level["slug"], "name": level["name"]} for level in framework.document["levels"]]
    refuse_faults(document.strange_levels([level["slug"] for level in levels]))
    return levels


def _recorded(filed: Filed, *, by: Actor, at: datetime) -> Filed:
    if not filed.created:
        return filed
    if filed.superseded is not None:
        _record("evidence.superseded", filed.superseded, {"superseded_by": filed.document.id}, by=by, at=at)
    _record("evidence.received", filed.document, {}, by=by, at=at)
    return filed


def _record(kind: str, row: EvidenceDocument, more: dict[str, Any], *, by: Actor, at: datetime) -> None:
    data = {
        "kind": row.kind,
        "native_id": row.native_id,
        "revision": row.revision,
        "digest": row.digest,
        "raw": row.raw_digest,
        "checkpoints": [binding.checkpoint.name for binding in row.bindings.select_related("checkpoint")],
        "mitigation": row.mitigation,
        "category": row.category or None,
        **more,
    }
    record(kind, subject=("evidence", row.id), data=data, by=by, at=at)
