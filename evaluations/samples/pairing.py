"""Two runs' samples side by side by their ids: what both scored, and what of either found no partner."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from evaluations.samples.columns import SampleColumns

MOST_NAMED = 50
"""Ids that are named of each kind of unpaired samples; all of them are counted."""


@dataclass
class Named:
    """Samples of one kind: how many, and the ids of the first of them."""

    count: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, identifier: str) -> None:
        """Count one, and name it if there is room."""
        self.count += 1
        if self.count <= MOST_NAMED:
            self.ids.append(identifier)


@dataclass
class Side:
    """What of one run found no partner: `alone` is not in the other run, `unscored` is in both without a score here."""

    samples: int = 0
    alone: Named = field(default_factory=Named)
    unscored: Named = field(default_factory=Named)


@dataclass
class Pairs:
    """Scores of the samples that both runs scored, in canonical order; a sample with attempts has their mean.

    Scores are as the columns keep them: fractions where the unit is percent. `clusters` are the first run's. `single`
    says that no sample has a second scored attempt on either side.
    """

    first: array[float] = field(default_factory=lambda: array("d"))
    second: array[float] = field(default_factory=lambda: array("d"))
    clusters: list[str | None] = field(default_factory=list)
    single: bool = True
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))

    def __len__(self) -> int:
        return len(self.first)

    @property
    def binary(self) -> bool:
        """Whether every paired score is one attempt's 0 or 1: then the pairs are a table of four counts."""
        return self.single and all(score in (0.0, 1.0) for side in (self.first, self.second) for score in side)

    def table(self) -> tuple[int, int, int, int]:
        """Return how many binary pairs both solved, only the first, only the second, and neither."""
        n, both = len(self), sum(one * other for one, other in zip(self.first, self.second, strict=True))
        first, second = sum(self.first), sum(self.second)
        return int(both), int(first - both), int(second - both), int(n - first - second + both)

    def ordered(self) -> tuple[int, int, int]:
        """Return in how many pairs the first is higher, the second is, and both are equal."""
        higher = sum(one > other for one, other in zip(self.first, self.second, strict=True))
        lower = sum(one < other for one, other in zip(self.first, self.second, strict=True))
        return higher, lower, len(self) - higher - lower


@dataclass(slots=True)
class _Item:
    """One sample that has a live attempt: the sum and the number of its scores, and its cluster."""

    cluster: str | None
    total: float = 0.0
    scored: int = 0


def _items(columns: SampleColumns) -> dict[str, _Item]:
    """Return id -> sample in canonical order, of all samples that have a live attempt."""
    found: dict[str, _Item] = {}
    scores, gone = columns.scores, columns.superseded
    for piece in columns.pieces():
        for identifier, index in zip(columns.ids.at(piece), piece, strict=True):
            if gone[index]:
                continue
            item = found.get(identifier)
            if item is None:
                item = found[identifier] = _Item(columns.clusters[index])
            if (score := scores[index]) == score:
                item.total += score
                item.scored += 1
    return found


def pairs_of(first: SampleColumns, second: SampleColumns) -> Pairs:
    """Return the samples that both runs scored, and what of either found no partner."""
    pairs, ours, theirs = Pairs(), _items(first), _items(second)
    one, other = pairs.sides
    one.samples, other.samples = len(ours), len(theirs)
    for identifier in theirs:
        if identifier not in ours:
            other.alone.add(identifier)
    for identifier, item in ours.items():
        if (partner := theirs.get(identifier)) is None:
            one.alone.add(identifier)
        else:
            _pair(pairs, identifier, item, partner)
    return pairs


def _pair(pairs: Pairs, identifier: str, item: _Item, partner: _Item) -> None:
    for side, of_side in zip(pairs.sides, (item, partner), strict=True):
        if not of_side.scored:
            side.unscored.add(identifier)
    if item.scored and partner.scored:
        pairs.first.append(item.total / item.scored)
        pairs.second.append(partner.total / partner.scored)
        pairs.clusters.append(item.cluster)
        pairs.single = pairs.single and item.scored == partner.scored == 1
