"""What the samples of a run must say together, found in their columns; the faults are those of `report.coherence`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from evaluations.report.coherence import CEILINGS, duplicate_fault, sample_fault
from evaluations.report.refusal import MOST_FAULTS, Fault
from evaluations.samples.columns import STATUS_CODES, STATUSES, SampleColumns


def incoherent_samples(columns: SampleColumns, unit: str) -> dict[int, Fault]:
    """Return the first faults of status and score by the place of their sample; scores are in `unit` as they came."""
    found: dict[int, Fault] = {}
    for index in _incoherent(columns, unit)[:MOST_FAULTS]:
        score, status = columns.scores[index], STATUSES[columns.statuses[index]]
        said: Any = {"status": status, "score": None if math.isnan(score) else score}
        found[index] = next(sample_fault(said, f"/samples/{index}", unit))
    return found


def sample_faults(incoherent: dict[int, Fault], columns: SampleColumns) -> Iterator[Fault]:
    """Yield these faults and those of attempts that stand twice, in the order of the samples."""
    twins = set(_twins(columns))
    for index in sorted(twins.union(incoherent)):
        if index in incoherent:
            yield incoherent[index]
        if index in twins:
            yield duplicate_fault(f"/samples/{index}", columns.attempts[index])


def _incoherent(columns: SampleColumns, unit: str) -> list[int]:
    scores = np.frombuffer(columns.scores, dtype=np.float64)
    absent = np.isnan(scores)
    wrong = absent == (np.frombuffer(columns.statuses, dtype=np.uint8) == STATUS_CODES["scored"])
    if unit in CEILINGS:
        wrong |= (scores < 0.0) | (scores > CEILINGS[unit])
    found: list[int] = np.flatnonzero(wrong).tolist()
    return found


def _twins(columns: SampleColumns) -> Iterator[int]:
    """Yield every live sample but the first of those with the same id and attempt."""
    if columns.ids_are_distinct():
        return
    live = (index for index in columns.order() if not columns.superseded[index])
    for _, group in groupby(live, key=lambda index: (columns.ids.key(index), columns.attempts[index])):
        yield from sorted(group)[1:]
