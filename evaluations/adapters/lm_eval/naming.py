"""Names in lm-eval's files: which file is which, and what a key such as `exact_match_stderr,maj@4` says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

STAMP = r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:\.\d{1,6})?"
RESULTS = re.compile(rf"results(?:_(?P<stamp>{STAMP}))?\.json")
SAMPLES = re.compile(rf"samples_(?P<task>.+?)(?:_(?P<stamp>{STAMP}))?\.jsonl")
NO_FILTER = "none"
NOT_METRICS = frozenset({"alias", "name", "sample_len", "sample_count", "samples", " "})
BYPASS = "bypass"
"""What lm-eval calls the metric of a run that only collects answers; its value is always 999."""
OFF_SCALE = re.compile(
    r"perplexity|bits_per_byte|loglikelihood|logprob|likelihood_diff|bleu|chrf|\bter\b|mcc|matthews|brier|spearman"
    r"|pearson|rmse|mse\b|mae\b",
    re.IGNORECASE,
)
"""Metrics that are no fraction of one even where a value happens to lie between 0 and 1."""


@dataclass(frozen=True)
class Figure:
    """One aggregate of a task: the value and its standard error as they stand in the file."""

    metric: str
    filter: str
    key: str
    value: Any
    stderr: Any


def figures(entry: dict[str, Any]) -> Iterator[Figure]:
    """Yield the aggregates in a task's entry under `results`; a standard error is an attribute, not a metric."""
    for key, value in entry.items():
        metric, comma, filter_name = key.partition(",")
        described = key in NOT_METRICS or metric == BYPASS or metric.endswith("_stderr")
        if described or isinstance(value, dict | list):
            continue
        if not comma and (isinstance(value, bool | str) or value is None):
            # Releases before 0.4 wrote no filter; there only numbers tell a metric from a description.
            continue
        error_key = f"{metric}_stderr{comma}{filter_name}"
        yield Figure(metric, filter_name or NO_FILTER, key, value, entry.get(error_key))


def metric_name(metric: str, filter_name: str) -> str:
    """Return the metric in run-report notation, the filter after a colon where there is one."""
    spelled = metric if filter_name == NO_FILTER else f"{metric}:{filter_name}"
    return re.sub(r"[^A-Za-z0-9_.@+%/:=-]+", "-", spelled).lstrip("_.@+%/:=-")[:100] or "unnamed"


def unit_of(metric: str, low: float, high: float) -> str:
    """Return `proportion` for values within [0, 1] of a metric that is one, else `score`."""
    return "proportion" if low >= 0.0 and high <= 1.0 and not OFF_SCALE.search(metric) else "score"
