"""One HELM run folder: its specification, its aggregates, and the runs that they and the instances make."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.adapters.helm.contexts import (
    BOOKKEEPING,
    LANGUAGE_MODELLING,
    Context,
    metric_and_context,
    metric_name,
    shown,
    unit_of,
)
from evaluations.adapters.helm.instances import Instances, Requests, read_instances, read_requests
from evaluations.logs.archive import Archive
from evaluations.logs.budget import Budget
from evaluations.logs.found import FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import listing, mapping, number, text_of, tolerant_json, whole_number

SHOWN_OF_ADAPTER = (
    "method", "model_deployment", "temperature", "max_tokens", "num_outputs", "max_train_instances",
    "max_eval_instances", "num_train_trials", "multi_label",
)  # fmt: skip
NOTE_ON_COUNT = "HELM's count is the number of training trials, not of instances."


@dataclass
class Folder:
    """A run folder as far as it was read; `path` is its place in the archive, with a slash at its end or empty."""

    path: str
    spec: dict[str, Any]
    requests: Requests
    instances: Instances
    means: dict[tuple[str, Context], Any] = field(default_factory=dict)
    """The aggregates of stats.json as they stand there."""

    @property
    def adapter(self) -> dict[str, Any]:
        """How the model was asked."""
        return mapping(self.spec.get("adapter_spec"))

    @property
    def name(self) -> str:
        """HELM's name of the run, e.g. `mmlu:subject=philosophy,model=openai_gpt2`."""
        return text_of(self.spec.get("name")) or text_of(self.path.rstrip("/").rsplit("/", 1)[-1]) or "unnamed"

    @property
    def evaluation(self) -> str:
        """The run's name without the model, so that the runs of two models belong to one evaluation."""
        scenario, _, arguments = self.name.partition(":")
        kept = [part for part in arguments.split(",") if part and not part.startswith(("model=", "model_deployment="))]
        return f"{scenario}:{','.join(kept)}" if kept else scenario

    @property
    def augmented(self) -> bool:
        """Whether inputs were perturbed at all; HELM writes worst-case rows even where none was."""
        return bool(mapping(self.spec.get("data_augmenter_spec")).get("perturbation_specs"))

    def planned(self, context: Context) -> int | None:
        """Return how many instances the context was to have."""
        if listed := self.requests.planned.get((context.split, context.perturbation)):
            return len(listed)
        counted = self.means.get(("num_instances", Context(context.split, "", "")))
        return whole_number(counted) or None if not context.perturbation else None


def _json(archive: Archive, name: str, budget: Budget) -> Any:
    return tolerant_json(archive.read(name), place=name[:200], depth=budget.depth)


def read_folder(archive: Archive, path: str, budget: Budget) -> Folder:
    """Return the folder at `path` of the archive. Raises LogRefused without a specification or for damage."""
    names = set(archive.names())
    spec = _json(archive, f"{path}run_spec.json", budget)
    if not isinstance(spec, dict):
        raise LogRefused("not-helm", "The run specification is no JSON object.", pointer=f"{path}run_spec.json"[:200])
    requests, instances = Requests(), Instances(f"{path}per_instance_stats.json"[:200])
    if (name := f"{path}scenario_state.json") in names:
        requests = read_requests(archive.stream(name), place=name[:200], budget=budget)
    if (name := f"{path}per_instance_stats.json") in names:
        instances = read_instances(archive.stream(name), requests, place=name[:200], budget=budget)
    folder = Folder(path, spec, requests, instances)
    if (name := f"{path}stats.json") in names:
        for statistic in listing(_json(archive, name, budget)):
            named = metric_and_context(mapping(statistic).get("name"))
            if named is not None and number(statistic.get("count")):
                folder.means[named] = statistic.get("mean")
                instances.left_out.update([named[0]] if BOOKKEEPING.fullmatch(named[0]) else [])
    return folder


def _described(folder: Folder, metric: str, context: Context) -> FoundRun:
    settings = {name: folder.adapter.get(name) for name in SHOWN_OF_ADAPTER}
    classes = [text_of(mapping(item).get("class_name")) for item in listing(folder.spec.get("metric_specs"))]
    tokens = folder.instances.tokens.get(context)
    trials = whole_number(folder.adapter.get("num_train_trials"))
    identity = f"{folder.name}@{folder.requests.first}" if folder.requests.first else folder.name
    return FoundRun(
        evaluation=folder.evaluation,
        metric=metric_name(metric),
        source="HELM",
        model=text_of(folder.adapter.get("model")),
        native_id=text_of(identity),
        stratum=context.stratum,
        planned_samples=folder.planned(context),
        attempts_per_sample=trials if trials else None,
        started_at=folder.requests.first,
        completed_at=folder.requests.last,
        grader=[name for name in classes if name][:50] or None,
        sampling={name: shown(item) for name, item in settings.items() if item is not None} or None,
        cost={name: shown(total) for name, total in tokens.items()} if tokens else None,
        locator=text_of(folder.path.rstrip("/")),
        warnings=_left_out(folder),
    )


def _left_out(folder: Folder) -> list[str]:
    warnings = []
    if names := sorted(folder.instances.left_out):
        warnings.append(f"Left out, because they describe requests and not answers: {', '.join(names)[:1000]}.")
    if not folder.augmented and any(context.perturbation for _, context in folder.means):
        words = "Left out: robustness and fairness rows, which repeat the plain numbers, because nothing was perturbed."
        warnings.append(words)
    return warnings


def _reported(folder: Folder, metric: str, context: Context) -> list[Reported]:
    if (metric, context) not in folder.means:
        return []
    mean = folder.means[metric, context]
    value = json.dumps(mean) if isinstance(mean, float) and not math.isfinite(mean) else mean
    return [Reported(metric, value, note=NOTE_ON_COUNT)]


def _measures(folder: Folder, metric: str, context: Context) -> bool:
    if context.perturbation and (not folder.augmented or context.computed_on == "original"):
        return False
    if folder.adapter.get("method") == "language_modeling" and metric in LANGUAGE_MODELLING:
        return True
    return BOOKKEEPING.fullmatch(metric) is None


def runs_of(folder: Folder) -> Iterator[FoundRun]:
    """Yield one run for each metric and context: with instances where HELM kept them, else its aggregate."""
    for (metric, context), column in folder.instances.columns.items():
        run = _described(folder, metric, context)
        run.samples, run.unit = folder.instances.samples(column), unit_of(metric, column.finite)
        run.reported = _reported(folder, metric, context)
        yield run
    for (metric, context), mean in folder.means.items():
        value = number(mean)
        if (metric, context) in folder.instances.columns or value is None or not _measures(folder, metric, context):
            continue
        run = _described(folder, metric, context)
        run.estimate, run.unit = {"value": value}, unit_of(metric, [value])
        run.reported = _reported(folder, metric, context)
        run.attempts_per_sample = None
        run.warnings.append("HELM keeps this number only as an aggregate, without instances and standard error.")
        yield run
