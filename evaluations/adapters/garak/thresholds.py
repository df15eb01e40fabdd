"""Which detector value makes a hit, where the report does not say: garak leaves a threshold of its command line out.

Its own sums tell it. Of n values of which garak counts k as hits, the k highest are the hits, so that the threshold
lies above the highest other value and not above the lowest hit; all probes and detectors of one run share it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from evaluations.adapters.garak.report import Report
from evaluations.adapters.garak.summing import hits_and_total


def values_of(report: Report, probe: str, detector: str) -> list[float]:
    """Return all values of a detector on the outputs of a probe, without those that are no number."""
    found = (attempt.values.get(detector, ()) for attempt in report.attempts.get(probe, {}).values())
    return [value for values in found for value in values if not math.isnan(value)]


def threshold_of(report: Report) -> float:
    """Return the threshold that the report states or its sums show; garak's own where they fit it, or fit none."""
    stated = report.setup.threshold
    if report.setup.threshold_stated:
        return stated
    above, most = -math.inf, math.inf
    for probe, evals in report.evals.items():
        for detector, summary in evals.items():
            hits, total = hits_and_total(summary)
            values = values_of(report, probe, detector)
            if hits is None or total != len(values) or hits > len(values):
                continue
            low, high = _bounds(values, hits)
            above, most = max(above, low), min(most, high)
    fits_own, fits_another = above < stated <= most, above < most < math.inf
    return stated if fits_own or not fits_another else most


def _bounds(values: Iterable[float], hits: int) -> tuple[float, float]:
    """Return the highest value that is no hit and the lowest that is one; infinite where there is none."""
    ranked = sorted(values, reverse=True)
    return (ranked[hits] if hits < len(ranked) else -math.inf), (ranked[hits - 1] if hits else math.inf)
