"""METR's runs.jsonl: attempts of many models at tasks of many lengths, one row each, published again with corrections.

One run for each model (`alias`) over all tasks: a task family has too few tasks to stand alone, and the time horizon
is a property of the model over all of them.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from pydantic import JsonValue

from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.names import Counts, Repeated
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import moment, number, sample_id, text_of, tolerant_json
from evaluations.report.document import ErrorOrigin, Sample

FAMILY, RUN = (
    re.compile(rb'"task_family"\s*:'),
    re.compile(rb'"(?:score_binarized|human_minutes|fatal_error_from)"\s*:'),
)
EVALUATION = "METR task suite"
LIMIT = "usageLimits"
ORIGINS: dict[str, ErrorOrigin] = {
    "agent": "model",
    "server": "system",
    "task": "system",
    "serverOrTask": "system",
    "user": "user",
}
"""Whose fault ended an attempt, as Vivaria names it; the usage limit is a rule of the task and no fault."""
JUDGED = ("human_minutes", "equal_task_weight", "invsqrt_task_weight")
"""What the time horizon is computed from, kept with each attempt beside `human_source`."""
LATER_NAMES = {"score": "score_cont", "total_tokens": "tokens_count", "dollar_equivalent": "generation_cost"}
"""What the publications since March 2025 call the same columns."""
LONGEST_NAME = 200


@lru_cache(maxsize=10_000)
def _repeated(name: str) -> str:
    """Return a name that stands in many rows; cleaning it once makes one object of all of them."""
    return text_of(name) or ""


def _name(value: Any) -> str:
    # Only short names are remembered, because the memory outlives the file.
    return _repeated(value) if isinstance(value, str) and len(value) <= LONGEST_NAME else text_of(value) or ""


def _number(row: dict[str, Any], name: str) -> float | None:
    found = number(row.get(name))
    return number(row.get(LATER_NAMES[name])) if found is None and name in LATER_NAMES else found


@dataclass
class _Attempts:
    """The rows of one model as columns, because a publication may hold a million of them."""

    model_codes: set[str] = field(default_factory=set)
    run_ids: Repeated = field(default_factory=Repeated)
    tasks: Repeated = field(default_factory=Repeated)
    families: Repeated = field(default_factory=Repeated)
    faults: Repeated = field(default_factory=Repeated)
    sources: Repeated = field(default_factory=Repeated)
    lines: array[int] = field(default_factory=lambda: array("L"))
    attempts: array[int] = field(default_factory=lambda: array("L"))
    figures: dict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    superseded: set[int] = field(default_factory=set)
    first: float = math.inf
    last: float = -math.inf
    has_scores: bool = False
    """Whether the rows have a column of scores that are not binarized, filled or not."""
    tokens: float = 0.0
    dollars: float = 0.0
    _numbers: Counts = field(default_factory=Counts)
    _places: array[int] = field(default_factory=lambda: array("L"))
    """By the number of a run id: the row in which it stood last."""

    def add(self, row: dict[str, Any], line: int) -> None:
        """Note one attempt; one under a run id that is already there replaces the former."""
        run_id, task = sample_id(row.get("run_id")) or "", sample_id(row.get("task_id")) or ""
        place, known = len(self.run_ids), self.run_ids.append(run_id)
        former = self._places[known] if run_id and known < len(self._places) else None
        if former is not None and self.tasks[former] == task:
            self.superseded.add(former)
            attempt = self.attempts[former]
        else:
            attempt = self._numbers.again(task)
        self._places[known : known + 1] = array("L", [place])
        self.tasks.append(task)
        self.families.append(_name(row.get("task_family")))
        self.faults.append(_name(row.get("fatal_error_from")))
        self.sources.append(_name(row.get("human_source")))
        self.model_codes.add(_name(row.get("model")))
        self.lines.append(line)
        self.attempts.append(attempt)
        for name in ("score", "score_binarized", *JUDGED):
            found = _number(row, name)
            self.figures[name].append(math.nan if found is None else found)
        self.has_scores = self.has_scores or "score" in row or LATER_NAMES["score"] in row
        self._note_span_and_cost(row)

    def _note_span_and_cost(self, row: dict[str, Any]) -> None:
        started, completed = number(row.get("started_at")), number(row.get("completed_at"))
        if started is not None and started < self.first and moment(started) is not None:
            self.first = started
        if completed is not None and completed > self.last and moment(completed) is not None:
            self.last = completed
        self.tokens += _number(row, "total_tokens") or 0.0
        self.dollars += _number(row, "dollar_equivalent") or 0.0

    def samples(self, metric: str) -> Iterator[Sample]:
        """Yield the attempts with their score in the metric, in file order."""
        for place, task in enumerate(self.tasks):
            sample: Sample = {
                "id": task,
                "attempt": self.attempts[place],
                **self._outcome(metric, place),
                "transcript": f"line {self.lines[place]}",
            }
            if self.families[place]:
                sample["cluster"] = self.families[place]
            if self.run_ids[place]:
                sample["uuid"] = self.run_ids[place]
            if place in self.superseded:
                sample["superseded"] = True
            if judged := self._judged(place):
                sample["judge"] = judged
            yield sample

    def _outcome(self, metric: str, place: int) -> Sample:
        score, fault = self.figures[metric][place], self.faults[place]
        if fault and fault != LIMIT:
            return cast(Sample, {"status": "error", "error_origin": ORIGINS.get(fault, "unknown")})
        if math.isnan(score) or (metric == "score_binarized" and score not in (0.0, 1.0)):
            return cast(Sample, {"status": "ungraded"})
        return cast(Sample, {"status": "scored", "score": score})

    def _judged(self, place: int) -> dict[str, JsonValue]:
        figures = {name: self.figures[name][place] for name in JUDGED}
        judged: dict[str, JsonValue] = {name: value for name, value in figures.items() if not math.isnan(value)}
        if self.sources[place]:
            judged["human_source"] = self.sources[place]
        return judged


def recognise(source: LogSource) -> bool:
    """Whether the first line, inflated where it is gzipped, has a task family beside METR's own fields."""
    first = source.head().lstrip(b"\xef\xbb\xbf \r\n\t").split(b"\n", 1)[0]
    return first.startswith(b"{") and FAMILY.search(first) is not None and RUN.search(first) is not None


def _models(source: LogSource) -> dict[str, _Attempts]:
    models: dict[str, _Attempts] = {}
    for count, (line, data) in enumerate(source.lines(), 1):
        place = f"line {line}"
        row = tolerant_json(data, place=place, depth=source.budget.depth)
        alias = text_of(row.get("alias") or row.get("model"), limit=100) if isinstance(row, dict) else None
        if alias is None or text_of(row.get("task_id")) is None:
            words = "The line is no attempt: it needs an object with alias and task_id."
            raise LogRefused("not-an-attempt", words, pointer=place)
        if count > source.budget.samples:
            raise LogRefused("too-many-samples", f"More than {source.budget.samples} rows.", pointer=place)
        models.setdefault(alias, _Attempts()).add(row, line)
    return models


def _warnings(alias: str, attempts: _Attempts, metric: str) -> list[str]:
    warnings = []
    if limited := attempts.faults.count(LIMIT):
        warnings.append(f"{limited} attempts ended at their usage limit and count with the score that they had.")
    scores = attempts.figures[metric]
    if metric == "score" and (beyond := sum(1 for score in scores if score > 1.0 or score < 0.0)):
        warnings.append(f"{beyond} scores lie outside [0, 1]: METR normalises by the human score.")
    if attempts.superseded:
        words = f"{len(attempts.superseded)} rows have the run id of a later row, which replaces them."
        warnings.append(words)
    if alias.casefold() == "human":
        warnings.append("These are human baselines, not attempts of a model.")
    return warnings


def _run(alias: str, attempts: _Attempts, metric: str) -> FoundRun:
    codes = sorted(code for code in attempts.model_codes if code and code != alias)
    cost = {"total_tokens": attempts.tokens, "dollars": round(attempts.dollars, 2)}
    return FoundRun(
        evaluation=EVALUATION,
        metric=metric,
        source="METR runs.jsonl",
        model=alias,
        # Run ids, scores and even rows change between publications; what stays is whose attempts they are.
        native_id=f"runs of {alias}",
        samples=attempts.samples(metric),
        # A human beats the reference now and then, so that `score` has no upper bound and stays a score for good.
        unit="proportion" if metric == "score_binarized" else "score",
        started_at=moment(attempts.first),
        completed_at=moment(attempts.last),
        cost={name: total for name, total in cost.items() if 0 < total < 2**53} or None,
        tags=[f"METR model code {code[:100]}" for code in codes[:20]],
        locator=text_of(f"alias {alias}"),
        warnings=_warnings(alias, attempts, metric),
    )


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield a run of `score_binarized` for each model, and one of `score` where the file has it. Raises LogRefused."""
    source.refuse_empty()
    models = _models(source)
    if not models:
        raise LogRefused("nothing-measured", "The file holds no attempt.", remedy="Send runs.jsonl with its rows.")
    for alias, attempts in models.items():
        yield _run(alias, attempts, "score_binarized")
        if attempts.has_scores:
            yield _run(alias, attempts, "score")


ADAPTER = Adapter(name="metr", title="METR runs.jsonl", recognise=recognise, read=read)
