"""nanoeval's JSON Lines records, under nanoeval's own rules: the last retry wins, system errors are not failures."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.names import Counts, Names
from evaluations.logs.records import records
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import cleaned, moment, number, sample_id, text_of, verbatim, whole_number
from evaluations.report.document import Sample

RECORD_TYPE = b'"record_type"'
MARKS = (b'"run_started"', b'"sample_completed"', b'"final_report"', b'"match"', b'"sampling"', b'"error"', b'"extra"')
OTHERS = (b'"pb_result"', b'"paperbench_result"', b'\\"earned\\"', b'"total_earned"')
"""Signs of evaluations on top of nanoeval that have an adapter of their own."""
FOREIGN = {"run_health": "paperbench", "total_earned": "swe-lancer"}
"""Key of a final report -> the format that reads it."""
LAST_ATTEMPT = 2**31 - 2
END_OF_ATTEMPT = "[nanoeval] _evaluate_episode terminated with error"
"""How nanoeval marks the end of an attempt; the solver's own error record of the same event comes before it."""
ACCURACY = "accuracy"
MOST_REPORTED, MOST_RUNS = 60, 100


@dataclass
class _Ends:
    """Of every attempt at every task, the record that stands: the one of the highest retry, the last of equal ones."""

    attempts: Names = field(default_factory=Names)
    tasks: Counts = field(default_factory=Counts)
    """How many attempts each task has."""
    retries: array[int] = field(default_factory=lambda: array("L"))
    lines: array[int] = field(default_factory=lambda: array("L"))

    def note(self, task: str, attempt: int, retry: int, line: int) -> None:
        """Note that an attempt ended in that line."""
        number = self.attempts.number(f"{attempt} {task}")
        if number == len(self.lines):
            self.tasks.again(task)
            self.retries.append(retry)
            self.lines.append(line)
        elif retry >= self.retries[number]:
            self.retries[number], self.lines[number] = retry, line

    def stands(self, task: str, attempt: int, line: int) -> bool:
        """Whether the record in that line is the attempt's."""
        number = self.attempts.find(f"{attempt} {task}")
        return number is not None and self.lines[number] == line


@dataclass
class _Run:
    """What one pass over the file tells of a run; `ends` names the line of the attempt's last record."""

    run_id: str | None
    locator: str
    started: str | None = None
    report: dict[str, Any] | None = None
    finished: str | None = None
    finals: int = 0
    first: int = 0
    last: int = 0
    matches: int = 0
    correct: int = 0
    errors: int = 0
    named: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    ends: _Ends = field(default_factory=_Ends)
    warnings: list[str] = field(default_factory=list)

    @property
    def tasks(self) -> int | None:
        """Distinct tasks, those without a surviving attempt too, as the final report has them."""
        return _tasks(self.report) if self.report is not None else None


def recognise(source: LogSource) -> bool:
    """Whether the head holds nanoeval records and no sign of PaperBench or SWE-Lancer."""
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{") or RECORD_TYPE not in head.partition(b"\n")[0][:4096]:
        return False
    return any(mark in head for mark in MARKS) and not any(sign in head for sign in OTHERS)


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield the runs that share the file, each after the other. Raises LogRefused."""
    source.refuse_empty()
    runs = _runs(source)
    if not any(run.matches or run.errors or run.report for run in runs):
        raise LogRefused(
            "nothing-measured", "The file records neither a match nor an error nor a report.", pointer=source.base_name
        )
    for run in runs:
        if run.matches or run.errors or run.report:
            yield _found(source, run)


def _runs(source: LogSource) -> list[_Run]:
    runs: list[_Run] = []
    for line, record in records(source):
        if record is None:
            if not runs:
                raise LogRefused("not-json", "The first line is no whole record.", pointer="line 1")
            runs[-1].warnings.append("The last line is cut, so the run counts as unfinished.")
            runs[-1].finished = None
            continue
        kind = record.get("record_type")
        if kind == "run_started" or not runs:
            _refuse_mixture(runs, line)
            if len(runs) == MOST_RUNS:
                words = f"The file holds more than {MOST_RUNS} runs."
                raise LogRefused("too-many-runs", words, pointer=f"line {line}", remedy="Split the file.")
            runs.append(_started(record, line))
        if not isinstance(kind, str):
            raise LogRefused("wrong-type", "The record has no type.", pointer=f"line {line}")
        runs[-1].last = line
        _note(runs[-1], kind, line, record, source)
    return runs


def _refuse_mixture(runs: list[_Run], line: int) -> None:
    # File names count seconds and files are appended to, and records do not say which run they belong to.
    if runs and runs[-1].finished is None:
        raise LogRefused(
            "runs-mixed",
            "A second run starts here before the first has its final report; the records of the two cannot be told "
            "apart.",
            pointer=f"line {line}",
            remedy="Give every run a file of its own (NANOEVAL_LOG_DIR), or split the file between the runs.",
        )


def _started(record: dict[str, Any], line: int) -> _Run:
    spec = record.get("run_spec")
    run_id = text_of(spec.get("run_id")) if isinstance(spec, dict) else None
    return _Run(run_id=run_id, locator=f"line {line}", started=moment(record.get("timestamp")), first=line)


def _note(run: _Run, kind: str, line: int, record: dict[str, Any], source: LogSource) -> None:
    if kind == "final_report":
        _finish(run, record, line)
    elif kind == "sampling":
        _count_tokens(run, record.get("usage"))
    elif _ends_attempt(kind, record):
        run.matches += kind == "match"
        run.correct += kind == "match" and record.get("correct") is True
        run.errors += kind == "error"
        if run.matches + run.errors > source.budget.samples:
            words = f"The run has more than {source.budget.samples} attempts."
            raise LogRefused("too-many-samples", words, pointer=f"line {line}")
        if (key := _key(record)) is not None:
            run.named += 1
            run.ends.note(*key, line)


def _ends_attempt(kind: str, record: dict[str, Any]) -> bool:
    return kind == "match" or (kind == "error" and record.get("message") == END_OF_ATTEMPT)


def _key(record: dict[str, Any]) -> tuple[str, int, int] | None:
    """Return (task, attempt from 1, retry) where the record names them: group ids are `attempt.retry`."""
    name = sample_id(record.get("sample_id"))
    if name is None:
        return None
    group = record.get("group_id")
    parts = group.rsplit(".", 2)[-2:] if isinstance(group, str) else []
    attempt = whole_number(parts[0]) if parts else None
    retry = whole_number(parts[1]) if len(parts) > 1 else None
    # Attempts count from 0 in the file; both numbers are 0 where only one was recorded.
    return name, min(attempt or 0, LAST_ATTEMPT) + 1, retry or 0


def _finish(run: _Run, record: dict[str, Any], line: int) -> None:
    report = record.get("final_report")
    if not isinstance(report, dict):
        raise LogRefused("wrong-type", "The final report is no table.", pointer=f"line {line}")
    for key, name in FOREIGN.items():
        if key in report:
            words = f"The final report is that of an evaluation which has a format of its own, {name}."
            raise LogRefused("other-format", words, pointer=f"line {line}", remedy=f"Send it as ?format={name}.")
    run.report = report
    if report.get("partial") is True:
        return
    run.finals += 1
    if run.finals > 1:
        raise LogRefused("runs-mixed", "A second final report of the same run stands here.", pointer=f"line {line}")
    run.finished = moment(record.get("timestamp")) or ""


def _count_tokens(run: _Run, usage: Any) -> None:
    for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens"):
        count = whole_number(usage.get(name)) if isinstance(usage, dict) else None
        if count:
            run.tokens[name] = run.tokens.get(name, 0) + count


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tasks(report: dict[str, Any]) -> int | None:
    whole = _table(report.get("metrics_including_errors"))
    for place in (whole, _table(whole.get("aggregations"))):
        if (count := whole_number(place.get("num_tasks"))) is not None:
            return count
    count = whole_number(report.get("num_tasks"))
    if count is None:
        count = whole_number(_table(report.get("aggregations")).get("num_tasks"))
    missing = report.get("missing_tasks")
    return count + len(missing) if count is not None and isinstance(missing, list) else count


def _found(source: LogSource, run: _Run) -> FoundRun:
    found = FoundRun(
        evaluation="nanoeval",
        metric=ACCURACY,
        source="nanoeval json_recorder",
        native_id=run.run_id,
        state="partial" if run.finished is None else "complete",
        started_at=run.started,
        completed_at=run.finished or None,
        reported=_reported(run.report or {}),
        cost=dict(run.tokens) or None,
        locator=run.locator,
        warnings=["The records name neither the evaluation nor the model.", *run.warnings],
    )
    if (run.report or {}).get("is_valid") is False:
        found.warnings.append("nanoeval itself calls the result invalid (is_valid): attempts ended in system errors.")
    if run.named == run.matches + run.errors and run.named:
        _with_names(source, run, found)
    else:
        _without_names(source, run, found)
    return found


def _with_names(source: LogSource, run: _Run, found: FoundRun) -> None:
    found.planned_samples = max(run.tasks or 0, len(run.ends.tasks))
    found.attempts_per_sample = run.ends.tasks.most()
    found.samples = _named_samples(source, run)


def _without_names(source: LogSource, run: _Run, found: FoundRun) -> None:
    """Choose a form that claims no more than records without ids can show."""
    accuracy, ended = number((run.report or {}).get(ACCURACY)), run.matches + run.errors
    words = f"The records carry no task ids: {run.matches} matches and {run.errors} errors ({run.correct} correct)"
    if run.tasks and run.tasks == run.matches:
        found.planned_samples = run.tasks
        found.warnings.append(f"{words}, one match for each of {run.tasks} tasks; errors count as retried.")
        found.samples = _nameless_samples(source, run, cluster=None, retried=True)
    elif run.tasks and accuracy is not None and 0.0 <= accuracy <= 1.0:
        found.planned_samples = run.tasks
        counted = whole_number((run.report or {}).get("num_tasks")) or run.tasks
        found.estimate = {"value": accuracy, "trials": min(counted, run.tasks)}
        found.warnings.append(
            f"{words} belong to {run.tasks} tasks, and which attempt or retry of which task cannot be told; nanoeval's "
            "own accuracy is carried, with its tasks as n."
        )
    elif ended:
        found.warnings.append(f"{words}; all count as one unit, because any of them may be attempts at one task.")
        found.samples = _nameless_samples(source, run, cluster="tasks without ids", retried=False)
    elif accuracy is not None:
        found.estimate = {"value": accuracy}
        found.unit = "proportion" if 0.0 <= accuracy <= 1.0 else "score"
        found.warnings.append("The file holds a final report without records.")
    else:
        raise LogRefused(
            "nothing-measured", "The run has neither a match nor an error nor an accuracy.", pointer=run.locator
        )


def _attempts(source: LogSource, run: _Run) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, record in records(source):
        if record is None or line > run.last:
            return
        if line >= run.first and _ends_attempt(str(record.get("record_type")), record):
            yield line, record


def _named_samples(source: LogSource, run: _Run) -> Iterator[Sample]:
    for line, record in _attempts(source, run):
        key = _key(record)
        if key is None:
            continue
        sample: Sample = {"id": key[0], "attempt": key[1], "transcript": f"line {line}"}
        if not run.ends.stands(key[0], key[1], line):
            sample["superseded"] = True
        _graded(sample, record)
        yield sample


def _nameless_samples(source: LogSource, run: _Run, *, cluster: str | None, retried: bool) -> Iterator[Sample]:
    for line, record in _attempts(source, run):
        sample: Sample = {"id": f"line {line}", "attempt": 1, "transcript": f"line {line}"}
        if cluster is not None:
            sample["cluster"] = cluster
        _graded(sample, record)
        if retried and record.get("record_type") == "error":
            sample["superseded"] = True
        yield sample


def _graded(sample: Sample, record: dict[str, Any]) -> None:
    if record.get("record_type") == "error":
        sample["status"], sample["error_origin"] = "error", "system"
    elif isinstance(record.get("correct"), bool):
        sample["status"], sample["score"] = "scored", float(record["correct"])
    else:
        sample["status"], sample["error_origin"] = "ungraded", "grader"


def _reported(report: dict[str, Any]) -> list[Reported]:
    tasks = whole_number(report.get("num_tasks"))
    return [Reported(metric=name, value=value, n=tasks) for name, value in _flat(report, "")][:MOST_REPORTED]


def _flat(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = f"{prefix}{text_of(key, limit=80) or 'unnamed'}"
        if isinstance(value, dict):
            if prefix.count(".") < 3:
                yield from _flat(value, f"{name}.")
        elif isinstance(value, list):
            yield name, [text_of(cleaned(item)) for item in value[:MOST_REPORTED]]
        else:
            yield name, verbatim(value)


ADAPTER = Adapter(name="nanoeval", title="nanoeval records", recognise=recognise, read=read)
