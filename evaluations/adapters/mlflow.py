"""MLflow: what a tracking server answers for one run (runs/get) or many (runs/search); metrics as stated figures."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from typing import Any

from evaluations.logs.found import Adapter, FoundRun, Reported, State
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import listing, mapping, moment, number, text_of, tolerant_json

OPENING = re.compile(rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"(?:runs?|next_page_token)"\s*:')
INFO = re.compile(rb'"run_(?:id|uuid)"\s*:\s*"')
PARTS = re.compile(rb'"(?:info|data|lifecycle_stage|experiment_id)"\s*:')
STATES: dict[str, State] = {
    "FINISHED": "complete",
    "FAILED": "error",
    "KILLED": "cancelled",
    "RUNNING": "running",
    "SCHEDULED": "running",
}
MODEL_KEYS = ("model", "model_name", "model_id", "checkpoint", "llm")
"""Parameters and tags that name the model under test by habit; MLflow itself has no field for it."""
REVISION_KEYS = ("mlflow.source.git.commit", "git_sha", "git_commit")
BOOKKEEPING = "system/"
LONGEST_SHOWN, MOST_SHOWN = 300, 100
NO_UNIT = "MLflow states neither unit nor n, so the value stays a score that informs and does not decide."


def _metric_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.@+%/:=-]+", "-", name).lstrip("_.@+%/:=-").rstrip("-")[:100] or "unnamed"


def _pairs(value: Any) -> dict[str, str]:
    """Return params or tags, which are lists of key and value, as texts."""
    pairs = {}
    for item in map(mapping, listing(value)):
        key, text = text_of(item.get("key")), text_of(item.get("value"), limit=LONGEST_SHOWN)
        if key is not None and text is not None:
            pairs[key] = text
    return pairs


def recognise(source: LogSource) -> bool:
    """Whether the head is an answer with one run or several; requests that a client sends begin otherwise."""
    head = source.head()
    return all(sign.search(head) is not None for sign in (OPENING, INFO, PARTS))


def _latest(metrics: Any) -> dict[str, dict[str, Any]]:
    """Return the last value of each metric: of the highest step, and of its latest time where steps are equal."""
    latest: dict[str, tuple[tuple[float, float], dict[str, Any]]] = {}
    for metric in map(mapping, listing(metrics)):
        key = text_of(metric.get("key"))
        order = (number(metric.get("step")) or 0.0, number(metric.get("timestamp")) or 0.0)
        if key is not None and (key not in latest or order >= latest[key][0]):
            latest[key] = (order, metric)
    return {key: metric for key, (_, metric) in latest.items()}


def _dataset(run: dict[str, Any]) -> dict[str, Any]:
    """Return the one data set that the run took as input; with several, none is the evaluation."""
    inputs = listing(mapping(run.get("inputs")).get("dataset_inputs"))
    datasets = [mapping(mapping(item).get("dataset")) for item in inputs]
    return datasets[0] if len(datasets) == 1 else {}


def _evaluation(run: dict[str, Any], tags: dict[str, str]) -> str:
    info = mapping(run.get("info"))
    experiment = text_of(info.get("experiment_id"), limit=100)
    named = (text_of(_dataset(run).get("name")), text_of(info.get("run_name")), tags.get("mlflow.runName"))
    found = next((name for name in named if name), None)
    return text_of(found or (f"experiment {experiment}" if experiment else "unnamed")) or "unnamed"


def _described(run: dict[str, Any]) -> dict[str, Any]:
    info, data = mapping(run.get("info")), mapping(run.get("data"))
    params, tags = _pairs(data.get("params")), _pairs(data.get("tags"))
    model = next((source[key] for source in (params, tags) for key in MODEL_KEYS if key in source), None)
    revision = next((tags[key] for key in REVISION_KEYS if key in tags), None)
    return {
        "evaluation": _evaluation(run, tags),
        "source": "MLflow",
        "model": text_of(model),
        "native_id": text_of(info.get("run_id")) or text_of(info.get("run_uuid")),
        "state": STATES.get(str(info.get("status")), "complete"),
        "version": text_of(_dataset(run).get("digest")),
        "started_at": moment(info.get("start_time")),
        "completed_at": moment(info.get("end_time")),
        "code": {"revision": revision} if revision else None,
        "sampling": dict(list(params.items())[:MOST_SHOWN]) or None,
    }


def _warnings(run: dict[str, Any], left_out: list[str]) -> list[str]:
    info = mapping(run.get("info"))
    warnings = [NO_UNIT]
    if str(info.get("status")) not in STATES:
        warnings.append(f"The status {info.get('status')!s:.40} is none that MLflow defines.")
    if info.get("lifecycle_stage") == "deleted":
        warnings.append("The run is deleted in MLflow.")
    if left_out:
        warnings.append(f"Left out, because they are no number or describe the machine: {', '.join(left_out)[:500]}.")
    return warnings


def _of_run(run: dict[str, Any], place: str) -> Iterator[FoundRun]:
    metrics = _latest(mapping(run.get("data")).get("metrics"))
    left_out = [key for key, item in metrics.items() if _value(item) is None or _is_system(key)]
    described, warnings = _described(run), _warnings(run, left_out)
    for key, metric in metrics.items():
        value = _value(metric)
        if value is None or key in left_out:
            continue
        step = number(metric.get("step"))
        yield FoundRun(
            metric=_metric_name(key),
            estimate={"value": value},
            unit="score",
            reported=[_reported(key, metric), *(_reported(other, metrics[other]) for other in _not_finite(metrics))],
            locator=f"{place}, metric {key}"[:200],
            warnings=[*warnings, f"The value is that of step {step:g}."] if step else list(warnings),
            **described,
        )


def _value(metric: dict[str, Any]) -> float | None:
    """The value of a metric as a finite number; MLflow's data bases hold infinity as the largest number there is."""
    value = number(metric.get("value"))
    return None if value is None or abs(value) == sys.float_info.max else value


def _is_system(key: str) -> bool:
    return key.startswith(BOOKKEEPING)


def _not_finite(metrics: dict[str, dict[str, Any]]) -> list[str]:
    named = [key for key, item in metrics.items() if _value(item) is None and not _is_system(key)]
    return named[:MOST_SHOWN]


def _text(value: Any) -> str:
    return text_of(json.dumps(value) if isinstance(value, float | list | dict) else value) or "absent"


def _reported(key: str, metric: dict[str, Any]) -> Reported:
    value = metric.get("value")
    plain = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return Reported(key, value if plain else _text(value))


def _runs(document: Any) -> list[tuple[dict[str, Any], str]]:
    answer = mapping(document)
    if isinstance(answer.get("run"), dict):
        return [(answer["run"], "run")]
    if isinstance(answer.get("runs"), list):
        return [(run, f"runs/{at}") for at, run in enumerate(answer["runs"]) if isinstance(run, dict)]
    words = "The document has neither `run` nor `runs`."
    raise LogRefused("not-mlflow", words, remedy="Send the answer of runs/get or runs/search as the server gave it.")


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run for each MLflow run and metric. Raises LogRefused for damage and answers without a number."""
    source.refuse_empty()
    document = tolerant_json(source.whole(), place="", depth=source.budget.depth)
    more = text_of(mapping(document).get("next_page_token")) is not None
    found = False
    for run, place in _runs(document):
        for one in _of_run(run, place):
            found = True
            if more:
                one.warnings.append("The answer is one page of several; the runs of the other pages are not here.")
            yield one
    if not found:
        words = "No run of the answer has a metric with a number."
        raise LogRefused("nothing-measured", words, remedy="Send the run after its metrics were logged.")


ADAPTER = Adapter(name="mlflow", title="MLflow", recognise=recognise, read=read)
