"""Samples as columns: tens of bytes each, where an object per sample costs a thousand."""

from __future__ import annotations

import hashlib
import json
import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress, islice, pairwise
from operator import lt
from typing import Any, get_args

import numpy as np

from evaluations.estimates.scores import ScoreRow
from evaluations.report.coherence import CEILINGS, is_coherent, sample_fault
from evaluations.report.document import ErrorOrigin, Sample, Status
from evaluations.report.refusal import Fault
from evaluations.samples.records import HEADING, Tails, bytes_of, lines_of, records_of
from evaluations.samples.taking import Table, table_of
from evaluations.samples.texts import Named, SparseTexts, Texts
from evaluations.samples.tree import leaf_hashes, root_of

STATUSES: tuple[str, ...] = get_args(Status)
ORIGINS: tuple[str, ...] = ("", *get_args(ErrorOrigin))
STATUS_CODES = {status: code for code, status in enumerate(STATUSES)}
ORIGIN_CODES: dict[str | None, int] = {None: 0, **{origin: code for code, origin in enumerate(ORIGINS)}}
DETAILS = ("uuid", "judge", "transcript")
CHUNK = 8192
"""Rows that are taken in, written or hashed at once."""


class SampleColumns:
    """The samples of one run. Scores are stored as fractions where `unit` is percent, in their unit otherwise."""

    def __init__(self, unit: str = "proportion") -> None:
        self.unit = unit
        self._divisor = CEILINGS.get(unit, 1.0)
        self.ids = Texts()
        self.attempts = array("i")
        self.statuses = bytearray()
        self.scores = array("d")
        self.clusters = Named()
        self.superseded = bytearray()
        self.origins = bytearray()
        self.details: dict[str, SparseTexts | None] = dict.fromkeys(DETAILS)
        self._order: Sequence[int] | None = None
        self._distinct_ids = False
        self._digest: str | None = None

    @classmethod
    def of(cls, samples: Iterable[Sample], *, unit: str) -> SampleColumns:
        """Return the columns of checked samples."""
        columns = cls(unit)
        coming = iter(samples)
        while chunk := list(islice(coming, CHUNK)):
            columns.extend(chunk)
        return columns

    def __len__(self) -> int:
        return len(self.ids)

    def append(self, sample: Sample) -> None:
        """Add one checked sample; its place in the file does not matter."""
        self.extend([sample])

    def extend(self, samples: Sequence[Sample]) -> None:
        """Add checked samples; column by column, because that costs a fraction of sample by sample."""
        if samples:
            self.extend_table(table_of(samples))

    def extend_table(self, table: Table) -> None:
        """Add checked samples by their fields, as `taking.table_of` gives them."""
        before, count = len(self), len(table["id"])
        self.ids.extend(table["id"])
        self.attempts.extend(array("i", table["attempt"]) if "attempt" in table else array("i", [1]) * count)
        self.statuses += _codes(STATUS_CODES, table.get("status"), count)
        self.scores.extend(self._stored(table["score"]) if "score" in table else array("d", [math.nan]) * count)
        if "cluster" in table:
            self.clusters.extend(table["cluster"])
        else:
            self.clusters.extend_absent(count)
        self.superseded += bytes(table.get("superseded", count))
        self.origins += _codes(ORIGIN_CODES, table.get("error_origin"), count)
        self._detail("uuid", before, table.get("uuid", ()), count)
        judges = [None if judge is None else json.dumps(judge, ensure_ascii=False) for judge in table.get("judge", ())]
        self._detail("judge", before, judges, count)
        self._detail("transcript", before, table.get("transcript", ()), count)
        self._order = self._digest = None

    def _stored(self, scores: Iterable[float | None]) -> array[float]:
        found = array("d", [math.nan if score is None else score for score in scores])
        # Adding 0.0 because -0.0 is the same score as 0.0 and would be written otherwise.
        return array("d", (np.asarray(found) / self._divisor + 0.0).tobytes())

    def give_unit(self, unit: str) -> None:
        """Say the unit of scores that were taken in as they came."""
        self.unit, self._divisor = unit, CEILINGS.get(unit, 1.0)
        self.scores = self._stored(self.scores)
        self._order = self._digest = None

    def append_row(self, row: dict[str, Any]) -> None:
        """Add a sample as `row` and `detail` gave it: its score is in the stored unit already."""
        self.append({**{name: value for name, value in row.items() if name != "score"}, "score": None})  # type: ignore[typeddict-item]
        if row["score"] is not None:
            self.scores[-1] = row["score"]

    def extend_stored(self, table: dict[str, Sequence[Any]]) -> None:
        """Add rows of a block: a column for each name, codes for statuses and origins, NaN for an absent score."""
        before = len(self)
        self.ids.extend(table["id"])
        self.attempts.extend(table["attempt"])
        self.statuses.extend(table["status"])
        self.scores.extend(table["score"])
        self.clusters.extend(table["cluster"])
        self.superseded.extend(table["superseded"])
        self.origins.extend(table["error_origin"])
        for name in DETAILS:
            self._detail(name, before, table[name], len(table[name]))
        self._order = self._digest = None

    def _detail(self, name: str, before: int, texts: Sequence[str | None], count: int) -> None:
        column = self.details[name]
        if column is None and any(text is not None for text in texts):
            # Made only when a first text comes, because most logs have none of one kind or another.
            column = self.details[name] = SparseTexts(before)
        if column is not None:
            column.extend(texts or [None] * count)

    def fits(self, samples: Iterable[Sample]) -> bool:
        """Whether `check` has nothing to say of any of the samples."""
        return all(is_coherent(sample, self.unit) for sample in samples)

    def check(self, sample: Sample, place: str) -> Iterator[Fault]:
        """Yield what is wrong with one sample that is about to be added: status and score, and the range."""
        yield from sample_fault(sample, place, self.unit)

    def order(self) -> Sequence[int]:
        """Return the indices in canonical order: by id, attempt, superseded, status, score and cluster."""
        if self._order is None:
            self._order = self._sorted()
        return self._order

    def _sorted(self) -> Sequence[int]:
        if self._strictly_ordered():
            return range(len(self))
        order, self._distinct_ids = self.ids.ordered()
        return order if self._distinct_ids else array("q", self._sorted_wholly(order.tolist()))

    def _sorted_wholly(self, order: list[int]) -> list[int]:
        # Stable passes from the least telling key to the most telling one: no tuple for each of a million samples.
        passes: list[tuple[bool, Callable[[int], Any]]] = [
            (any(self.clusters.codes), lambda index: self.clusters[index] or ""),
            (True, lambda index: 0.0 if math.isnan(self.scores[index]) else self.scores[index]),
            (True, lambda index: not math.isnan(self.scores[index])),
            (any(self.statuses), lambda index: STATUSES[self.statuses[index]]),
            (any(self.superseded), self.superseded.__getitem__),
            (True, self.attempts.__getitem__),
            (True, self.ids.key),
        ]
        order.sort()
        for needed, key in passes:
            if needed:
                order.sort(key=key)
        return order

    def _strictly_ordered(self) -> bool:
        """Whether the samples came in canonical order; says too whether an id stands twice."""
        self._distinct_ids = True
        former, before = "", -1
        for start in range(0, len(self), CHUNK):
            ids = self.ids.at(range(start, min(start + CHUNK, len(self))))
            attempts = self.attempts[start : start + CHUNK]
            if not (former < ids[0] and all(map(lt, ids, islice(ids, 1, None)))):
                if not _ascend(zip([former, *ids], [before, *attempts], strict=True)):
                    return False
                self._distinct_ids = False
            former, before = ids[-1], attempts[-1]
        return True

    def ids_are_distinct(self) -> bool:
        """Whether no id stands twice: then every sample has one attempt, superseded or not."""
        self.order()
        return self._distinct_ids

    def row(self, index: int) -> ScoreRow:
        """Return one sample as the row that is hashed."""
        score = self.scores[index]
        return ScoreRow(
            id=self.ids[index],
            attempt=self.attempts[index],
            status=STATUSES[self.statuses[index]],
            score=None if math.isnan(score) else score,
            cluster=self.clusters[index],
            superseded=bool(self.superseded[index]),
        )

    def rows(self) -> Iterator[ScoreRow]:
        """Yield the rows in canonical order, one at a time."""
        return map(self.row, self.order())

    def detail(self, index: int) -> dict[str, Any]:
        """Return what is kept of a sample beside its row: error origin, uuid, judge and transcript pointer."""
        found: dict[str, Any] = {"error_origin": ORIGINS[self.origins[index]] or None}
        for name, column in self.details.items():
            found[name] = None if column is None else column[index]
        if found["judge"] is not None:
            found["judge"] = json.loads(found["judge"])
        return found

    def pieces(self) -> Iterator[Sequence[int]]:
        """Yield the indices in canonical order, some thousand at a time."""
        order = self.order()
        return (order[start : start + CHUNK] for start in range(0, len(order), CHUNK))

    def _records(self) -> Iterator[list[str]]:
        """Yield the records of the canonical CSV without their line ends, some thousand at a time."""
        for piece in self.pieces():
            # Not a number is not itself, so it would never be found among the tails that were made already.
            scores = [None if score != score else score for score in _at(self.scores, piece)]
            keys = zip(
                _at(self.attempts, piece), _at(self.statuses, piece), scores, _at(self.clusters.codes, piece),
                _at(self.superseded, piece), strict=True,
            )  # fmt: skip
            yield records_of(self.ids.at(piece), keys, Tails(STATUSES, self.clusters.texts))

    def csv(self) -> Iterator[bytes]:
        """Yield the canonical CSV in pieces; joined they are what `scores_to_csv` writes of all rows."""
        yield HEADING
        yield from map(bytes_of, self._records())

    def digest(self) -> str:
        """Return the digest of the canonical CSV, as a canonical report names it."""
        if self._digest is None:
            hasher = hashlib.sha256()
            for piece in self.csv():
                hasher.update(piece)
            self._digest = "sha256:" + hasher.hexdigest()
        return self._digest

    def hashed(self) -> tuple[str, str]:
        """Return the digest of the canonical CSV and the Merkle root over its lines, in one pass."""
        hasher = hashlib.sha256(HEADING)

        def leaves() -> Iterator[bytes]:
            for records in self._records():
                data = bytes_of(records)
                hasher.update(data)
                yield from leaf_hashes(lines_of(data, records))

        root = root_of(leaves())
        self._digest = "sha256:" + hasher.hexdigest()
        return self._digest, "sha256:" + root.hex()

    def leaves(self) -> list[bytes]:
        """Return the leaf hash of every sample in canonical order."""
        return [leaf for records in self._records() for leaf in leaf_hashes(record.encode() for record in records)]

    def twins(self) -> Iterator[tuple[str, int]]:
        """Yield (id, attempt) of every attempt that stands twice without one of them being superseded."""
        if self.ids_are_distinct():
            return
        order = [index for index in self.order() if not self.superseded[index]]
        for before, here in pairwise(order):
            if self.attempts[before] == self.attempts[here] and self.ids.key(before) == self.ids.key(here):
                yield self.ids[here], self.attempts[here]

    def _live(self, column: Iterable[Any]) -> Iterator[Any]:
        return compress(column, map((1).__sub__, self.superseded))

    def status_counts(self) -> dict[str, int]:
        """Return status -> number of attempts that are not superseded."""
        return {STATUSES[code]: count for code, count in sorted(Counter(self._live(self.statuses)).items())}

    def origin_counts(self) -> dict[str, int]:
        """Return error origin -> number of attempts that are not superseded, without those that name none."""
        counts = Counter(self._live(self.origins))
        return {ORIGINS[code]: count for code, count in sorted(counts.items()) if code}

    def live_scores(self) -> Iterator[float]:
        """Yield the scores of scored attempts that are not superseded."""
        return (score for score in self._live(self.scores) if score == score)

    def is_binary(self) -> bool:
        """Whether every score is 0 or 1 and no sample has a second live attempt: then it is k of n."""
        if any(score not in (0.0, 1.0) for score in self.live_scores()):
            return False
        if self.ids_are_distinct():
            return True
        order = [index for index in self.order() if not self.superseded[index]]
        return all(self.ids.key(before) != self.ids.key(here) for before, here in pairwise(order))

    def distinct(self) -> int:
        """Return the number of distinct samples that have a live attempt."""
        if self.ids_are_distinct():
            return self.superseded.count(0)
        count, last = 0, None
        for index in self.order():
            if not self.superseded[index] and (key := self.ids.key(index)) != last:
                count, last = count + 1, key
        return count


def _codes(known: Mapping[Any, int], names: Sequence[Any] | None, count: int) -> bytes:
    """Return a code for each name; that of the first where there are none."""
    return bytes(count) if names is None else bytes(map(known.__getitem__, names))


def _ascend(pairs: Iterable[tuple[str, int]]) -> bool:
    return all(before < here for before, here in pairwise(pairs))


def _at(column: Sequence[Any], indices: Sequence[int]) -> Sequence[Any]:
    if isinstance(indices, range):
        return column[indices.start : indices.stop]
    found: list[Any] = np.asarray(memoryview(column))[np.asarray(indices)].tolist()  # type: ignore[arg-type]
    return found
