"""From what was learnt of an OpenAI evals log to runs: the accuracy of the matches, and each key of the metrics."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from evaluations.adapters.openai_evals.events import shown
from evaluations.adapters.openai_evals.learning import BROKEN, METRIC, Run
from evaluations.logs.found import FoundRun, Reported
from evaluations.logs.values import mapping, moment, number, text_of, verbatim
from evaluations.report.document import Sample, Status

ACCURACY = "accuracy"
MOST_REPORTED = 100
DESCRIPTION = re.compile(r"^(?:n|counts?|total|num)(?:_|/|$)|std|stderr|_count$|_tokens$|^seed$", re.IGNORECASE)
"""Names in final reports that tell of a size or a spread, and of nothing that was measured."""


def found_in(run: Run) -> Iterator[FoundRun]:
    """Yield the accuracy of a run and a run for each key of its metrics events; without any, what its report says."""
    keys = [key for key, kinds in run.values.items() if kinds["bool"] + kinds["unit"] + kinds["number"]]
    if run.matches:
        yield _graded(run, ACCURACY, None)
    for key in keys:
        # Beside the matches a metric of their name would look like a correction of them.
        if not (run.matches and key == ACCURACY):
            yield _graded(run, key, key)
    if run.matches or keys:
        return
    figures = _figures(run)
    for key, value in figures.items():
        found = _described(run, key)
        found.unit = "proportion" if 0.0 <= value <= 1.0 else "score"
        found.estimate = {"value": value}
        found.warnings.append(f"The log grades no sample; the final report's own {key} is carried.")
        yield found
    if not figures and BROKEN in run.status:
        yield _graded(run, ACCURACY, None)


def _graded(run: Run, metric: str, column: str | None) -> FoundRun:
    found = _described(run, metric)
    found.samples = _samples(run, column)
    if column is not None and run.values[column]["number"]:
        found.unit = "score"
    return found


def _figures(run: Run) -> dict[str, float]:
    """Return the numbers of the final report that measure something; `accuracy` alone where it stands among them."""
    report = {key: value for key, value in (run.report or {}).items() if METRIC.fullmatch(key)}
    numbers = {key: found for key, value in report.items() if (found := number(value)) is not None}
    if ACCURACY in numbers:
        return {ACCURACY: numbers[ACCURACY]}
    return {key: value for key, value in numbers.items() if not DESCRIPTION.search(key)}


def _described(run: Run, metric: str) -> FoundRun:
    spec = run.spec
    warnings: list[str] = []
    model, grader = _models(run, warnings)
    name = text_of(spec.get("eval_name")) or text_of(spec.get("base_eval"))
    if name is None:
        warnings.append("The log names no evaluation.")
    lost = _lost(run, warnings)
    config = mapping(spec.get("run_config"))
    split = text_of(spec.get("split"))
    return FoundRun(
        evaluation=name or "openai-evals",
        metric=metric,
        source="OpenAI evals",
        model=model,
        native_id=run.run_id and (run.run_id if metric == ACCURACY else f"{run.run_id}:{metric}"[:200]),
        state="complete" if run.report is not None and not lost and not run.cut else "partial",
        started_at=moment(spec.get("created_at"), naive_is_utc=True),
        completed_at=moment(run.finished) if run.report is not None else None,
        reported=[
            Reported(metric=text_of(key, limit=100) or "unnamed", value=verbatim(value))
            for key, value in (run.report or {}).items()
        ][:MOST_REPORTED],
        grader=grader,
        sampling={key: verbatim(config[key]) for key in ("seed", "max_samples") if key in config} or None,
        cost={key: count for key, count in run.tokens.items() if count} or None,
        tags=[f"split {split}"[:200]] if split else [],
        warnings=warnings,
    )


def _models(run: Run, warnings: list[str]) -> tuple[str | None, dict[str, Any] | None]:
    """Return the tested model and what graded; the last of several completion functions grades."""
    functions = run.spec.get("completion_fns")
    names = [name for item in functions if (name := text_of(item))] if isinstance(functions, list) else []
    cls = text_of(mapping(mapping(run.spec.get("run_config")).get("eval_spec")).get("cls"))
    grader: dict[str, Any] | None = {"class": cls} if cls else None
    if len(names) > 1:
        warnings.append(f"The log names {len(names)} completion functions; the first is taken as the tested model.")
        grader = {**(grader or {}), "completion_fn": names[-1]}
    if names:
        return names[0], grader
    if len(run.served) == 1:
        warnings.append("Without a run spec, the model is the one that the samples were drawn from.")
        return next(iter(run.served)), grader
    return None, grader


def _lost(run: Run, warnings: list[str]) -> int:
    """Return how many events are missing from the numbered row: a batch that failed to post is never sent again."""
    # The final report that is posted has the number after the last event, and stands among the events.
    lost = run.last_event + 1 - run.events if run.first_event is not None else 0
    if lost > 0:
        warnings.append(f"{lost} of {run.last_event + 1} events are not in this log.")
    if run.cut:
        warnings.append("The last line is cut.")
    if run.report is None:
        warnings.append("There is no final report: the run crashed, or was still going.")
    return max(0, lost)


def _samples(run: Run, metric: str | None) -> Iterator[Sample]:
    """Yield what was graded, then the samples that were begun and never graded."""
    graded = bytearray(len(run.samples))
    for index, attempt, score, place in run.grades(metric):
        graded[index] = True
        sample: Sample = {"id": run.samples[index], "attempt": attempt, "transcript": shown(place)}
        if math.isnan(score):
            sample["status"], sample["error_origin"] = "ungraded", "grader"
        else:
            sample["status"], sample["score"] = "scored", score
        yield sample
    for index, done in enumerate(graded):
        if not done:
            broken = run.status[index] == BROKEN
            status: Status = "error" if broken else "ungraded"
            yield {"id": run.samples[index], "attempt": 1, "status": status, "error_origin": "unknown"}
