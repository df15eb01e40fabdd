"""From a canonical run report to the tally that decides: the one reading shared by the product and the verifier."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Tuple

from .scores import ScoreRow
from .tally import Tally, tally_from_counts, tally_from_estimate, tally_from_scores

UNIT_SIZE = {"proportion": 1.0, "percent": 100.0}
"""What one whole is in the units that can decide; every other unit is for display only."""
PRINTED_NAMES = ("value", "unit", "metric", "evaluation", "model", "note")
"""Members of `reported` that a scorecard shows word for word, where they are plain text."""
LONGEST_PRINTED = 1000
DECLARED_NAMES = ("scaffold", "tools", "fine_tuned", "attempts", "best_of_n")
"""Members of `elicitation` that a threshold may require."""


def printed_of(report: Dict[str, Any]) -> Optional[Dict[str, str]]:
    """Return the producer's own words for a figure, by name; None where the report gives no figure in words.

    Longer or nested values stay in the report alone: they are no figure that fits into a table.
    """
    reported = report.get("reported", {})
    texts = {name: reported[name] for name in PRINTED_NAMES if isinstance(reported.get(name), str)}
    if not texts.get("value") or max(len(text) for text in texts.values()) > LONGEST_PRINTED:
        return None
    return texts


def shown_facts(report: Dict[str, Any]) -> Dict[str, Any]:
    """Return what tells two figures of one measurement apart, and how each was printed."""
    told = report.get("elicitation", {})
    declared = {name: told[name] for name in DECLARED_NAMES if told.get(name)}
    return {"scaffold": told.get("scaffold"), "printed": printed_of(report),
            **({"elicitation": declared} if declared else {})}  # fmt: skip


def without_statuses(
    rows: Iterable[ScoreRow], excluded_statuses: FrozenSet[str]
) -> Tuple[List[ScoreRow], FrozenSet[str]]:
    """Return the rows without those statuses, and the items of which no attempt that counts is left."""
    every = [row for row in rows if not row.superseded]
    kept = [row for row in every if row.status not in excluded_statuses]
    return kept, frozenset(row.id for row in every) - frozenset(row.id for row in kept)


def tally_of_report(
    report: Dict[str, Any],
    rows: Iterable[ScoreRow],
    missing_statuses: FrozenSet[str],
    excluded_statuses: FrozenSet[str] = frozenset(),
) -> Optional[Tally]:
    """Return the tally behind a canonical report (`report.json`) and its score rows, or None where it cannot decide.

    It cannot decide in a unit that is no fraction of one, as a figure with neither n nor standard error, as a figure
    that is only a bound or approximate (`>= 0.1` measured exactly must never rule a level out), and as a run that
    broke off without saying how many samples it had planned. Attempts with an excluded status are left out of what
    was expected as well as of what was scored.
    """
    size = UNIT_SIZE.get(report.get("unit", "proportion"))
    broken_off = report.get("completion", "complete") != "complete" and "planned_samples" not in report
    if size is None or broken_off:
        return None
    planned = report.get("planned_samples")
    if "tally" in report:
        return tally_from_counts(report["tally"]["successes"], report["tally"]["trials"], planned)
    if "samples_digest" in report:
        if excluded_statuses:
            rows, gone = without_statuses(rows, excluded_statuses)
            planned = None if planned is None else max(0, planned - len(gone))
        return tally_from_scores(rows, planned, report.get("attempts_per_sample"), missing_statuses)
    estimate = report["estimate"]
    if estimate.get("qualifier", "=") != "=":
        return None
    stderr = float(estimate["stderr"]) / size if "stderr" in estimate else None
    return tally_from_estimate(float(estimate["value"]) / size, estimate.get("trials"), stderr, planned)
