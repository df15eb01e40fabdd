"""Questions asked of the evidence documents: lists for pages and cards, and what one of them says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from evaluations import blobs
from evaluations.estimates.reported import UNIT_SIZE
from evaluations.evidence import KINDS, Document, kind_of, pair_reading, parse_evidence
from evaluations.models import EvaluationRun, EvidenceDocument, Measurement

FILTERS = {
    "checkpoint": "checkpoints__name",
    "subject": "checkpoints__subject__slug",
    "kind": "kind",
    "category": "category",
    "section": "section",
    "mitigation": "mitigation",
    "native_id": "native_id",
    "digest": "digest",
}
"""Name of a filter as the outside spells it -> the field."""


@dataclass(frozen=True)
class Told:
    """One document as it is shown: what was posted, and what is computed from it."""

    document: Document
    reading: dict[str, Any]


def evidence_documents(
    seen: QuerySet[EvidenceDocument], filters: dict[str, str], *, superseded: bool = False
) -> QuerySet[EvidenceDocument]:
    """Return those of `seen` that pass all filters of `FILTERS`, those of no later revision unless asked otherwise."""
    rows = seen.filter(**{FILTERS[name]: value for name, value in filters.items()})
    rows = rows if superseded else rows.filter(superseded_by=None)
    # A document about two checkpoints of one subject would come twice, and its bounds are large.
    return rows.distinct().defer("bound").prefetch_related("bindings__checkpoint")


Documents = QuerySet[EvidenceDocument]


def documents_on(checkpoints: Iterable[str], seen: Documents | None = None) -> list[EvidenceDocument]:
    """Return the current documents, or those of `seen`, about any of the checkpoints (ids), oldest first."""
    rows = EvidenceDocument.objects.all() if seen is None else seen
    rows = rows.filter(checkpoints__in=list(checkpoints), superseded_by=None)
    return list(rows.distinct().defer("bound").prefetch_related("bindings__checkpoint").order_by("received_at", "id"))


def documents_filed(checkpoints: Iterable[str]) -> int:
    """Return how many documents about any of the checkpoints (ids) were ever filed, every revision counted."""
    return EvidenceDocument.objects.filter(checkpoints__in=list(checkpoints)).distinct().count()


def policies_of(documents: Iterable[EvidenceDocument]) -> list[EvidenceDocument]:
    """Return the policies that judgements among the documents were made against, as they were bound, oldest first.

    A policy is about no checkpoint, so nothing else leads from a card to it.
    """
    judged = [row.id for row in documents if row.kind == "policy-judgements/1"]
    bounds = EvidenceDocument.objects.filter(id__in=judged).values_list("bound", flat=True) if judged else []
    named = {bound["policy"]["id"] for bound in bounds}
    rows = EvidenceDocument.objects.filter(id__in=named).defer("bound").prefetch_related("bindings__checkpoint")
    return list(rows.order_by("received_at", "id")) if named else []


def filed_since(checkpoints: Iterable[str], moment: datetime, seen: Documents) -> int:
    """Return how many of `seen` about the checkpoints (ids), later revisions too, were filed after a moment."""
    rows = seen.filter(checkpoints__in=list(checkpoints), received_at__gt=moment)
    return rows.distinct().count()


def revisions_of(row: EvidenceDocument) -> list[EvidenceDocument]:
    """Return every revision of a document, oldest first."""
    return list(EvidenceDocument.objects.filter(natural_key=row.natural_key).defer("bound").order_by("revision"))


def told(row: EvidenceDocument) -> Told:
    """Return what a document says, computed afresh from its bytes. Raises BlobMissing and BlobCorrupted."""
    document = parse_evidence(blobs.get(row.raw_digest), now=row.received_at)
    return Told(document=document, reading=kind_of(document).read(document, row.bound))


def kind_titles() -> list[tuple[str, str]]:
    """Return every kind with its name in words."""
    return [(kind.schema, kind.title) for kind in KINDS.values()]


PAIR = ("not_unsafe", "not_overrefuse")
"""Metrics of one suite that only mean something together."""


def rate_of(run: EvaluationRun, measurement: Measurement | None) -> dict[str, Any] | None:
    """Return a run's counts, or its fraction where it has no whole counts; None for what is no measured proportion."""
    if measurement is None or measurement.display["value"] is None or run.unit not in UNIT_SIZE:
        return None
    tally = measurement.tally
    if tally is not None and run.form != "estimate" and tally["scored"] and float(tally["total"]).is_integer():
        return {"successes": int(tally["total"]), "trials": tally["scored"]}
    value = float(measurement.display["value"]) / UNIT_SIZE[run.unit]
    return {"value": value} if 0.0 <= value <= 1.0 else None


def refusal_pairs(checkpoints: Iterable[str], seen: QuerySet[EvaluationRun]) -> list[dict[str, Any]]:
    """Return each pair of current runs of `seen` of one suite, checkpoint and side with the two metrics of `PAIR`.

    A pair has its suite, checkpoint and side, both rates, and their g-mean.
    """
    runs = seen.filter(checkpoint__in=list(checkpoints), metric__in=PAIR, superseded_by=None)
    rows = list(runs.select_related("evaluation", "checkpoint").defer("report").order_by("evaluation__title", "id"))
    newest = {
        row.run_id: row
        for row in Measurement.objects.filter(run__in=[run.id for run in rows]).order_by("measured_at", "id")
    }
    found: dict[tuple[str, str, str, str], dict[str, dict[str, Any]]] = {}
    for run in rows:
        if (rate := rate_of(run, newest.get(run.id))) is not None:
            suite = f"{run.evaluation.title}{f', {run.stratum}' if run.stratum else ''}"
            key = (run.evaluation_id, suite, run.checkpoint.name, run.mitigation)
            found.setdefault(key, {})[run.metric] = {**rate, "run": run.id, "title": suite, "metric": run.metric}
    return [
        {
            "suite": suite,
            "checkpoint": checkpoint,
            "mitigation": side,
            **pair_reading(suite, *(sides[one] for one in PAIR)),
        }
        for (_, suite, checkpoint, side), sides in found.items()
        if len(sides) == len(PAIR)
    ]
