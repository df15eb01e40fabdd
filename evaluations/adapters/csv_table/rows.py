"""What the rows of a table say: a first pass checks them all, later ones tell the samples of one run each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, get_args

from evaluations.adapters.csv_table.table import Table, plain, rows
from evaluations.logs.names import Counts, Names
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import number, sample_id, text_of, whole_number
from evaluations.report.document import ErrorOrigin, Sample, Status

WORDS = {"true": 1.0, "yes": 1.0, "pass": 1.0, "passed": 1.0, "false": 0.0, "no": 0.0, "fail": 0.0, "failed": 0.0}
STATUSES: tuple[Status, ...] = get_args(Status)
ORIGINS: tuple[ErrorOrigin, ...] = get_args(ErrorOrigin)
MOST_RUNS = 100
METRIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+%/:=-]{0,99}")
REMEMBERED = 256
"""Different cells whose meaning is kept, because a million rows repeat a few of them."""

Key = tuple[str | None, str | None, str | None, str | None]
"""Evaluation, model, metric and run id of a row: what makes it part of one run."""


@dataclass
class Extent:
    """What the first pass learnt of one run."""

    rows: int = 0
    ungraded: int = 0
    overruled: int = 0
    beyond: bool = False
    seen: Names = field(default_factory=Names)
    """Attempts by number and id, where the table numbers them."""


class _Outcome(NamedTuple):
    """What status, score and error origin of a row say together."""

    status: Status
    score: float | None
    origin: ErrorOrigin | None
    ungraded: bool
    """Whether neither a status nor a score is said."""
    overruled: bool
    beyond: bool
    unknown: tuple[str, str, tuple[str, ...]] | None
    """Of a word that is none: the column, the cell, and the words that are known."""


def _key(cells: tuple[str, ...]) -> Key:
    evaluation, model, metric, run_id = map(text_of, map(str.strip, cells))
    return evaluation, model, metric, run_id


def _score(cell: str) -> float | None:
    word = WORDS.get(cell.lower())
    return word if word is not None else number(cell)


def _outcome(cells: tuple[str, ...]) -> _Outcome:
    said, origin = plain(cells[0]), plain(cells[2])
    unknown = None
    if said and said not in STATUSES:
        unknown = ("status", said, tuple(map(str, STATUSES)))
    elif origin and origin not in ORIGINS:
        unknown = ("error_origin", origin, tuple(map(str, ORIGINS)))
    stated = _score(cells[1].strip())
    status = next((one for one in STATUSES if one == said != "scored"), "ungraded" if stated is None else "scored")
    return _Outcome(
        status=status,
        score=stated if status == "scored" else None,
        origin=next((one for one in ORIGINS if one == origin), None),
        ungraded=status == "ungraded" and not cells[0].strip(),
        overruled=status != "scored" and stated is not None,
        beyond=status == "scored" and stated is not None and not 0.0 <= stated <= 1.0,
        unknown=unknown,
    )


class Reader:
    """Reads the rows of a table, as often as needed; cells that repeat are understood once."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._key = lru_cache(REMEMBERED)(_key)
        self._outcome = lru_cache(REMEMBERED)(_outcome)
        self._text = lru_cache(REMEMBERED)(text_of)
        self._key_cells = table.picker("evaluation", "model", "metric", "run_id")
        self._outcome_cells = table.picker("status", "score", "error_origin")
        self._id, self._attempt = table.places["id"], table.places.get("attempt")

    def checked(self) -> dict[Key, Extent]:
        """Return the runs of the table; after this every row can be told without a fault. Raises LogRefused."""
        runs: dict[Key, Extent] = {}
        for line, row in rows(self._table):
            key = self._key(self._key_cells(row))
            extent = runs.get(key)
            if extent is None:
                extent = runs[key] = _begun(runs, key, line)
            name = sample_id(row[self._id].strip())
            if name is None:
                raise LogRefused("sample-id", "The row has no id that a reader can see.", pointer=f"line {line}")
            outcome = self._outcome(self._outcome_cells(row))
            if outcome.unknown is not None:
                raise _unknown(*outcome.unknown, line)
            if self._attempt is not None:
                _refuse_twins(extent, row[self._attempt], name, line)
            extent.rows += 1
            extent.ungraded += outcome.ungraded
            extent.overruled += outcome.overruled
            extent.beyond = extent.beyond or outcome.beyond
        for extent in runs.values():
            extent.seen = Names()
        return runs

    def samples(self, key: Key, count: int) -> Iterator[Sample]:
        """Yield the samples of one run, of which there are so many."""
        counted, cluster, uuid = Counts(), self._table.places.get("cluster"), self._table.places.get("uuid")
        for line, row in rows(self._table):
            if self._key(self._key_cells(row)) != key:
                continue
            name = sample_id(row[self._id].strip()) or ""
            number = counted.again(name) if self._attempt is None else whole_number(row[self._attempt].strip() or "1")
            status, score, origin, *_ = self._outcome(self._outcome_cells(row))
            sample = Sample(id=name, attempt=number or 1, status=status, transcript=f"line {line}")
            if score is not None:
                sample["score"] = score
            if origin is not None:
                sample["error_origin"] = origin
            if cluster is not None and (named := self._text(row[cluster].strip())) is not None:
                sample["cluster"] = named
            if uuid is not None and (named := text_of(row[uuid].strip())) is not None:
                sample["uuid"] = named
            yield sample
            count -= 1
            if not count:
                return


def _begun(runs: dict[Key, Extent], key: Key, line: int) -> Extent:
    """Return a new run's extent. Raises LogRefused for a metric that is none, and for one run too many."""
    if len(runs) >= MOST_RUNS:
        words = f"The table holds more than {MOST_RUNS} runs."
        raise LogRefused("too-many-runs", words, pointer=f"line {line}")
    if key[2] is not None and not METRIC.fullmatch(key[2]):
        words = f"The metric {key[2]!r:.80} is not spelt as metrics are."
        remedy = "Use letters, digits and _.@+%/:=- alone."
        raise LogRefused("metric", words, pointer=f"line {line}", remedy=remedy)
    return Extent()


def _unknown(meaning: str, cell: str, words: tuple[str, ...], line: int) -> LogRefused:
    detail = f"{cell[:60]!r} is no {meaning.replace('_', ' ')}."
    remedy = f"Use one of {', '.join(words)}."
    return LogRefused(meaning.replace("_", "-"), detail, pointer=f"line {line}", remedy=remedy)


def _refuse_twins(extent: Extent, cell: str, name: str, line: int) -> None:
    attempt = whole_number(cell.strip() or "1")
    if not attempt:
        raise LogRefused("attempt", "The attempt is no whole number from 1.", pointer=f"line {line}")
    if not extent.seen.add(f"{attempt} {name}"):
        words = f"Attempt {attempt} of this sample stands twice."
        remedy = "Number the attempts, or name the runs."
        raise LogRefused("duplicate-sample", words, pointer=f"line {line}", remedy=remedy)
