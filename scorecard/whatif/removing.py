"""The smallest sets of runs without which the level is another, and the level without each run alone."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scorecard.whatif.standing import Case, Verdict

Which = Literal["indicated", "reached"]
MOST_TRIED = 4000
"""How many sets are tried at most, so that a category with very many different runs is answered in time."""


@dataclass(frozen=True)
class Removal:
    """A set of runs, and the level that remains without it."""

    runs: tuple[str, ...]
    level: str | None


@dataclass(frozen=True)
class Removals:
    """Every smallest set, all of `size` runs.

    Without a set `more_than` says up to which size every one was tried; both are None where no set changes the level.
    `complete` is False where the search ended before every set of that size was tried.
    """

    size: int | None
    sets: tuple[Removal, ...]
    more_than: int | None
    complete: bool


def without_each(case: Case) -> dict[str, Verdict]:
    """Return run -> the verdict when that run alone is left out."""
    return {run: case.weighed(without=frozenset([run])) for run in case.runs}


def _alike(case: Case) -> list[tuple[str, ...]]:
    """Return the runs in groups that find the same of the same indicators, smallest group first."""
    groups: dict[tuple[tuple[str, str, bool], ...], list[str]] = defaultdict(list)
    for run in case.runs:
        groups[tuple((one.id, one.findings[run], run in one.ended) for one in case.held if run in one.findings)].append(
            run
        )
    return sorted((tuple(runs) for runs in groups.values()), key=lambda runs: (len(runs), runs))


def _by_size(weights: list[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield (sum of weights, places) of every non-empty subset, lightest first; `weights` is ascending."""
    heap: list[tuple[int, tuple[int, ...]]] = [(weights[0], (0,))] if weights else []
    while heap:
        weight, places = heapq.heappop(heap)
        yield weight, places
        following = places[-1] + 1
        if following < len(weights):
            heapq.heappush(heap, (weight + weights[following], (*places, following)))
            heapq.heappush(heap, (weight - weights[places[-1]] + weights[following], (*places[:-1], following)))


def smallest_removals(case: Case, which: Which, *, most_tried: int = MOST_TRIED) -> Removals:
    """Return every smallest set of runs whose removal changes the indicated or the reached level.

    Runs that find the same of the same indicators are left out together or not at all: while one of them remains, the
    others change nothing, so no smallest set holds only a part of them. Sets are tried by size, so the first that
    changes the level is a smallest one.
    """
    groups, now = _alike(case), getattr(case.verdict, which)
    size: int | None = None
    found: list[Removal] = []
    for tried, (weight, places) in enumerate(_by_size([len(group) for group in groups])):
        if size is not None and weight > size:
            break
        if tried == most_tried:
            return Removals(size, tuple(found), weight - 1 if size is None else None, False)
        runs = tuple(sorted(run for place in places for run in groups[place]))
        level = getattr(case.weighed(without=frozenset(runs)), which)
        if level != now:
            size = weight
            found.append(Removal(runs, level))
    return Removals(size, tuple(sorted(found, key=lambda one: one.runs)), None, True)
