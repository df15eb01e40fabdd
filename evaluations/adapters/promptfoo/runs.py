"""From rows to runs: one per provider and prompt for the pass rate, the score, and every named score."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from evaluations.adapters.promptfoo.rows import Results, Row
from evaluations.logs.found import FoundRun, Reported, State
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import mapping, moment, number, whole_number
from evaluations.report.document import Sample

Group = tuple[int | None, str | None, str | None]
Attempts = list[tuple[Row, int, bool]]
"""Row, number of the attempt, whether a later row replaces it."""
Value = Callable[[Row], float | None]
NO_METRIC = re.compile(r"[^A-Za-z0-9_.@+%/=-]+")
SUM = "sum over the results, weighted"
COUNTS = ("testPassCount", "testFailCount", "testErrorCount")


def runs_of(results: Results) -> Iterator[FoundRun]:
    """Yield the runs. Raises LogRefused for results without a row."""
    if not results.rows:
        raise LogRefused("nothing-measured", "The file holds no result.", pointer="/results/results")
    groups: dict[Group, list[Row]] = {}
    for row in results.rows:
        groups.setdefault((row.prompt_index, row.provider, row.prompt), []).append(row)
    _check_stats(results)
    numbered = {group: _told_apart(_numbered(rows), results.repeat) for group, rows in groups.items()}
    all_rows = [row for attempts in numbered.values() for row, _, _ in attempts]
    extent = _extent(results, numbered)
    several = len({prompt for _, _, prompt in groups}) > 1
    for group, attempts in numbered.items():
        run = _run(results, group, attempts, several=several)
        run.state, run.attempts_per_sample = extent.state, extent.repeats
        here = {(row.test, attempt) for row, attempt, _ in attempts}
        if lacking := len(extent.tried - here):
            run.warnings.append(f"{lacking} results that other providers or prompts have are missing here.")
        yield from _by_metric(run, results, group, attempts, all_rows)


@dataclass(frozen=True)
class _Extent:
    """What the whole file shows of the plan: every test is meant for every provider and prompt."""

    tried: set[tuple[str, int]]
    repeats: int | None
    state: State


def _extent(results: Results, numbered: dict[Group, Attempts]) -> _Extent:
    tried = {(row.test, attempt) for attempts in numbered.values() for row, attempt, _ in attempts}
    repeats = set(Counter(test for test, _ in tried).values())
    even = all(len({(row.test, attempt) for row, attempt, _ in one}) == len(tried) for one in numbered.values())
    cut = any("is cut" in warning for warning in results.warnings)
    if not results.whole:
        results.warnings.append("promptfoo's JSONL does not say whether the run came to its end; send results.json.")
    return _Extent(
        tried=tried,
        repeats=results.repeat or (repeats.pop() if len(repeats) == 1 else None),
        # An interrupted JSONL of one provider looks like a finished one, so none of them counts as complete.
        state="complete" if even and not cut and results.whole else "partial",
    )


def _check_stats(results: Results) -> None:
    counts = [whole_number(results.stats.get(name)) for name in ("successes", "failures", "errors")]
    told = sum(count for count in counts if count is not None)
    if None not in counts and told != len(results.rows):
        results.warnings.append(f"promptfoo counts {told} results; the file holds {len(results.rows)}.")


def _numbered(rows: list[Row]) -> Attempts:
    """Number repeats of a test in the order of the file; the same test index once more replaces the former row."""
    latest: dict[tuple[int | None, str], Row] = {
        (row.test_index, row.test): row for row in rows if row.test_index is not None
    }
    numbers: dict[tuple[int | None, str], int] = {}
    counts: Counter[str] = Counter()
    found: Attempts = []
    for row in rows:
        key = (row.test_index, row.test)
        if key not in latest or key not in numbers:
            counts[row.test] += 1
            numbers[key] = counts[row.test]
        found.append((row, numbers[key], latest.get(key, row) is not row))
    return found


def _told_apart(attempts: Attempts, repeat: int | None) -> Attempts:
    """Give tests of one content names of their own, where the file says how often each was repeated."""
    if repeat is None:
        return attempts
    found: Attempts = []
    for row, attempt, superseded in attempts:
        copy, place = divmod(attempt - 1, repeat)
        named = replace(row, test=f"{row.test} #{copy + 1}") if copy else row
        found.append((named, place + 1, superseded))
    return found


def _run(results: Results, group: Group, attempts: Attempts, *, several: bool) -> FoundRun:
    index, provider, prompt = group
    rows = [row for row, _, _ in attempts]
    place = f"prompt {index}" if index is not None else None
    warnings = list(results.warnings)
    if any(row.outcome == "refused" for row in rows):
        warnings.append("Answers that promptfoo marks as refusals and that did not pass are refused, not failed.")
    if any(row.outcome == "ungraded" and row.origin is None for row in rows):
        warnings.append("Results without an assertion or verdict are ungraded, though promptfoo passes them.")
    if broke := sum(row.code_broke for row in rows if row.outcome == "scored"):
        warnings.append(f"{broke} results failed because the code of an assertion raised; they count as failed.")
    return FoundRun(
        evaluation=results.evaluation,
        metric="pass_rate",
        source=f"promptfoo {results.version}" if results.version else "promptfoo",
        model=provider,
        native_id=" ".join(part for part in (results.eval_id, place) if part) if results.eval_id else None,
        stratum=prompt if several else None,
        started_at=moment(results.created),
        grader={"assertions": sorted(results.assertions)} if results.assertions else None,
        sampling={"provider": rows[0].provider_id} if rows[0].provider_id != provider else None,
        cost=_cost(rows),
        locator=" / ".join(part for part in (place, provider) if part)[:200].strip() or None,
        producer_polarity="higher_is_better",
        warnings=warnings,
    )


def _cost(rows: list[Row]) -> dict[str, float] | None:
    cost: dict[str, float] = {"tokens": sum(row.tokens for row in rows), "usd": math.fsum(row.cost for row in rows)}
    return {name: value for name, value in cost.items() if value and math.isfinite(value)} or None


def _by_metric(
    run: FoundRun, results: Results, group: Group, attempts: Attempts, all_rows: list[Row]
) -> Iterator[FoundRun]:
    rows = [row for row, _, _ in attempts]
    metrics = mapping(_prompt_entry(results, group).get("metrics"))
    counts = [whole_number(metrics.get(name)) for name in COUNTS]
    size = sum(count for count in counts if count is not None) if None not in counts else None
    tests = {row.test for row in all_rows}
    yield _measured(run, "pass_rate", attempts, _passed, tests, _reported(metrics, COUNTS, size))
    if any(row.score is not None and row.score != _passed(row) for row in rows if row.outcome == "scored"):
        yield _measured(run, "score", attempts, _score, tests, _reported(metrics, ("score",), size, SUM))
    for name in dict.fromkeys(name for row in rows for name in row.named):
        size = whole_number(mapping(metrics.get("namedScoresCount")).get(name))
        told = _reported(mapping(metrics.get("namedScores")), (name,), size, SUM)
        plain = NO_METRIC.sub("_", name).strip("_") or "unnamed"
        named = [entry for entry in attempts if name in entry[0].named]
        tests = {row.test for row in all_rows if name in row.named}
        yield _measured(run, f"score:{plain}"[:100], named, partial(_named, name=name), tests, told)


def _prompt_entry(results: Results, group: Group) -> dict[str, Any]:
    index = group[0]
    return mapping(results.prompts[index]) if index is not None and index < len(results.prompts) else {}


def _reported(
    metrics: dict[str, Any], names: tuple[str, ...], size: int | None, note: str | None = None
) -> list[Reported]:
    found = ((name, metrics.get(name)) for name in names)
    return [Reported(name, value, n=size, note=note) for name, value in found if number(value) is not None]


def _passed(row: Row) -> float | None:
    return None if row.passed is None else float(row.passed)


def _score(row: Row) -> float | None:
    return row.score


def _named(row: Row, *, name: str) -> float | None:
    return row.named.get(name)


def _measured(
    run: FoundRun, metric: str, attempts: Attempts, value: Value, tests: set[str], reported: list[Reported]
) -> FoundRun:
    scores = [value(row) for row, _, _ in attempts if row.outcome == "scored"]
    bounded = all(score is None or 0.0 <= score <= 1.0 for score in scores)
    return replace(
        run,
        metric=metric,
        unit="proportion" if bounded else "score",
        planned_samples=len(tests),
        reported=reported,
        samples=_samples(attempts, value),
        warnings=list(run.warnings),
    )


def _samples(attempts: Attempts, value: Value) -> Iterator[Sample]:
    for row, attempt, superseded in attempts:
        sample: Sample = {"id": row.test, "attempt": attempt, "status": row.outcome, "transcript": row.place}
        score = value(row) if row.outcome == "scored" else None
        if score is not None:
            sample["score"] = score
        elif row.outcome == "scored":
            sample["status"] = "ungraded"
        if row.origin is not None:
            sample["error_origin"] = row.origin
        if row.uuid is not None:
            sample["uuid"] = row.uuid
        if superseded:
            sample["superseded"] = True
        yield sample
