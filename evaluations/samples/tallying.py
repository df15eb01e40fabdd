"""The tally of samples held as columns: the numbers that `tally_from_scores` gives, without an object per sample."""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection
from itertools import chain, repeat

from evaluations.estimates.tally import Tally, tally_from_scores
from evaluations.samples.columns import STATUSES, SampleColumns


def tally_of_columns(
    columns: SampleColumns, *, planned: int | None, attempts_per_sample: int | None, missing_statuses: Collection[str]
) -> Tally:
    """Return the tally of a run's samples; see `estimates.tally.tally_from_scores`, which it must equal exactly.

    Samples of one attempt each are summed as they stand in the columns: `fsum` rounds once, whatever the order.
    """
    if not columns.ids_are_distinct() or (attempts_per_sample or 1) > 1:
        return tally_from_scores(columns.rows(), planned, attempts_per_sample, frozenset(missing_statuses))
    missing = bytes(status != "scored" and status in missing_statuses for status in STATUSES)
    # An array and no list: a million float objects take four times as much.
    values = array(
        "d",
        (
            0.0 if math.isnan(score) else score
            for score, status, gone in zip(columns.scores, columns.statuses, columns.superseded, strict=True)
            if not gone and not missing[status]
        ),
    )
    listed, total = columns.superseded.count(0), math.fsum(values)
    expected = max(planned or 0, listed)
    units, expected_units = _independent(columns, missing)
    return Tally(
        total=total,
        scored=len(values),
        expected=expected,
        floor=total,
        ceiling=_with_ones(values, listed - len(values)) + (expected - listed),
        units=float(units),
        expected_units=float(expected if expected_units is None else expected_units),
    )


def _with_ones(values: array[float], count: int) -> float:
    # One is added and taken away as the general formula does it, so that both round alike.
    return math.fsum(chain((value + 1 - 1 for value in values), repeat(1.0, count)))


def _independent(columns: SampleColumns, missing: bytes) -> tuple[int, int | None]:
    """Return how many independent units are scored, and how many there are; None where no cluster is declared."""
    codes = columns.clusters.codes
    if not any(codes):
        pairs = zip(columns.statuses, columns.superseded, strict=True)
        return sum(1 for status, gone in pairs if not gone and not missing[status]), None
    clusters, scored_clusters, alone, scored_alone = set[int](), set[int](), 0, 0
    for code, status, gone in zip(codes, columns.statuses, columns.superseded, strict=True):
        if gone:
            continue
        scored = not missing[status]
        if code == 0:
            alone, scored_alone = alone + 1, scored_alone + scored
        else:
            clusters.add(code)
            if scored:
                scored_clusters.add(code)
    return len(scored_clusters) + scored_alone, (len(clusters) + alone if clusters else None)
