"""What a HELM statistic is about: its metric, split and perturbation, and whether it measures answers at all."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from evaluations.logs.values import mapping, number, text_of

BOOKKEEPING = re.compile(
    r"(?:num_|finish_reason_|training_|inference_).*|batch_size|prompt_truncated|max_prob|logprob|perplexity"
    r"|bits_per_byte|logprob_per_byte"
)
LANGUAGE_MODELLING = frozenset({"perplexity", "bits_per_byte", "logprob_per_byte"})
"""What such a scenario measures; in every other one these describe how likely the model found its own output."""
OFF_SCALE = re.compile(r"perplexity|bits_per_byte|logprob|bleu|cider|runtime|edit_distance", re.IGNORECASE)
DESCRIPTIVE = frozenset({"name", "robustness", "fairness", "computed_on", "class_name"})


class Context(NamedTuple):
    """One row of HELM's own breakdown; numbers of different contexts are never mixed."""

    split: str
    perturbation: str
    """Empty for the unchanged input."""
    computed_on: str
    """`perturbed`, `original` or `worst`; empty for the unchanged input."""

    @property
    def stratum(self) -> str | None:
        """The breakdown in words, e.g. `test` or `test, robustness, worst`."""
        return text_of(", ".join(part for part in self if part))


def shown(value: Any) -> Any:
    """Return a setting as something small: a finite number, a flag, or its text."""
    if isinstance(value, bool) or (isinstance(value, int | float) and number(value) is not None and abs(value) < 2**53):
        return value
    return str(value)[:500]


def perturbation_of(value: Any) -> str:
    """Return a perturbation's name with its settings; empty for none."""
    described = mapping(value)
    settings = [
        f"{name}={item}"
        for name, item in described.items()
        if name not in DESCRIPTIVE and isinstance(item, bool | int | float | str)
    ]
    return text_of(" ".join([str(described.get("name") or "unnamed"), *settings]), limit=80) or "" if described else ""


def metric_and_context(name: Any) -> tuple[str, Context] | None:
    """Return (metric, context) of a statistic's `name`, or None where it has none."""
    said = mapping(name)
    metric = text_of(said.get("name"), limit=100)
    if metric is None:
        return None
    splits = [text_of(said.get(part), limit=50) for part in ("split", "sub_split")]
    perturbation = perturbation_of(said.get("perturbation"))
    computed_on = text_of(mapping(said.get("perturbation")).get("computed_on"), limit=20) or "perturbed"
    split = " ".join(part for part in splits if part)
    return metric, Context(split, perturbation, computed_on if perturbation else "")


def mean_of(statistic: dict[str, Any]) -> float | None:
    """Return the statistic's mean, or None where nothing was counted or it is no number."""
    count = number(statistic.get("count"))
    return number(statistic.get("mean")) if count else None


def metric_name(metric: str) -> str:
    """Return the metric in run-report notation."""
    return re.sub(r"[^A-Za-z0-9_.@+%/:=-]+", "-", metric).lstrip("_.@+%/:=-")[:100] or "unnamed"


def unit_of(metric: str, values: list[float]) -> str:
    """Return `proportion` where all values lie within [0, 1] and the metric is one, else `score`."""
    inside = bool(values) and min(values) >= 0.0 and max(values) <= 1.0
    return "proportion" if inside and not OFF_SCALE.search(metric) else "score"
