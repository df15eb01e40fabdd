"""The parts of a run folder that grow with the data: per_instance_stats.json and scenario_state.json."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from evaluations.adapters.helm.contexts import (
    BOOKKEEPING,
    Context,
    mean_of,
    metric_and_context,
    perturbation_of,
)
from evaluations.adapters.helm.streaming import WHOLE_DOCUMENT, array_items
from evaluations.logs.budget import Budget
from evaluations.logs.names import Names, Repeated
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import listing, mapping, moment, number, sample_id, text_of, whole_number
from evaluations.report.document import Sample

REQUEST_STATES = re.compile(r'"request_states"\s*:\s*\[')
TOKENS = {
    "num_prompt_tokens": "prompt_tokens",
    "num_output_tokens": "output_tokens",
    "num_completion_tokens": "completion_tokens",
}
MOST_COLUMNS = 2000


@dataclass
class Requests:
    """What scenario_state.json says of the requests: how many instances were planned, which failed, and when."""

    planned: dict[tuple[str, str], Names] = field(default_factory=dict)
    """Instance ids by (split, perturbation)."""
    failed: set[tuple[str, str, int]] = field(default_factory=set)
    """(instance, perturbation, trial) of every request that brought no answer."""
    first: str | None = None
    last: str | None = None

    def note_time(self, value: object) -> None:
        """Widen the span of the requests; what names no instant is ignored."""
        if (instant := moment(value)) is not None:
            self.first = min(self.first or instant, instant)
            self.last = max(self.last or instant, instant)


def read_requests(stream: IO[bytes], *, place: str, budget: Budget) -> Requests:
    """Return what the scenario state says, without prompts and answers. Raises LogRefused for damage."""
    found = Requests()
    for state in array_items(stream, REQUEST_STATES, place=place, budget=budget):
        instance, result = mapping(state.get("instance")), mapping(state.get("result"))
        identifier = sample_id(instance.get("id"))
        perturbation = perturbation_of(instance.get("perturbation"))
        found.note_time(result.get("request_datetime"))
        if identifier is None:
            continue
        splits = [text_of(instance.get(part), limit=50) for part in ("split", "sub_split")]
        split = " ".join(part for part in splits if part)
        found.planned.setdefault((split, perturbation), Names()).add(identifier)
        if result.get("success") is False:
            found.failed.add((identifier, perturbation, whole_number(state.get("train_trial_index")) or 0))
    return found


@dataclass
class Column:
    """One metric in one context: positions of its rows and their values, NaN where nothing was counted."""

    rows: array[int] = field(default_factory=lambda: array("L"))
    values: array[float] = field(default_factory=lambda: array("d"))

    @property
    def finite(self) -> list[float]:
        """The values that are numbers."""
        return [value for value in self.values if not math.isnan(value)]


@dataclass
class Instances:
    """Rows of per_instance_stats.json and their values by (metric, context)."""

    place: str
    ids: Repeated = field(default_factory=Repeated)
    failed: array[int] = field(default_factory=lambda: array("b"))
    columns: dict[tuple[str, Context], Column] = field(default_factory=dict)
    tokens: dict[Context, dict[str, float]] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def samples(self, column: Column) -> Iterator[Sample]:
        """Yield the column's attempts; the training trials of an instance are its attempts."""
        attempts = self.ids.repeats(column.rows)
        for row, value, attempt in zip(column.rows, column.values, attempts, strict=True):
            identifier = self.ids[row]
            sample: Sample = {
                "id": identifier,
                "attempt": attempt,
                "status": "scored",
                "transcript": f"{self.place}/{row}",
            }
            if self.failed[row]:
                sample |= {"status": "error", "error_origin": "system"}
            elif math.isnan(value):
                sample["status"] = "ungraded"
            else:
                sample["score"] = value
            yield sample


def read_instances(stream: IO[bytes], requests: Requests, *, place: str, budget: Budget) -> Instances:
    """Return the columns of per_instance_stats.json. Raises LogRefused for damage and rows without an instance."""
    found = Instances(place)
    for index, row in enumerate(array_items(stream, WHOLE_DOCUMENT, place=place, budget=budget)):
        identifier = sample_id(row.get("instance_id"))
        if identifier is None:
            where = f"{place}, element {index}"
            raise LogRefused("sample-without-id", "The row names no instance_id.", pointer=where)
        if index >= budget.samples or len(found.columns) > MOST_COLUMNS:
            words = f"The file holds more than {budget.samples} rows or {MOST_COLUMNS} metrics."
            raise LogRefused("too-many-samples", words, pointer=place, remedy="Split the run.")
        trial = whole_number(row.get("train_trial_index")) or 0
        key = (identifier, perturbation_of(row.get("perturbation")), trial)
        found.ids.append(identifier)
        found.failed.append(key in requests.failed)
        _note_statistics(found, row.get("stats"), index)
    return found


def _note_statistics(found: Instances, statistics: object, row: int) -> None:
    for statistic in listing(statistics):
        named = metric_and_context(mapping(statistic).get("name"))
        if named is None:
            continue
        metric, context = named
        value = mean_of(statistic)
        if metric in TOKENS and value is not None:
            sums = found.tokens.setdefault(context, {})
            sums[TOKENS[metric]] = sums.get(TOKENS[metric], 0.0) + (number(statistic.get("sum")) or 0.0)
        if BOOKKEEPING.fullmatch(metric):
            found.left_out.add(metric)
            continue
        column = found.columns.setdefault(named, Column())
        column.rows.append(row)
        column.values.append(math.nan if value is None else value)
