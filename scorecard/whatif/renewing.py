"""The cheapest evaluations to run again so that evidence which has ended, or soon ends, speaks once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from scorecard.framework.findings import counts_for
from scorecard.framework.ladders import reads_side
from scorecard.framework.levels import indicate

Record = dict[str, Any]
MOST_TRIED_AT_ONCE = 8
"""Evaluations up to which every set of them is tried; of more, the dearest is left out while the level holds."""


@dataclass(frozen=True)
class Renewal:
    """What brings a level back: `evaluations` to run again with `samples` in all; `exact` where every set was tried.

    `level` is the indicated level as it is without the ended evidence, `renewed_level` as it was with it.
    """

    category: str
    side: str
    level: str | None
    renewed_level: str | None
    evaluations: tuple[str, ...]
    samples: int
    exact: bool


def _ended(document: Record, category: str, side: str, evidence: Sequence[Record]) -> dict[str, list[Record]]:
    """Return the ended items that count for a category on a side, by evaluation: one new run renews all of them."""
    speaking = [row for row in document["indicators"] if row["category"] == category and reads_side(row, side)]
    found: dict[str, list[Record]] = {}
    for item in evidence:
        if item.get("expired") and item["tally"] and any(counts_for(row, side, item) for row in speaking):
            found.setdefault(item["evaluation"], []).append(item)
    return found


def _cost(ended: Mapping[str, list[Record]], chosen: Sequence[str]) -> int:
    return sum(item["tally"]["expected"] for name in chosen for item in ended[name])


def _renewed(evidence: Sequence[Record], ended: Mapping[str, list[Record]], chosen: Sequence[str]) -> list[Record]:
    runs = {item["run"] for name in chosen for item in ended[name]}
    return [{**item, "expired": []} if item["run"] in runs else item for item in evidence]


def _every_set(names: Sequence[str], ended: Mapping[str, list[Record]]) -> Iterator[tuple[str, ...]]:
    sets = [chosen for size in range(len(names) + 1) for chosen in combinations(names, size)]
    return iter(sorted(sets, key=lambda chosen: (_cost(ended, chosen), len(chosen), chosen)))


def cheapest_renewal(document: Record, category: str, side: str, evidence: Sequence[Record]) -> Renewal | None:
    """Return the set of evaluations with the fewest samples whose renewal gives back the level; None if nothing ended.

    The set is empty where the level is the same without them. A new run is taken to say what the ended one said, which
    is what makes it worth running and not a forecast of its result.
    """
    ended = _ended(document, category, side, evidence)
    if not ended:
        return None

    def level_with(chosen: Sequence[str]) -> str | None:
        level: str | None = indicate(document, category, side, _renewed(evidence, ended, chosen))["indicated_level"]
        return level

    names, now = sorted(ended), level_with(())
    goal = level_with(names)
    exact = len(names) <= MOST_TRIED_AT_ONCE
    if exact:
        chosen = next(one for one in _every_set(names, ended) if level_with(one) == goal)
    else:
        chosen = tuple(names)
        for name in sorted(names, key=lambda one: -_cost(ended, (one,))):
            without = tuple(one for one in chosen if one != name)
            chosen = without if level_with(without) == goal else chosen
    return Renewal(category, side, now, goal, chosen, _cost(ended, chosen), exact)
