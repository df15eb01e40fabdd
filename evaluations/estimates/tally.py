"""Sufficient statistics of a run: what is counted once and then decides every threshold, without the samples."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Optional, Set, Tuple

from .scores import ScoreRow


@dataclass(frozen=True)
class Tally:
    """Sums over the units of one run, each unit having a value in [0, 1].

    `total` is the sum over the `scored` units, of which `units` are independent (clusters where declared). Of
    `expected` units, `expected_units` independent, `floor` is the sum with every missing attempt counted 0 and
    `ceiling` the sum with every missing attempt counted 1.
    """

    total: float
    scored: int
    expected: int
    floor: float
    ceiling: float
    units: float
    expected_units: float

    @property
    def coverage(self) -> float:
        """The share of the expected units that were scored; 0 where none is expected."""
        return self.scored / self.expected if self.expected else 0.0

    def mirrored(self) -> Tally:
        """Return the tally of 1 - x, for metrics where a higher value is safer."""
        return Tally(
            total=self.scored - self.total,
            scored=self.scored,
            expected=self.expected,
            floor=self.expected - self.ceiling,
            ceiling=self.expected - self.floor,
            units=self.units,
            expected_units=self.expected_units,
        )

    def to_dict(self) -> Dict[str, Any]:
        """Return the canonical JSON form."""
        return asdict(self)


def tally_from_dict(value: Dict[str, Any]) -> Tally:
    """Return the tally whose canonical form is `value`. Raises TypeError for missing or unknown keys."""
    return Tally(**value)


def tally_from_counts(successes: int, trials: int, planned: Optional[int]) -> Tally:
    """Return the tally of k successes in n trials, of which `planned` were expected (at least n)."""
    expected = max(planned or 0, trials)
    return Tally(
        total=float(successes),
        scored=trials,
        expected=expected,
        floor=float(successes),
        ceiling=float(successes + expected - trials),
        units=float(trials),
        expected_units=float(expected),
    )


def tally_from_estimate(
    value: float, trials: Optional[int], stderr: Optional[float], planned: Optional[int]
) -> Optional[Tally]:
    """Return the tally behind a published fraction, or None when neither n nor a standard error was published.

    With a standard error s the independent units are min(trials, p(1 - p) / s^2); a stated error of 0 says nothing.
    """
    if trials is None and not stderr:
        return None
    # A standard error whose square is no number says as little as one of 0.
    spread = value * (1.0 - value) / (stderr * stderr) if stderr and stderr * stderr > 0.0 else None
    candidates = [float(number) for number in (trials, spread) if number is not None]
    if not candidates:
        return None
    units = min(candidates)
    scored = trials if trials is not None else max(1, int(units))
    expected = max(planned or 0, scored)
    total = value * scored
    missing = expected - scored
    return Tally(
        total=total,
        scored=scored,
        expected=expected,
        floor=total,
        ceiling=total + missing,
        units=units,
        expected_units=units + missing,
    )


def _items(rows: Iterable[ScoreRow]) -> Iterator[Tuple[str, List[ScoreRow]]]:
    """Yield (id, its attempts that are not superseded) of rows in canonical order."""
    last: Optional[str] = None
    for identifier, group in groupby(rows, key=lambda row: row.id):
        if last is not None and identifier < last:
            raise ValueError("the samples are not in canonical order: %s after %s" % (identifier[:80], last[:80]))
        last = identifier
        attempts = [row for row in group if not row.superseded]
        if attempts:
            yield identifier, attempts


def tally_from_scores(
    rows: Iterable[ScoreRow],
    planned: Optional[int],
    attempts_per_sample: Optional[int],
    missing_statuses: FrozenSet[str],
) -> Tally:
    """Return the tally of per-sample scores: a unit is an item, its value the mean of its scored attempts.

    The rows come in canonical order, so that a million of them need not be held at once. Raises ValueError otherwise.
    A status in `missing_statuses` counts as missing; `refused` and `limit` outside that set count as scored with 0.
    A missing attempt of a half-scored item is 0 in `floor` and 1 in `ceiling`, so losing it can only widen the bounds.
    """
    means, floors, ceilings = [], [], []
    clusters: Set[str] = set()
    scored_clusters: Set[str] = set()
    alone = scored_alone = 0
    for _, attempts in _items(rows):
        values = [row.score or 0.0 for row in attempts if row.status == "scored" or row.status not in missing_statuses]
        slots = max(len(attempts), attempts_per_sample or 0)
        cluster = next((row.cluster for row in attempts if row.cluster is not None), None)
        if cluster is None:
            alone, scored_alone = alone + 1, scored_alone + bool(values)
        else:
            clusters.add(cluster)
            scored_clusters.update([cluster] if values else [])
        if values:
            means.append(math.fsum(values) / len(values))
        floors.append(math.fsum(values) / slots)
        ceilings.append((math.fsum(values) + slots - len(values)) / slots)
    expected = max(planned or 0, len(floors))
    unlisted = expected - len(floors)
    return Tally(
        total=math.fsum(means),
        scored=len(means),
        expected=expected,
        floor=math.fsum(floors),
        ceiling=math.fsum(ceilings) + unlisted,
        units=float(len(scored_clusters) + scored_alone),
        # Units that are not even listed belong to unknown clusters, so they add no independence where any is declared.
        expected_units=float(len(clusters) + alone if clusters else expected),
    )
