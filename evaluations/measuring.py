"""Measuring: a received run becomes sufficient statistics, an estimate, and the figures that are shown."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from evaluations import blobs
from evaluations.agreement import agreement
from evaluations.beside import shown_beside, shown_horizon
from evaluations.canonical import named_digest, report_digest_bytes
from evaluations.estimates.deciding import decide
from evaluations.estimates.reported import UNIT_SIZE, tally_of_report
from evaluations.estimates.tally import Tally
from evaluations.models import EvaluationRun, Measurement, RunState
from evaluations.samples import SampleColumns, read_block, tally_of_columns

SOFTWARE = "measuring/3"
"""Changes whenever the same report would be measured differently."""
Progress = Callable[[int, int], object]
"""Hears how many samples are read, and how many there are."""
MISSING_STATUSES = ("error", "limit", "refused", "not_attempted", "ungraded", "invalidated")
"""Statuses that count as missing under the default policy; an attempt that has none of them is scored."""


def policy_digest(missing_statuses: Iterable[str] = MISSING_STATUSES) -> str:
    """Return the digest that names a measuring policy."""
    return named_digest(report_digest_bytes({"missing_statuses": sorted(missing_statuses)}))


def _untold(done: int, total: int) -> None:
    """Hear how many samples of how many are read, and do nothing about it."""


def shown_samples_of(run: EvaluationRun, *, progress: Progress = _untold) -> SampleColumns | None:
    """Return the run's samples for showing, or None for the other forms; only the block's own digest is checked.

    Raises BlobCorrupted when the block was changed.
    """
    if not run.block_digest:
        return None
    total = run.sample_count or 0
    block = io.BytesIO(blobs.get(run.block_digest))
    return read_block(block, unit=run.unit, told=lambda rows: progress(rows, total))


def samples_of(run: EvaluationRun, *, progress: Progress = _untold) -> SampleColumns | None:
    """Return the run's samples for deciding, or None for the other forms.

    Raises ValueError unless they are the ones that the signed report names.
    """
    columns = shown_samples_of(run, progress=progress)
    if columns is not None and columns.digest() != run.scores_digest:
        raise ValueError(f"the scores of {run.id} are not the ones its digest names")
    return columns


def _tally(report: dict[str, Any], columns: SampleColumns | None, missing: Sequence[str]) -> Tally | None:
    # Asked without rows first: whether the report can decide at all does not depend on its samples.
    tally = tally_of_report(report, (), frozenset(missing))
    if tally is None or columns is None or "samples_digest" not in report:
        return tally
    return tally_of_columns(
        columns,
        planned=report.get("planned_samples"),
        attempts_per_sample=report.get("attempts_per_sample"),
        missing_statuses=missing,
    )


def _statistic(columns: SampleColumns | None) -> str:
    return "proportion" if columns is None or columns.is_binary() else "mean_in_unit_interval"


def _shown_value(report: dict[str, Any], columns: SampleColumns | None, tally: Tally | None) -> float | None:
    """The run's own figure in the report's unit, as a number to show; None where nothing was scored."""
    size = UNIT_SIZE.get(report["unit"], 1.0)
    if "estimate" in report:
        return float(report["estimate"]["value"])
    if tally is not None:
        return tally.total / tally.scored * size if tally.scored else None
    scores = list(columns.live_scores()) if columns is not None else []
    return math.fsum(scores) / len(scores) if scores else None


def _display(report: dict[str, Any], columns: SampleColumns | None, tally: Tally | None) -> dict[str, Any]:
    estimate = report.get("estimate", {})
    trials = estimate.get("trials", report.get("tally", {}).get("trials"))
    return {
        "value": _shown_value(report, columns, tally),
        "unit": report["unit"],
        "qualifier": estimate.get("qualifier", "="),
        "reported_n": estimate.get("trials_text") or (None if trials is None else str(trials)),
        "reported": report.get("reported"),
        "agreement": agreement(report, tally.total / tally.scored if tally is not None and tally.scored else None),
        "stderr": estimate.get("stderr"),
        "interval": estimate.get("interval"),
        "statuses": {} if columns is None else columns.status_counts(),
        "error_origins": {} if columns is None else columns.origin_counts(),
        "superseded_attempts": 0 if columns is None else sum(columns.superseded),
        "completion": report.get("completion", "complete"),
        "decides": tally is not None,
        "beside": [] if columns is None else shown_beside(columns),
        "time_horizon": None if columns is None else shown_horizon(columns),
    }


def under_policy(
    run: EvaluationRun, *, missing_statuses: Sequence[str], excluded_statuses: Sequence[str]
) -> tuple[dict[str, Any] | None, float | None]:
    """Return the tally (canonical) and the shown value of a run of samples under another policy than the default one.

    Reads all samples; whoever asks often keeps the answer, which is the same for ever for one digest of a run. Raises
    ValueError as `samples_of` does.
    """
    columns = samples_of(run)
    if excluded_statuses and columns is not None:
        gone = frozenset(missing_statuses), frozenset(excluded_statuses)
        tally = tally_of_report(run.report, columns.rows(), *gone)
    else:
        tally = _tally(run.report, columns, missing_statuses)
    value = _shown_value(run.report, columns, tally)
    return None if tally is None else tally.to_dict(), value


def computed(
    run: EvaluationRun,
    *,
    at: datetime,
    missing_statuses: Sequence[str] = MISSING_STATUSES,
    progress: Progress = _untold,
) -> Measurement:
    """Return the measurement of a run under a policy: the one that is kept, or a new one that is not saved yet.

    Statuses in `missing_statuses` count as missing. Reads the samples once, in no transaction, because a large run
    takes seconds; assessments and changed thresholds read only what `keep_measured` writes.
    """
    policy = policy_digest(missing_statuses)
    existing = Measurement.objects.filter(run=run, policy_digest=policy).first()
    if existing is not None:
        return existing
    columns = samples_of(run, progress=progress)
    tally = _tally(run.report, columns, missing_statuses)
    return Measurement(
        run=run,
        policy_digest=policy,
        tally=None if tally is None else tally.to_dict(),
        estimate=None if tally is None else decide(tally, _statistic(columns), "wilson"),
        display=_display(run.report, columns, tally),
        software=SOFTWARE,
        measured_at=at,
    )


def keep_measured(found: Measurement) -> Measurement:
    """Save a computed measurement and mark its run measured; the first measurement of a run is the one that counts."""
    # No savepoint of its own inside the job's transaction: what fails here fails the whole of it.
    with transaction.atomic(savepoint=False):
        measurement = _kept(found) if found.pk is None else found
        measurement.run.written(state=RunState.MEASURED)
    return measurement


def measure(run: EvaluationRun, *, at: datetime, missing_statuses: Sequence[str] = MISSING_STATUSES) -> Measurement:
    """Measure a run under a policy and return the row; a run that was measured under it keeps its first measurement."""
    return keep_measured(computed(run, at=at, missing_statuses=missing_statuses))


def _kept(found: Measurement) -> Measurement:
    try:
        with transaction.atomic():
            found.save()
    except IntegrityError:
        # Another worker measured the run at this moment, and the first measurement is the one that counts.
        return Measurement.objects.get(run=found.run, policy_digest=found.policy_digest)
    return found
