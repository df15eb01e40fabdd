"""The deciding estimate: point, interval and worst case of one tally, in exact, recomputable arithmetic."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from .clopper_pearson import clopper_pearson_interval
from .tally import Tally
from .wilson import wilson_interval

DECIDING_STATISTICS = ("proportion", "mean_in_unit_interval", "difference_paired")
INTERVALS = {"wilson": wilson_interval, "clopper_pearson": clopper_pearson_interval}


def _bounds(fraction_sum: float, count: int, units: float, method: str) -> Tuple[float, float]:
    """Interval of the mean fraction_sum / count on `units` independent units."""
    if count == 0 or units <= 0:
        return 0.0, 1.0
    k = units if fraction_sum >= count else max(0.0, fraction_sum / count * units)
    return INTERVALS[method](k, units)


def deciding_bounds(tally: Tally, interval: str) -> Tuple[float, float]:
    """Return the two bounds that decide: the lower one over the scored units, and the upper one of the worst case."""
    low, _ = _bounds(tally.total, tally.scored, tally.units, interval)
    _, upper = _bounds(tally.ceiling, tally.expected, tally.expected_units, interval)
    return low, upper


def decide(tally: Tally, statistic: str, interval: str) -> Dict[str, Any]:
    """Return the deciding estimate of a tally as canonical JSON values.

    `low` and `high` bound the scored units; `upper` is the worst case: the upper bound with every missing unit counted
    as a success. All are fractions in [0, 1]. Raises ValueError for a statistic or interval outside the closed list.
    """
    if statistic not in DECIDING_STATISTICS or interval not in INTERVALS:
        raise ValueError("%s with %s is not a deciding statistic" % (statistic, interval))
    low, upper = deciding_bounds(tally, interval)
    _, high = _bounds(tally.total, tally.scored, tally.units, interval)
    expected = tally.expected
    return {
        "statistic": statistic,
        "method": interval,
        "confidence": 0.95,
        "point": tally.total / tally.scored if tally.scored else None,
        "low": low,
        "high": high,
        "upper": upper,
        "best_case": tally.floor / expected if expected else None,
        "worst_case": tally.ceiling / expected if expected else None,
        "k": tally.total,
        "n": tally.scored,
        "n_eff": tally.units,
        "expected": expected,
        "coverage": tally.coverage,
        "wilson": list(_bounds(tally.total, tally.scored, tally.units, "wilson")),
        "clopper_pearson": list(_bounds(tally.total, tally.scored, tally.units, "clopper_pearson")),
    }
