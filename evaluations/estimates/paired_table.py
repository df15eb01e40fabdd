"""Two runs on the same samples as one table of pairs, with everything missing counted against a fall."""

from __future__ import annotations

import math
from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Set

from .newcombe import difference_paired
from .reported import without_statuses
from .scores import ScoreRow


def _by_item(rows: Iterable[ScoreRow]) -> Dict[str, List[ScoreRow]]:
    found: Dict[str, List[ScoreRow]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    return found


def _risk(
    attempts: List[ScoreRow], slots: int, missing_statuses: FrozenSet[str], mirrored: bool, missing: float
) -> float:
    """Return the mean risk of an item's attempts; one that is missing counts as `missing`."""
    values = []
    for row in attempts:
        if row.status == "scored" or row.status not in missing_statuses:
            score = row.score or 0.0
            values.append(1.0 - score if mirrored else score)
    expected = max(slots, len(attempts), 1)
    return (math.fsum(values) + missing * (expected - len(values))) / expected


def paired_table(
    first: Iterable[ScoreRow],
    second: Iterable[ScoreRow],
    missing_statuses: FrozenSet[str],
    mirrored: bool,
    attempts_per_sample: Optional[int] = None,
    excluded_statuses: FrozenSet[str] = frozenset(),
) -> Dict[str, Any]:
    """Return the table of risk on the same items before (`first`) and after (`second`), in the worst case for a fall.

    `both`, `first_only`, `second_only` and `neither` sum the products of the two risks, which are counts where every
    item is solved or not. An item or attempt that is missing counts 0 before and 1 after, so that losing samples never
    earns a credit. `n` counts the items of either run and `n_eff` the independent units among them (clusters where
    they are declared). `mirrored` turns a metric where higher is safer into risk. An item of which one side has nothing
    but attempts with an excluded status is left out on both sides.
    """
    sides = [without_statuses(rows, excluded_statuses) for rows in (first, second)]
    before, after = (_by_item(kept) for kept, _ in sides)
    gone = sides[0][1] | sides[1][1]
    slots = attempts_per_sample or 1
    sums: Dict[str, List[float]] = {"both": [], "first_only": [], "second_only": [], "neither": []}
    clusters: Set[str] = set()
    alone = 0
    identifiers = sorted((set(before) | set(after)) - gone)
    for identifier in identifiers:
        attempts = before.get(identifier, []), after.get(identifier, [])
        one = _risk(attempts[0], slots, missing_statuses, mirrored, 0.0)
        other = _risk(attempts[1], slots, missing_statuses, mirrored, 1.0)
        sums["both"].append(one * other)
        sums["first_only"].append(one * (1.0 - other))
        sums["second_only"].append((1.0 - one) * other)
        sums["neither"].append((1.0 - one) * (1.0 - other))
        cluster = next((row.cluster for row in attempts[0] + attempts[1] if row.cluster is not None), None)
        if cluster is None:
            alone += 1
        else:
            clusters.add(cluster)
    table: Dict[str, Any] = {name: math.fsum(values) for name, values in sums.items()}
    return {"n": len(identifiers), "n_eff": len(clusters) + alone, **table}


def fall_of(table: Dict[str, Any]) -> Dict[str, float]:
    """Return `{pre, post, difference, low, high}` of a table: Newcombe's method 10 on its independent units.

    Raises ValueError for a table without pairs.
    """
    if not table["n"]:
        raise ValueError("the runs share no sample")
    share = table["n_eff"] / table["n"]
    cells = [table[name] * share for name in ("both", "first_only", "second_only", "neither")]
    difference, low, high = difference_paired(*cells)
    return {
        "pre": (table["both"] + table["first_only"]) / table["n"],
        "post": (table["both"] + table["second_only"]) / table["n"],
        "difference": difference,
        "low": low,
        "high": high,
    }
