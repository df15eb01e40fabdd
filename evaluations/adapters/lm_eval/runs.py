"""From a results document and its samples files to runs: one for each task, metric and filter."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from evaluations.adapters.lm_eval.columns import Column, TaskSamples
from evaluations.adapters.lm_eval.naming import NO_FILTER, Figure, figures, metric_name, unit_of
from evaluations.adapters.lm_eval.results import Results
from evaluations.logs.found import FoundRun, Reported
from evaluations.logs.values import mapping, number, text_of, whole_number

UNNAMED = "unnamed"


def _spelled(value: Any) -> Any:
    """Return a number of the producer verbatim, with the bare NaN and infinities as text."""
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else value


def _with_samples(run: FoundRun, found: TaskSamples, column: Column, metric: str) -> FoundRun:
    scored = column.range
    unit = unit_of(metric, *scored) if scored else "score"
    warnings = list(run.warnings)
    if column.lists:
        warnings.append(f"{column.lists} documents have a list as their value, which only lm-eval itself can join.")
    if run.planned_samples is not None and found.documents(column) > run.planned_samples:
        words = f"The results file counts {run.planned_samples} documents, the samples hold {found.documents(column)}."
        warnings.append(words)
    return replace(run, samples=found.samples(column), unit=unit, warnings=warnings)


def _described(results: Results, task: str, metric: str, filter_name: str) -> FoundRun:
    warnings = []
    if results.invented_name:
        warnings.append("The model was lm-eval's dummy; the name in the file is drawn at random and was left out.")
    if (repeats := results.repeats(task)) > 1:
        warnings.append(f"Every document has {repeats} responses, of which the filter makes one score.")
    if results.config.get("limit") is not None:
        warnings.append(f"The run was limited to a part of the data set: limit {results.config['limit']!s:.50}.")
    return FoundRun(
        evaluation=text_of(task) or UNNAMED,
        metric=metric_name(metric, filter_name),
        source=results.source,
        model=results.model,
        native_id=text_of(f"{results.identity}/{task}") if results.identity else None,
        version=text_of(results.of_task("versions", task)),
        planned_samples=results.effective(task),
        started_at=results.started_at,
        grader={"metric": metric[:200], "filter": filter_name[:200]},
        code=results.code(task) or None,
        packages=results.packages() or None,
        sampling=results.sampling(task) or None,
        producer_polarity=results.polarity(task, metric),
        locator=text_of(f"results/{task}/{metric},{filter_name}"),
        warnings=warnings,
    )


def _estimate(results: Results, task: str, figure: Figure, group: list[str]) -> dict[str, Any] | None:
    value, stderr = number(figure.value), number(figure.stderr)
    if value is None:
        return None
    trials = results.effective(task)
    if group:
        # The size of a group is known only where the file counts the documents behind this very number.
        trials = whole_number(mapping(results.tasks[task].get("sample_count")).get(figure.key)) or None
    said = {"value": value, "trials": trials, "stderr": stderr if stderr is not None and stderr >= 0 else None}
    return {name: item for name, item in said.items() if item is not None}


def _of_figure(results: Results, task: str, figure: Figure, found: TaskSamples | None) -> FoundRun | None:
    run = _described(results, task, figure.metric, figure.filter)
    n = results.effective(task)
    run.reported = [Reported(figure.key, _spelled(figure.value), stderr=_spelled(figure.stderr), n=n)]
    column = found.columns.get((figure.metric, figure.filter)) if found else None
    group = results.members_of_group(task)
    estimate = _estimate(results, task, figure, group)
    joined = results.aggregation(task, figure.metric) if estimate is not None else None
    if found is not None and column is not None and joined is None and (column.range is not None or estimate is None):
        return _with_samples(run, found, column, figure.metric)
    if estimate is None:
        return None
    if group:
        run.warnings.append(f"The number joins the tasks {', '.join(group)[:300]}; those also stand as runs of theirs.")
    elif column is not None and joined is not None and not column.lists:
        run.warnings.append(f"lm-eval joins the documents by {joined}, which is not their mean; its number stands.")
    elif column is not None:
        run.warnings.append("The samples hold lists that only lm-eval's own aggregation can join; its number stands.")
    run.estimate, run.unit = estimate, unit_of(figure.metric, estimate["value"], estimate["value"])
    return run


def _unlisted(results: Results, task: str, found: TaskSamples, listed: set[tuple[str, str]]) -> Iterator[FoundRun]:
    for (metric, filter_name), column in found.columns.items():
        if (metric, filter_name) not in listed:
            run = _described(results, task, metric, filter_name)
            run.warnings.append("The results file does not list this metric; only the samples have it.")
            yield _with_samples(run, found, column, metric)


def runs_of(results: Results, samples: dict[str, TaskSamples]) -> Iterator[FoundRun]:
    """Yield the runs of a results document, with per-document scores for the tasks whose samples came along."""
    for task, entry in results.tasks.items():
        found = samples.get(task)
        if found is not None:
            found.name_filters(results.filters(task))
        listed: set[tuple[str, str]] = set()
        for figure in figures(entry):
            listed.add((figure.metric, figure.filter))
            run = _of_figure(results, task, figure, found)
            if run is not None:
                yield run
        if found is not None:
            yield from _unlisted(results, task, found, listed)
    for task, found in samples.items():
        if task not in results.tasks:
            yield from runs_without_results(task, found, stamp=results.stamp)


def runs_without_results(task: str, found: TaskSamples, *, stamp: str | None) -> Iterator[FoundRun]:
    """Yield the runs of a samples file that came alone; it names neither the model nor the number planned."""
    found.name_filters([])
    for (stated, filter_name), column in found.columns.items():
        # The rows hold what the perplexity is made of, and only the results file has it.
        metric = "loglikelihood" if stated == "perplexity" else stated
        run = FoundRun(
            evaluation=text_of(task) or UNNAMED,
            metric=metric_name(metric, filter_name),
            source="lm-eval",
            native_id=text_of(f"{stamp}/{task}") if stamp else None,
            grader={"metric": metric[:200], "filter": filter_name[:200]},
            locator=text_of(f"{found.place}/{metric},{filter_name}") if found.place else None,
            warnings=["Without results_*.json neither the model nor the number of planned documents is known."],
        )
        if task == UNNAMED:
            run.warnings.append("The file's name does not say which task it is: keep samples_<task>_<time>.jsonl.")
        if found.unnamed > 1:
            run.warnings.append("The rows do not name their filters, which are numbered in their order.")
        if filter_name != NO_FILTER:
            run.warnings.append("A filter may have joined several responses into this one score.")
        yield _with_samples(run, found, column, metric)
