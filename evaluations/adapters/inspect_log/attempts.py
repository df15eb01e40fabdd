"""All attempts of a log in compact columns: read once, then told to every run that the log holds."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.adapters.inspect_log.scoring import (
    LIMIT,
    UNGRADED,
    Column,
    Outcome,
    edit_of,
    limit_of,
    outcomes,
    whole_outcome,
)
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import LONGEST_TEXT, text_of, whole_number
from evaluations.logs.values import sample_id as named
from evaluations.report.document import Sample

MOST_COLUMNS = 100
LONGEST_PLACE = 1000
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
SampleId = int | str


@dataclass
class Attempts:
    """Rows in the order of the file. Scores stand in arrays, everything unusual in sparse dictionaries."""

    most: int
    """Attempts that are read at most."""
    cluster_key: str | None = None
    """The metadata field by which the log's own metrics cluster the samples."""
    ids: list[SampleId] = field(default_factory=list)
    numbers: array[int] = field(default_factory=lambda: array("l"))
    places: list[str] = field(default_factory=list)
    uuids: list[str | None] = field(default_factory=list)
    clusters: dict[int, str] = field(default_factory=dict)
    whole: dict[int, Outcome] = field(default_factory=dict)
    """Rows that have one outcome for every scorer."""
    scores: dict[Column, array[float]] = field(default_factory=dict)
    unscored: dict[Column, dict[int, Outcome]] = field(default_factory=dict)
    edits: dict[int, dict[str, Any]] = field(default_factory=dict)
    limits: dict[int, str] = field(default_factory=dict)
    superseded: set[int] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)
    """How often something happened that a reader must know of."""
    _known: dict[SampleId, SampleId] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, record: dict[str, Any], *, place: str) -> None:
        """Add the attempt of one sample record. Raises LogRefused for one without an id, or one too many."""
        row = len(self.ids)
        if row >= self.most:
            words = f"The log holds more than {self.most} samples."
            raise LogRefused("too-many-samples", words, pointer=place, remedy="Split the log.")
        sample_id = self._identity(record.get("id"), place)
        self.ids.append(sample_id)
        self.numbers.append(whole_number(record.get("epoch")) or 0)
        self.places.append(place)
        uuid = record.get("uuid")
        # Inspect's own ids are short and plain, and looking at each character of a million of them takes seconds.
        plain = isinstance(uuid, str) and uuid.isascii() and uuid.isalnum() and len(uuid) <= LONGEST_TEXT
        self.uuids.append(uuid if plain else text_of(uuid))
        for column in self.scores.values():
            column.append(math.nan)
        self._note(row, record)
        self._score(row, record, place)

    @staticmethod
    def key_of(record: dict[str, Any]) -> tuple[Any, int]:
        """Return what tells the record's attempt from the others of its log."""
        sample_id = record.get("id")
        plain = sample_id if isinstance(sample_id, int | str) else None
        return plain, whole_number(record.get("epoch")) or 0

    def keys(self) -> set[tuple[Any, int]]:
        """Return the keys of all attempts."""
        return set(zip(self.ids, self.numbers, strict=True))

    def columns(self) -> list[Column]:
        """Return scorer and key of every score in the order of their first appearance.

        A scorer that gives dictionaries and failed now and then leaves a plain value too; that is no column of its own.
        """
        exploded = {scorer for scorer, key in self.scores if key is not None}
        return [column for column in self.scores if column[1] is not None or not self._only_failed(column, exploded)]

    def _only_failed(self, column: Column, exploded: set[str]) -> bool:
        return column[0] in exploded and all(map(math.isnan, self.scores[column]))

    def rename(self, column: Column, name: Column) -> None:
        """Give a column the name that only the header knows."""
        self.scores[name] = self.scores.pop(column)
        self.unscored[name] = self.unscored.pop(column, {})

    def number_attempts(self) -> None:
        """Settle which attempts are live: each sample and number once, a rewritten attempt superseding the former."""
        live: dict[tuple[SampleId, int], int] = {}
        last: dict[SampleId, int] = {}
        for sample_id, number in zip(self.ids, self.numbers, strict=True):
            last[sample_id] = max(last.get(sample_id, 0), number)
        for row, sample_id in enumerate(self.ids):
            key = (sample_id, self.numbers[row])
            former = live.get(key)
            if former is not None and self._replaces(row, former):
                self.superseded.add(former)
                self.seen["superseded"] += 1
            elif former is not None or key[1] < 1:
                last[sample_id] = self.numbers[row] = last[sample_id] + 1
                key = (sample_id, self.numbers[row])
                self.seen["renumbered"] += 1
            live[key] = row

    def distinct(self) -> int:
        """Return how many different samples there are."""
        return len(self._known)

    def live(self) -> int:
        """Return how many attempts are not superseded."""
        return len(self.ids) - len(self.superseded)

    def outcome(self, row: int, column: Column) -> Outcome:
        """Return what became of an attempt for one column."""
        if row in self.whole:
            return self.whole[row]
        score = self.scores[column][row] if column in self.scores else math.nan
        if not math.isnan(score):
            return Outcome("scored", score)
        why = self.unscored.get(column, {}).get(row) or self.unscored.get((column[0], None), {}).get(row)
        return why or (LIMIT if row in self.limits else UNGRADED)

    def samples(self, column: Column) -> Iterator[Sample]:
        """Yield the attempts as the report lists them, with the score of one column."""
        names = self._names()
        for row, sample_id in enumerate(self.ids):
            outcome = self.outcome(row, column)
            sample = Sample(
                id=names[sample_id],
                attempt=self.numbers[row],
                status=outcome.status,
                transcript=self.places[row][:LONGEST_PLACE],
            )
            if outcome.score is not None:
                sample["score"] = outcome.score
            if outcome.origin is not None:
                sample["error_origin"] = outcome.origin
            if (uuid := self.uuids[row]) is not None:
                sample["uuid"] = uuid
            if row in self.clusters:
                sample["cluster"] = self.clusters[row]
            if row in self.superseded:
                sample["superseded"] = True
            if judge := self._judge(row):
                sample["judge"] = judge
            yield sample

    def without_score(self, column: Column) -> int:
        """Return how many attempts that are well as a whole have no score in the column."""
        missing = sum(map(math.isnan, self.scores[column])) if column in self.scores else len(self.ids)
        found = self.scores.get(column)
        return missing - sum(1 for row in self.whole if found is None or math.isnan(found[row]))

    def beyond_proportion(self, column: Column) -> bool:
        """Return whether a score of the column lies outside 0 to 1."""
        return any(score < 0.0 or score > 1.0 for score in self.scores.get(column, ()))

    def _judge(self, row: int) -> dict[str, Any]:
        parts = {"edited": self.edits.get(row), "limit": self.limits.get(row)}
        return {name: part for name, part in parts.items() if part is not None}

    @staticmethod
    def nameable(value: Any) -> bool:
        """Return whether a value can be a sample's id: a text that is not empty, or a number of usual size."""
        if isinstance(value, str):
            return bool(value)
        return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 64

    def _identity(self, value: Any, place: str) -> SampleId:
        if not self.nameable(value):
            raise LogRefused("sample-id", "A sample has no id that is a number or a text.", pointer=place)
        return self._known.setdefault(value, value)

    def _note(self, row: int, record: dict[str, Any]) -> None:
        if (whole := whole_outcome(record)) is not None:
            self.whole[row] = whole
            self.seen[whole.status] += 1
            if whole.status == "error" and record.get("scores"):
                self.seen["scored_error"] += 1
        if (edit := edit_of(record)) is not None:
            self.edits[row] = edit
        if (limit := limit_of(record)) is not None:
            self.limits[row] = limit
        if record.get("error_retries") or whole_number(record.get("retries")):
            self.seen["retried"] += 1
        metadata = record.get("metadata") if self.cluster_key is not None else None
        cluster = text_of(metadata.get(self.cluster_key)) if isinstance(metadata, dict) else None
        if cluster is not None:
            self.clusters[row] = cluster

    def _score(self, row: int, record: dict[str, Any], place: str) -> None:
        for column, outcome in outcomes(record):
            if column not in self.scores:
                if len(self.scores) >= MOST_COLUMNS:
                    words = f"The log holds more than {MOST_COLUMNS} kinds of scores."
                    raise LogRefused("too-many-scores", words, pointer=place)
                self.scores[column] = array("d", [math.nan]) * (row + 1)
            if outcome.score is not None:
                self.scores[column][row] = outcome.score
            else:
                self.unscored.setdefault(column, {})[row] = outcome

    def _replaces(self, row: int, former: int) -> bool:
        same = self.uuids[row] is None or self.uuids[former] is None or self.uuids[row] == self.uuids[former]
        died = self.whole.get(former)
        return same or (died is not None and died.status == "error")

    def _names(self) -> dict[SampleId, str]:
        names: dict[SampleId, str] = {}
        taken: set[str] = set()
        again: Counter[str] = Counter()
        for sample_id in self._known:
            twin = isinstance(sample_id, str) and _as_number(sample_id) in self._known
            name = plain = named(f'"{sample_id}"' if twin else str(sample_id)) or "unnamed"
            while name in taken:
                # The floor's digests keep ids apart, unless an id imitates the digest or has nothing to see.
                again[plain] += 1
                name = f"{plain[: LONGEST_TEXT - 20]} ~{again[plain] + 1}"
            taken.add(name)
            names[sample_id] = name
        return names


def _as_number(text: str) -> int | None:
    return int(text) if INTEGER.fullmatch(text) else None
