"""One pass over an OpenAI evals log: what its runs are, and a row for everything in them that was graded."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.adapters.openai_evals.events import Place, events, shown
from evaluations.logs.names import Names
from evaluations.logs.refusal import LogRefused
from evaluations.logs.rows import Rows
from evaluations.logs.source import LogSource
from evaluations.logs.values import number, sample_id, text_of, whole_number

MATCH, FAILED = "match", "error"
METRIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+%/=-]{0,99}")
MOST_METRICS, MOST_RUNS = 50, 100
BEGUN, BROKEN, MATCHED = 0, 1, 2
"""The most telling event that a sample has: none, an error, or a match."""
MATCHES = 0
"""The column of the matches in the rows; metrics have the numbers after it."""


Grade = tuple[int, int, float, Place]
"""One graded event: the sample's number, its attempt, the score (NaN for what is none), and the place."""


@dataclass
class Run:
    """What the log tells of a run; `values` counts, per key of the metrics events, what they hold."""

    run_id: str | None
    spec: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] | None = None
    events: int = 0
    first_event: int | None = None
    last_event: int = -1
    matches: int = 0
    finished: Any = None
    """When the last event was recorded, as the event spells it."""
    cut: bool = False
    samples: Names = field(default_factory=Names)
    status: bytearray = field(default_factory=bytearray)
    """By the number of the sample: BEGUN, BROKEN or MATCHED."""
    values: dict[str, Counter[str]] = field(default_factory=dict)
    served: set[str] = field(default_factory=set)
    tokens: Counter[str] = field(default_factory=Counter)
    _columns: dict[str, int] = field(default_factory=dict)
    _rows: Rows = field(default_factory=lambda: Rows("HIdIi"))
    """Column, sample, score and place of every graded event."""

    def note_match(self, sample: int, correct: Any, place: Place) -> None:
        """Keep a match; what is neither right nor wrong has no score."""
        self.matches += 1
        self.status[sample] = MATCHED
        score = float(correct) if isinstance(correct, bool) else math.nan
        self._rows.add(MATCHES, sample, score, *place)

    def note_metrics(self, sample: int, data: dict[str, Any], place: Place) -> None:
        """Keep the values of a metrics event, under the first keys that are spelt as metrics are."""
        for key, value in data.items():
            if key not in self.values:
                if len(self.values) >= MOST_METRICS or not METRIC.fullmatch(key):
                    continue
                self.values[key], self._columns[key] = Counter(), len(self._columns) + 1
            self.values[key][_kind_of(value)] += 1
            score = float(value) if isinstance(value, bool) else None if isinstance(value, str) else number(value)
            self._rows.add(self._columns[key], sample, math.nan if score is None else score, *place)

    def grades(self, metric: str | None) -> Iterator[Grade]:
        """Yield the graded events of a metric, or without one the matches, in the order of the log."""
        wanted = MATCHES if metric is None else self._columns[metric]
        attempts = array("I", bytes(4 * len(self.samples)))
        for column, sample, score, first, second in self._rows:
            if column == wanted:
                attempts[sample] += 1
                yield sample, attempts[sample], score, (first, second)


def learnt(source: LogSource) -> dict[str | None, Run]:
    """Return the runs of a log by their id. Raises LogRefused."""
    runs: dict[str | None, Run] = {}
    last: str | None = None
    known: dict[str, str | None] = {}
    samples = 0
    for found in events(source):
        if found is None:
            if last in runs:
                runs[last].cut = True
            continue
        place, record = found
        # Reports of older versions carry no run id: they belong to the run that the file is about.
        last = _run_id(record, known) or last
        run = runs.get(last)
        if run is None:
            run = runs[last] = Run(last)
        before = len(run.status)
        _note(run, record, place)
        samples += len(run.status) - before
        if len(runs) > MOST_RUNS or samples > source.budget.samples:
            raise _beyond(source, len(runs), place)
    for run in runs.values():
        run.samples.seal()
    return runs


def _run_id(record: dict[str, Any], known: dict[str, str | None]) -> str | None:
    """Return the run that a record names; the runs that `known` holds are not cleaned again."""
    said, spec = record.get("run_id"), record.get("spec")
    if type(said) is str and said in known:
        return known[said]
    named = text_of(said) or (text_of(spec.get("run_id")) if isinstance(spec, dict) else None)
    if type(said) is str and spec is None and len(known) < MOST_RUNS:
        known[said] = named
    return named


def _beyond(source: LogSource, runs: int, place: Place) -> LogRefused:
    if runs > MOST_RUNS:
        words = f"The log holds more than {MOST_RUNS} runs."
        return LogRefused("too-many-runs", words, pointer=shown(place), remedy="Send a file for each run.")
    words = f"There are more than {source.budget.samples} samples."
    return LogRefused("too-many-samples", words, pointer=shown(place))


def _report(value: Any, place: Place) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise LogRefused("wrong-type", "The final report is no table.", pointer=shown(place))
    return value


def _note(run: Run, record: dict[str, Any], place: Place) -> None:
    spec = record.get("spec")
    if isinstance(spec, dict):
        run.spec = spec
    elif "final_report" in record:
        run.report = _report(record["final_report"], place)
    else:
        _note_event(run, record, place)


def _note_event(run: Run, event: dict[str, Any], place: Place) -> None:
    kind, data = event.get("type"), event.get("data")
    if not isinstance(kind, str):
        raise LogRefused("wrong-type", "The event has no type.", pointer=shown(place))
    index = whole_number(event.get("event_id"))
    if index is not None:
        run.first_event = index if run.first_event is None else min(run.first_event, index)
        run.last_event = max(run.last_event, index)
    run.events += 1
    run.finished = event.get("created_at", run.finished)
    if kind == "final_report":
        run.report = _report(data, place)
        return
    name = sample_id(event.get("sample_id"))
    if name is None:
        raise LogRefused("wrong-type", "The event names no sample.", pointer=shown(place))
    sample = run.samples.number(name)
    if sample == len(run.status):
        run.status.append(BEGUN)
    _note_data(run, kind, sample, data if isinstance(data, dict) else {}, place)


def _note_data(run: Run, kind: str, sample: int, data: dict[str, Any], place: Place) -> None:
    if kind == MATCH:
        run.note_match(sample, data.get("correct"), place)
    elif kind == FAILED:
        run.status[sample] = max(run.status[sample], BROKEN)
    elif kind == "metrics":
        run.note_metrics(sample, data, place)
    elif kind == "sampling" and data:
        if (model := text_of(data.get("model"))) is not None and len(run.served) < MOST_METRICS:
            run.served.add(model)
        usage = data.get("usage")
        for name in ("prompt_tokens", "completion_tokens"):
            run.tokens[name] += (whole_number(usage.get(name)) or 0) if isinstance(usage, dict) else 0


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    found = number(value) if not isinstance(value, str) else None
    return "none" if found is None else "unit" if 0.0 <= found <= 1.0 else "number"
