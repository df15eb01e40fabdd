"""SWE-Lancer: the table of results of a run group, or nanoeval records whose grader log is JSON inside a string."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.records import records
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import moment, number, sample_id, text_of, tolerant_json, verbatim, whole_number
from evaluations.report.document import ErrorOrigin, Sample

HEADER = b"question_id,attempt_id,correct,"
COLUMNS = ("question_id", "correct", "earned")
TOKENS = ("input_tokens", "output_tokens", "reasoning_tokens")
SIGNS = (b'\\"earned\\"', b'"total_earned"')
LAST_ATTEMPT = 2**31 - 2
END_OF_ATTEMPT = "[nanoeval] _evaluate_episode terminated with error"
RUN_GROUP = re.compile(r"([^/]+_run-group_[^/]+)/results\.csv$")
NAMELESS = "tasks without ids"
SHOWN = ("accuracy", "is_valid", "total_earned", "total_input_tokens", "total_output_tokens", "total_reasoning_tokens")


@dataclass(slots=True)
class _Attempt:
    """One graded or failed attempt; `earned` is in US dollars."""

    task: str
    place: str
    correct: bool | None = None
    earned: float | None = None
    available: float | None = None
    origin: ErrorOrigin = "grader"
    number: int = 1
    order: tuple[int, int] = (0, 0)
    superseded: bool = False
    nameless: bool = False


@dataclass
class _Log:
    """What the file says of the run as a whole."""

    attempts: list[_Attempt] = field(default_factory=list)
    run_id: str | None = None
    started: str | None = None
    completed: str | None = None
    report: dict[str, Any] | None = None
    tokens: Counter[str] = field(default_factory=Counter)
    variants: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    whole: bool = True


def recognise(source: LogSource) -> bool:
    """Whether the head is that of a results table or of nanoeval records with earnings."""
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    first = head.partition(b"\n")[0]
    if first.startswith(HEADER):
        return b"earned" in first
    return first.startswith(b"{") and b'"record_type"' in first and any(sign in head for sign in SIGNS)


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield how many tasks were right, and what they earned. Raises LogRefused."""
    source.refuse_empty()
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    log = _of_table(source) if head.startswith(b"question_id") else _of_records(source)
    if log.attempts:
        yield _run(log, "accuracy", "proportion", _samples(log, "accuracy"))
        yield _run(log, "earned", "score", _samples(log, "earned"))
    else:
        yield from _aggregates(source, log)


def _run(log: _Log, metric: str, unit: str, samples: Iterator[Sample] | None) -> FoundRun:
    report = log.report or {}
    names = {attempt.task for attempt in log.attempts}
    whole = log.whole and (log.report is None or report.get("partial") is not True)
    planned = max(_planned(report) or 0, len(names)) or None
    nameless = any(attempt.nameless for attempt in log.attempts)
    repeats = Counter(attempt.task for attempt in log.attempts if not attempt.superseded)
    return FoundRun(
        evaluation="SWE-Lancer",
        metric=metric,
        source="SWE-Lancer",
        unit=unit,
        native_id=log.run_id and (log.run_id if metric == "accuracy" else f"{log.run_id}:{metric}"[:200]),
        state="complete" if whole else "partial",
        samples=samples,
        planned_samples=None if nameless else planned,
        attempts_per_sample=None if nameless or not repeats else max(repeats.values()),
        started_at=log.started,
        completed_at=log.completed,
        reported=[Reported(metric=name, value=verbatim(report[name])) for name in SHOWN if name in report],
        cost={name: log.tokens[name] for name in TOKENS if log.tokens[name]} or None,
        tags=sorted(log.variants),
        warnings=list(log.warnings),
    )


def _samples(log: _Log, metric: str) -> Iterator[Sample]:
    for attempt in log.attempts:
        score = attempt.earned if metric == "earned" else None if attempt.correct is None else float(attempt.correct)
        sample: Sample = {"id": attempt.task, "attempt": attempt.number, "transcript": attempt.place}
        if attempt.nameless:
            sample["cluster"] = NAMELESS
        if attempt.superseded:
            sample["superseded"] = True
        if attempt.available is not None:
            sample["judge"] = {"earned": attempt.earned, "available": attempt.available}
        if score is not None and attempt.correct is not None:
            sample["status"], sample["score"] = "scored", score
        else:
            sample["status"] = "error" if attempt.origin == "system" else "ungraded"
            sample["error_origin"] = attempt.origin
        yield sample


def _of_table(source: LogSource) -> _Log:
    log = _Log()
    if found := RUN_GROUP.search(source.name.replace("\\", "/")):
        log.run_id = text_of(found[1])
    seen: Counter[str] = Counter()
    idle: list[_Attempt] = []
    for line, row in _rows(source):
        name = sample_id(row["question_id"])
        if name is None:
            raise LogRefused("wrong-type", "The row names no task.", pointer=f"line {line}")
        seen[name] += 1
        _within(source, seen.total(), f"line {line}")
        correct = {"True": True, "False": False}.get(row["correct"].strip())
        attempt = _Attempt(name, f"line {line}", correct, number(row["earned"]), number=seen[name])
        spent = {column: whole_number(row.get(column)) or 0 for column in TOKENS}
        log.tokens.update(spent)
        log.attempts.append(attempt)
        if not any(spent.values()) and correct is False:
            idle.append(attempt)
    _doubt(log, idle)
    if not log.attempts:
        raise LogRefused("nothing-measured", "The table has no row.", pointer=source.base_name)
    return log


def _doubt(log: _Log, idle: list[_Attempt]) -> None:
    """Take back the failures that may be none: the table writes a system error as false, without tokens."""
    if not idle:
        return
    if log.tokens.total():
        for attempt in idle:
            attempt.correct, attempt.origin = None, "unknown"
        log.warnings.append(
            f"{len(idle)} rows are false and used no token: the table writes system errors so, and they are left "
            "without a score."
        )
    else:
        log.warnings.append(
            "The table counts no tokens, so a system error cannot be told from a failure: both are false."
        )


def _rows(source: LogSource) -> Iterator[tuple[int, dict[str, str]]]:
    header: list[str] = []
    for line, data in source.lines():
        try:
            cells = next(csv.reader([data.decode("utf-8-sig")], strict=True))
        except (UnicodeDecodeError, csv.Error, StopIteration):
            raise LogRefused("not-csv", "The line is no row of a table.", pointer=f"line {line}") from None
        if not header:
            header = cells
            if missing := [name for name in COLUMNS if name not in header]:
                raise LogRefused("column-missing", f"There is no column {missing[0]}.", pointer=f"line {line}")
        elif len(cells) != len(header):
            words = f"The row has {len(cells)} cells and the header {len(header)}; the file may be cut."
            raise LogRefused("row-broken", words, pointer=f"line {line}")
        else:
            yield line, dict(zip(header, cells, strict=True))


def _within(source: LogSource, count: int, place: str) -> None:
    if count > source.budget.samples:
        words = f"The run has more than {source.budget.samples} attempts."
        raise LogRefused("too-many-samples", words, pointer=place)


def _of_records(source: LogSource) -> _Log:
    log = _Log()
    for line, record in records(source):
        if record is None:
            log.whole = False
            log.warnings.append("The last line is cut.")
            break
        _note(log, line, record)
        _within(source, len(log.attempts), f"line {line}")
    log.whole = log.whole and log.report is not None
    _number_attempts(log)
    return log


def _note(log: _Log, line: int, record: dict[str, Any]) -> None:
    kind = record.get("record_type")
    if kind == "run_started":
        if log.started or log.run_id or log.attempts:
            raise LogRefused(
                "runs-mixed", "A second run starts here, and records do not say which run they belong to.",
                pointer=f"line {line}", remedy="Split the file between the runs.",
            )  # fmt: skip
        log.run_id, log.started = text_of(_table(record.get("run_spec")).get("run_id")), moment(record.get("timestamp"))
    elif kind == "final_report":
        log.report, log.completed = _table(record.get("final_report")), moment(record.get("timestamp"))
    elif kind == "error" and record.get("message") == END_OF_ATTEMPT:
        _add(log, line, record, _Attempt("", f"line {line}", origin="system"))
    elif (grade := _grade(record)) is not None:
        _add(log, line, record, _graded(log, grade, f"line {line}"))


def _grade(record: dict[str, Any]) -> dict[str, Any] | None:
    """Return the grade of a final result, where the record is one: a whole result, or its grader log alone."""
    if record.get("record_type") == "extra":
        data = _table(record.get("data"))
        return _table(data.get("grade")) if "final_result" in str(data.get("type")) else None
    sampled = record.get("sampled")
    if record.get("record_type") == "sampling" and isinstance(sampled, str) and '"earned"' in sampled:
        return {"grader_log": sampled}
    return None


def _graded(log: _Log, grade: dict[str, Any], place: str) -> _Attempt:
    inner = _inner(grade.get("grader_log"), place)
    earned, available = number(inner.get("earned")), number(inner.get("available"))
    score = number(grade.get("score"))
    if "score" not in grade and earned is not None and available:
        score = 1.0 if earned == available else 0.0
    log.tokens.update({name: whole_number(inner.get(name)) or 0 for name in TOKENS})
    if (variant := text_of(inner.get("variant"), limit=40)) is not None:
        log.variants.add(variant)
    # An empty grader log with score 0 is a manager's decision that could not be read: nothing was earned.
    earned = 0.0 if earned is None and score == 0.0 else earned
    return _Attempt("", place, score == 1.0 if score is not None else None, earned, available)


def _inner(text: Any, place: str) -> dict[str, Any]:
    try:
        return _table(tolerant_json(text.encode("utf-8", "replace"), place=place)) if isinstance(text, str) else {}
    except LogRefused:
        return {}


def _add(log: _Log, line: int, record: dict[str, Any], attempt: _Attempt) -> None:
    name = sample_id(record.get("sample_id"))
    attempt.task, attempt.nameless = (name, False) if name is not None else (f"line {line}", True)
    parts = str(record.get("group_id") or "").rsplit(".", 2)[-2:]
    attempt.order = whole_number(parts[0]) or 0, whole_number(parts[1]) or 0 if len(parts) > 1 else 0
    log.attempts.append(attempt)


def _number_attempts(log: _Log) -> None:
    standing: dict[tuple[str, int], _Attempt] = {}
    for attempt in log.attempts:
        attempt.number = min(attempt.order[0], LAST_ATTEMPT) + 1
        key = (attempt.task, attempt.number)
        known = standing.get(key)
        if known is None or attempt.order[1] >= known.order[1]:
            standing[key] = attempt
            if known is not None:
                known.superseded = True
        else:
            attempt.superseded = True
    if any(attempt.nameless for attempt in log.attempts):
        log.warnings.append("Records without task ids count as one unit, for any of them may be retries of one task.")


def _aggregates(source: LogSource, log: _Log) -> Iterator[FoundRun]:
    """Yield what the final report alone can tell."""
    report = log.report or {}
    accuracy, tasks = number(report.get("accuracy")), _table(report.get("aggregations")).get("num_tasks")
    if accuracy is None or not 0.0 <= accuracy <= 1.0:
        raise LogRefused("nothing-measured", "The file holds neither grades nor an accuracy.", pointer=source.base_name)
    log.warnings.append("No attempt was recorded with its grade; the final report's own figures are carried.")
    run = _run(log, "accuracy", "proportion", None)
    trials = whole_number(tasks)
    run.estimate = {"value": accuracy, "trials": trials} if trials else {"value": accuracy}
    yield run
    earned = number(report.get("total_earned"))
    if earned is not None:
        run = _run(log, "earned_total", "score", None)
        run.estimate = {"value": earned}
        yield run


def _planned(report: dict[str, Any]) -> int | None:
    for place in (_table(report.get("metrics_including_errors")), report):
        if (count := whole_number(_table(place.get("aggregations")).get("num_tasks"))) is not None:
            return count
    return None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


ADAPTER = Adapter(name="swe-lancer", title="SWE-Lancer results", recognise=recognise, read=read)
