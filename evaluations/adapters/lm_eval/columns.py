"""The scores of one samples file by metric and filter, held as numbers, because a file may have a million long rows."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.adapters.lm_eval.naming import BYPASS, NO_FILTER
from evaluations.logs.budget import Budget
from evaluations.logs.names import Counts, Repeated
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import number, sample_id, text_of, tolerant_json
from evaluations.report.document import Sample

NOT_SCORES = frozenset(
    {
        "doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "doc_hash",
        "prompt_hash", "target_hash",
    }
)  # fmt: skip
MOST_COLUMNS = 500


@dataclass
class Column:
    """One metric under one filter: positions of its rows, and their scores with NaN for what is no number."""

    rows: array[int] = field(default_factory=lambda: array("L"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    lists: int = 0
    """Rows whose value is a list or an object that only the tool's own aggregation can join."""

    @property
    def range(self) -> tuple[float, float] | None:
        """The smallest and largest score, or None without any."""
        finite = [score for score in self.scores if not math.isnan(score)]
        return (min(finite), max(finite)) if finite else None


@dataclass
class TaskSamples:
    """A samples file: ids, attempts and line numbers of its rows, and its columns by (metric, filter)."""

    place: str
    """Name of the member in an archive; empty for a file that came alone."""
    ids: Repeated = field(default_factory=Repeated)
    attempts: array[int] = field(default_factory=lambda: array("L"))
    lines: array[int] = field(default_factory=lambda: array("L"))
    columns: dict[tuple[str, str], Column] = field(default_factory=dict)
    unnamed: int = 0
    """How many filters the rows come from without naming them, as in releases before 0.4.5."""
    row_word: str = "line"
    """What a row is in its file: a line, or an element of an array."""

    def name_filters(self, names: list[str]) -> None:
        """Give filters that the rows do not name the names of the task, or numbers where those do not fit."""
        known = names if len(names) == self.unnamed else []
        if not known and self.unnamed > 1:
            known = [numbered(place) for place in range(1, self.unnamed + 1)]
        titles = {numbered(place) if place > 1 else NO_FILTER: name for place, name in enumerate(known, 1)}
        self.columns = {(metric, titles.get(name, name)): found for (metric, name), found in self.columns.items()}

    def documents(self, column: Column) -> int:
        """Return how many distinct documents the column scores."""
        return sum(1 for row in column.rows if self.attempts[row] == 1)

    def samples(self, column: Column) -> Iterator[Sample]:
        """Yield the column's attempts, one for each document of its filter."""
        for row, score in zip(column.rows, column.scores, strict=True):
            line = f"{self.row_word} {self.lines[row]}"
            sample: Sample = {
                "id": self.ids[row],
                "attempt": self.attempts[row],
                "status": "ungraded" if math.isnan(score) else "scored",
                "transcript": f"{self.place}, {line}" if self.place else line,
            }
            if not math.isnan(score):
                sample["score"] = score
            yield sample


def numbered(place: int) -> str:
    """Return the name of the filter that stands at a place and has no name in the file."""
    return f"filter-{place}"


def _score(value: Any) -> float:
    found = float(value) if isinstance(value, bool) else number(value)
    return math.nan if found is None else found


def _metrics(row: dict[str, Any]) -> list[str]:
    named = row.get("metrics")
    if isinstance(named, list):
        return [name for name in named if isinstance(name, str) and name and name != BYPASS]
    return [name for name, value in row.items() if name not in NOT_SCORES and isinstance(value, bool | int | float)]


def _row(line: bytes, place: str, depth: int) -> tuple[dict[str, Any], str]:
    row = tolerant_json(line, place=place, depth=depth)
    if not isinstance(row, dict):
        raise LogRefused("not-a-sample", "The line is no JSON object.", pointer=place)
    identifier = sample_id(row.get("doc_id"))
    if identifier is None:
        raise LogRefused("sample-without-id", "The row names no doc_id.", pointer=place)
    return row, identifier


def read_samples(
    lines: Iterable[tuple[int, bytes]], *, place: str, budget: Budget, row_word: str = "line"
) -> TaskSamples:
    """Return the columns of a samples file. Raises LogRefused for a line that is no row, and for too many of them."""
    found = TaskSamples(place, row_word=row_word)
    seen: dict[str, Counts] = {}
    for line_number, line in lines:
        where = f"{place}, {row_word} {line_number}" if place else f"{row_word} {line_number}"
        row, identifier = _row(line, where, budget.depth)
        stated = text_of(row.get("filter"))
        filter_name = stated or NO_FILTER
        attempt = seen.setdefault(filter_name, Counts()).again(identifier)
        if stated is None:
            # A document has one row for each filter, so that one without a name that comes again is the next filter's.
            found.unnamed = max(found.unnamed, attempt)
            filter_name, attempt = numbered(attempt) if attempt > 1 else NO_FILTER, 1
        found.ids.append(identifier)
        found.attempts.append(attempt)
        found.lines.append(line_number)
        for metric in _metrics(row):
            column = found.columns.setdefault((metric, filter_name), Column())
            column.rows.append(len(found.ids) - 1)
            column.scores.append(_score(row.get(metric)))
            column.lists += isinstance(row.get(metric), list | dict)
        if len(found.columns) > MOST_COLUMNS or len(found.ids) > budget.samples:
            words = f"The file holds more than {budget.samples} rows or {MOST_COLUMNS} metrics."
            raise LogRefused("too-many-samples", words, pointer=where, remedy="Split the file.")
    return found
