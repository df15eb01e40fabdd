"""What garak says of a run as a whole: version, target, generations, threshold, under its older names too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evaluations.logs.found import FoundRun
from evaluations.logs.values import mapping, number, text_of, whole_number

THRESHOLD = 0.5
"""garak's own threshold where the report names none: a detector value from here on is a hit."""
NO_METRIC = re.compile(r"[^A-Za-z0-9_.@+%/=-]+")
PREFIX = re.compile(r"^(?:probes?|detectors?)[. ]")


@dataclass(frozen=True)
class Setup:
    """The facts of one garak run; None where the log does not say."""

    version: str | None = None
    run: str | None = None
    model: str | None = None
    generator: str | None = None
    generations: int | None = None
    threshold: float = THRESHOLD
    threshold_stated: bool = False
    seed: int | None = None


def setup_of(setup: Any, init: Any = None, meta: Any = None) -> Setup:
    """Return the facts from the entries `start_run setup` and `init`, and from the meta part of a digest."""
    config, begun, about = mapping(setup), mapping(init), mapping(meta)

    def first(*names: str) -> Any:
        found = (part[name] for name in names for part in (config, begun, about) if part.get(name) is not None)
        return next(found, None)

    threshold = number(first("run.eval_threshold", "eval_threshold"))
    return Setup(
        version=text_of(first("garak_version", "_config.version"), limit=50),
        run=text_of(first("run", "run_uuid", "transient.run_id")),
        model=text_of(first("plugins.target_name", "plugins.model_name", "target_name", "model_name")),
        generator=text_of(first("plugins.target_type", "plugins.model_type", "target_type", "model_type")),
        generations=whole_number(first("run.generations")) or None,
        threshold=THRESHOLD if threshold is None else threshold,
        threshold_stated=threshold is not None,
        seed=whole_number(first("run.seed")),
    )


def plugin_name(value: Any) -> str | None:
    """Return the name of a probe or detector without the prefix that older versions wrote before it."""
    name = text_of(value)
    return PREFIX.sub("", name) if name else None


def metric_of(base: str, detector: str | None) -> str:
    """Return the metric with the detector behind a colon, in the characters that a metric may have."""
    plain = NO_METRIC.sub("_", detector or "").strip("_")
    return f"{base}:{plain}"[:100] if plain else base


def found_run(setup: Setup, *, probe: str, detector: str | None, metric: str = "attack_success_rate") -> FoundRun:
    """Return the run of one probe and detector without its numbers."""
    warnings = []
    if setup.model is None:
        named = f"only the generator type {setup.generator}" if setup.generator else "no target"
        warnings.append(f"The log names {named}; the checkpoint must be bound by whoever posts it.")
    sampling = {"generator": setup.generator, "generations": setup.generations, "seed": setup.seed}
    grader = {"detector": detector, "threshold": setup.threshold if setup.threshold_stated else None}
    return FoundRun(
        evaluation=probe,
        metric=metric_of(metric, detector),
        source=f"garak {setup.version}" if setup.version else "garak",
        model=setup.model,
        native_id=setup.run,
        version=setup.version,
        attempts_per_sample=setup.generations,
        grader={name: value for name, value in grader.items() if value is not None},
        sampling={name: value for name, value in sampling.items() if value is not None} or None,
        locator=f"{probe} / {detector}"[:200] if detector else probe,
        producer_polarity="lower_is_better",
        warnings=warnings,
    )
