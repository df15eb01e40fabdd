"""What a run's page says beside its estimate: other statistics, doubts, and what it may be compared with."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from evaluations.estimates.reported import shown_facts
from evaluations.models import EvaluationRun
from evaluations.pair_queries import comparable_runs
from scorecard.framework.printed import without_whole_count

MOST_CANDIDATES = 12


def beside(display: dict[str, Any]) -> dict[str, Any]:
    """Return the statistics beside the estimate; those of repeated attempts stand apart, because they need comparing.

    A card that publishes the attempt bootstrap treats its tasks as fixed; only next to resampled tasks does one see it.
    """
    rows = display.get("beside", [])
    resampled = [row for row in rows if row["method"].startswith("bootstrap")]
    repeated = any(row["method"].startswith("bootstrap attempts") for row in resampled)
    return {
        "resampled": resampled if repeated else [],
        "beside": [row for row in rows if not repeated or row not in resampled],
        "horizon": display.get("time_horizon"),
        # Scores in percent are kept as fractions, and so is everything that is computed from them.
        "statistics_unit": "proportion" if display.get("unit") == "percent" else display.get("unit"),
    }


def doubt(run: EvaluationRun) -> str:
    """Say that a published figure fits no whole count of its n; empty for everything else."""
    estimate = run.report.get("estimate", {})
    printed = (shown_facts(run.report)["printed"] or {}).get("value") or str(estimate.get("value", ""))
    return without_whole_count(printed, run.unit, estimate.get("trials"))


def candidates(run: EvaluationRun, seen: QuerySet[EvaluationRun]) -> dict[str, Any]:
    """Return those of `seen` that a run may be compared with, at most twelve, and how many more there are."""
    if not run.block_digest:
        return {"candidates": [], "more_candidates": 0}
    found = comparable_runs(run, seen)
    return {"candidates": found[:MOST_CANDIDATES], "more_candidates": max(0, found.count() - MOST_CANDIDATES)}
