"""The runs that a log holds: one for each scorer, and one for each key where a scorer gives several values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evaluations.adapters.inspect_log.attempts import Attempts
from evaluations.adapters.inspect_log.header import Header, ReportedScore
from evaluations.adapters.inspect_log.scoring import Column
from evaluations.adapters.inspect_log.shown import shown, without_nothing
from evaluations.adapters.inspect_log.standing_in import estimate_of, fill_in, not_attempted
from evaluations.adapters.inspect_log.telling import tell
from evaluations.logs.found import FoundRun, State
from evaluations.logs.values import moment, number, text_of

UNMETRIC = re.compile(r"[^A-Za-z0-9_.@+%/:=-]+")
NO_MODEL = frozenset({"none", "none/none"})
LIMITS = ("message_limit", "token_limit", "time_limit", "working_limit", "cost_limit", "turn_limit")
UNSCORED: Column = ("", None)
"""The column of a log without a scorer."""


def runs_of(header: Header, attempts: Attempts) -> Iterator[FoundRun]:
    """Yield the runs of a log. Raises LogRefused for one that neither measured nor planned anything."""
    source = "samples"
    if not len(attempts):
        source = fill_in(header, attempts)
    attempts.number_attempts()
    if source == "results":
        yield from _estimates(header)
        return
    columns = _columns(header, attempts)
    epochs = header.epochs() or max(attempts.numbers, default=1) or 1
    for column in columns:
        run = _run(header, column, alone=len(columns) == 1)
        run.planned_samples = _planned(header, attempts, epochs)
        run.attempts_per_sample = header.epochs() or (epochs if epochs > 1 else None)
        run.state = _state(header, attempts, run.planned_samples, epochs, source)
        run.unit = "score" if attempts.beyond_proportion(column) else "proportion"
        run.samples = attempts.samples(column) if source != "plan" else not_attempted(attempts)
        run.warnings.extend(tell(header, attempts, column, run, source))
        yield run


def _columns(header: Header, attempts: Attempts) -> list[Column]:
    declared: list[Column] = [(name, None) for name in header.declared_scorers()]
    found = attempts.columns()
    if found == [UNSCORED] and len(declared) == 1:
        # Before 0.3.29 a sample had one score without the scorer's name.
        attempts.rename(UNSCORED, declared[0])
        found = attempts.columns()
    return found or declared or [UNSCORED]


def _run(header: Header, column: Column, *, alone: bool) -> FoundRun:
    entries = _entries(header, column)
    about = header.part("eval")
    version = text_of(header.part("eval", "packages").get("inspect_ai"), limit=100)
    model = text_of(about.get("model"))
    run = FoundRun(
        evaluation=text_of(about.get("task")) or text_of(about.get("task_registry_name")) or "unnamed task",
        metric=_metric(header, column, entries, alone=alone),
        source=f"inspect_ai {version}" if version else "inspect_ai",
        model=None if model in NO_MODEL else model,
        native_id=_native_id(about, column),
        version=text_of(about.get("task_version")),
        reported=[line for entry in entries for line in entry.reported()],
        grader=_grader(header, column, entries),
        code=without_nothing(
            revision=about.get("revision"), task_file=about.get("task_file"), task_args=about.get("task_args")
        ),
        packages=shown(about.get("packages")),
        sampling=_sampling(header),
        cost=without_nothing(
            model_usage=header.part("stats").get("model_usage"), role_usage=header.part("stats").get("role_usage")
        ),
        tags=_tags(header),
        warnings=list(header.warnings),
    )
    if not alone:
        run.locator = ":".join(part for part in column if part)[:200] or None
    _date(run, header)
    return run


def _date(run: FoundRun, header: Header) -> None:
    stats = header.part("stats")
    run.started_at = moment(_time(stats.get("started_at"))) or moment(_time(header.part("eval").get("created")))
    run.completed_at = moment(_time(stats.get("completed_at")))
    if run.started_at and run.completed_at and run.completed_at < run.started_at:
        run.warnings.append("The log says that the run was complete before it started; neither time is kept.")
        run.started_at = run.completed_at = None


def _time(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _entries(header: Header, column: Column) -> list[ReportedScore]:
    scorer, key = column
    entries = header.scores()
    if key is not None:
        mine = [entry for entry in entries if entry.scorer == scorer and entry.name == key]
        return mine or [entry for entry in entries if scorer in (entry.name, entry.scorer) and entry.name == scorer]
    return [entry for entry in entries if entry.name == scorer] or [e for e in entries if e.scorer == scorer]


def _metric(header: Header, column: Column, entries: list[ReportedScore], *, alone: bool) -> str:
    scorer, key = column
    if key is not None:
        return _spelt(f"{scorer}:{key}")
    name = (entries[0].named() if entries else None) or _declared_metric(header, scorer)
    return _spelt(name if alone or not scorer else f"{name}:{scorer}")


def _declared_metric(header: Header, scorer: str) -> str:
    for item in header.items("eval", "scorers"):
        metrics = item.get("metrics") if isinstance(item, dict) and item.get("name") == scorer else None
        first = metrics[0] if isinstance(metrics, list) and metrics else None
        name = text_of(first.get("name")) if isinstance(first, dict) else None
        if name is not None:
            return name.rpartition("/")[2] or name
    return "score"


def _spelt(name: str) -> str:
    return UNMETRIC.sub("-", name)[:100].strip("-_.:/@+%=") or "score"


def _native_id(about: dict[str, Any], column: Column) -> str | None:
    # Only eval_id is new in every retry; logs before 0.3.70 lack it, there run and task identify it together.
    run, task = text_of(about.get("run_id"), limit=60), text_of(about.get("task_id"), limit=60)
    base = text_of(about.get("eval_id"), limit=100) or (f"{run}.{task}" if run and task else None)
    return ":".join([base, *(part for part in column if part)])[:200].strip() if base else None


def _grader(header: Header, column: Column, entries: list[ReportedScore]) -> Any:
    declared = [
        item.get("options")
        for item in header.items("eval", "scorers")
        if isinstance(item, dict) and item.get("name") == column[0]
    ]
    params = entries[0].params if entries and entries[0].params else next(iter(declared), None)
    return without_nothing(scorer=column[0], params=params, model_roles=header.part("eval").get("model_roles"))


def _sampling(header: Header) -> Any:
    config = header.part("eval", "config")
    steps = [step.get("solver") for step in header.items("plan", "steps") if isinstance(step, dict)]
    return without_nothing(
        generate={**header.part("plan", "config"), **header.part("eval", "model_generate_config")},
        solver=[step for step in steps if isinstance(step, str)],
        limits={name: config[name] for name in LIMITS if config.get(name) is not None},
        reducers=config.get("epochs_reducer"),
    )


def _tags(header: Header) -> list[str]:
    about = header.part("eval")
    named = {"task_id": about.get("task_id"), "eval_set": about.get("eval_set_id"), "run_id": about.get("run_id")}
    named["dataset"] = header.part("eval", "dataset").get("name")
    labels = [f"{name}:{text}" for name, value in named.items() if (text := text_of(value, limit=150)) is not None]
    free = [text_of(tag) for tag in [*header.items("eval", "tags"), *header.items("tags")][:100]]
    return list(dict.fromkeys([*labels, *(tag for tag in free if tag is not None)]))[:50]


def _planned(header: Header, attempts: Attempts, epochs: int) -> int | None:
    planned = header.planned(epochs=epochs)
    return max(planned, attempts.distinct()) if planned is not None else None


def _state(header: Header, attempts: Attempts, planned: int | None, epochs: int, source: str) -> State:
    state = header.state()
    short = planned is not None and (source == "plan" or attempts.live() < planned * epochs)
    return "partial" if state == "complete" and short else state


def _estimates(header: Header) -> Iterator[FoundRun]:
    first: dict[Column, ReportedScore] = {}
    for entry in header.scores():
        column = (entry.scorer, None if entry.name == entry.scorer else entry.name)
        if number((entry.headline() or ("", None))[1]) is not None:
            first.setdefault(column, entry)
    for column, entry in first.items():
        run = _run(header, column, alone=len(first) == 1)
        run.state, run.attempts_per_sample = header.state(), header.epochs()
        run.planned_samples = header.planned(epochs=header.epochs() or 1)
        run.estimate = estimate_of(header, entry)
        run.unit = "proportion" if 0.0 <= run.estimate["value"] <= 1.0 else "score"
        run.warnings.append("The log holds no samples; the figure is the producer's own and cannot be recomputed.")
        yield run
