"""Questions asked of the evidence: noun phrases, reading only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from evaluations.canonical import report_digest_bytes
from evaluations.estimates.reported import shown_facts
from evaluations.estimates.scores import ScoreRow
from evaluations.measuring import samples_of
from evaluations.models import EvaluationRun, Measurement

LARGEST_PAGE = 200
FILTERS = {
    "checkpoint": "checkpoint__name",
    "subject": "subject__slug",
    "evaluation": "evaluation__slug",
    "stratum": "stratum",
    "metric": "metric",
    "mitigation": "mitigation",
    "form": "form",
    "state": "state",
    "native_id": "native_id",
    "digest": "digest",
}
"""Name of a filter as the outside spells it -> the field; names that are not here are refused, never passed on."""


class UnknownFilter(ValueError):
    """A filter name that is not in `FILTERS`."""


def known_runs() -> QuerySet[EvaluationRun]:
    """Return every run with its subject, checkpoint and evaluation at hand."""
    return EvaluationRun.objects.select_related("subject", "checkpoint__subject", "evaluation")


def current_runs(checkpoints: Iterable[str]) -> QuerySet[EvaluationRun]:
    """Return the runs on the checkpoints (ids) that no later revision supersedes, by id."""
    return known_runs().filter(checkpoint__in=list(checkpoints), superseded_by=None).order_by("id")


def runs_page(
    *, filters: Mapping[str, str], before: str = "", limit: int = 50, superseded: bool = False
) -> list[EvaluationRun]:
    """Return one page of runs, newest first, those with an id below `before`; superseded ones only on request.

    Ids sort by time, so a page costs the same however deep it lies. Raises UnknownFilter.
    """
    unknown = sorted(set(filters) - set(FILTERS))
    if unknown:
        raise UnknownFilter(f"{unknown[0]!r} is no filter; there are {', '.join(FILTERS)}")
    runs = known_runs().filter(**{FILTERS[name]: value for name, value in filters.items()})
    if not superseded:
        runs = runs.filter(superseded_by=None)
    if before:
        runs = runs.filter(id__lt=before)
    return list(runs.order_by("-id")[: max(1, min(limit, LARGEST_PAGE))])


def revisions_of(run: EvaluationRun) -> list[EvaluationRun]:
    """Return every revision of the run, oldest first."""
    return list(known_runs().filter(natural_key=run.natural_key).order_by("revision"))


def run_samples(run: EvaluationRun) -> list[ScoreRow]:
    """Return the per-sample scores in canonical order; empty for a run that has none."""
    columns = samples_of(run)
    return [] if columns is None else list(columns.rows())


def scores_bytes(run: EvaluationRun) -> bytes:
    """Return the canonical CSV of the per-sample scores. Raises ValueError for a run that has none."""
    columns = samples_of(run)
    if columns is None:
        raise ValueError(f"{run.id} was posted without samples")
    return b"".join(columns.csv())


def report_bytes(run: EvaluationRun) -> bytes:
    """Return the canonical report that the run's digest names; samples stand in it by their digest."""
    return report_digest_bytes(run.report)


def newest_measurements(runs: Iterable[EvaluationRun]) -> dict[str, Measurement]:
    """Return run id -> its newest measurement."""
    rows = Measurement.objects.filter(run__in=[run.id for run in runs]).order_by("measured_at", "id")
    return {row.run_id: row for row in rows}


def coverage(measurement: Measurement) -> float | None:
    """Return scored units over expected units, or None where no n is known."""
    tally = measurement.tally
    return None if tally is None or not tally["expected"] else tally["scored"] / tally["expected"]


def tested_at(report: dict[str, Any], *, received_at: datetime) -> str:
    """Return when a run was done, as its report says it; when it came in where the report does not say."""
    said: str | None = report.get("started_at") or report.get("completed_at")
    return said or received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def evidence_item(run: EvaluationRun, measurement: Measurement, *, applies: str) -> dict[str, Any]:
    """Return the run as one row of a scorecard's evidence: everything that deciding and showing it needs.

    `applies` is `direct`, or the id of the determination that lets the run count for another checkpoint.
    """
    report, display = run.report, measurement.display
    return {
        "run": run.id,
        "digest": run.digest,
        "revision": run.revision,
        "native_id": run.native_id,
        "evaluation": run.evaluation.slug,
        "version": report["evaluation"].get("version"),
        "dataset_digest": report["evaluation"].get("dataset_digest"),
        "stratum": run.stratum or None,
        "metric": run.metric,
        "unit": run.unit,
        "checkpoint": run.checkpoint.name,
        "mitigation": run.mitigation,
        "applies": applies,
        "tested_at": tested_at(report, received_at=run.received_at),
        "form": run.form,
        "tally": measurement.tally,
        "value": display["value"],
        "qualifier": display["qualifier"],
        "reported_n": display["reported_n"],
        "elicitation_adequate": report.get("elicitation", {}).get("adequate"),
        "quality": report["provenance"].get("quality"),
        "source": report["provenance"]["source"],
        **shown_facts(report),
    }
