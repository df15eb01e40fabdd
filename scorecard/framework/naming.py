"""How names of other people's tables become ours: slugs of evaluations, strata, and the field's metric notation."""

from __future__ import annotations

import re

METRICS = {
    "success rate over 100 trials": "success_rate",
    "success rate over 10 rollouts (column header says pass@10)": "success_rate",
    "accuracy (avg of 200 trials)": "accuracy",
    "accuracy (refuses)": "accuracy",
    "P(not-stereotype | not unknown)": "p_not_stereotype_given_not_unknown",
    "AI persuasiveness percentile": "persuasion_percentile",
    "manipulator win rate": "win_rate",
}
KEPT = re.compile(r"^(bronze )?(pass|cons|goodness)@[0-9.]+$|^[a-z][a-z_]*$")


def evaluation_slug(name: str) -> str:
    """Return the slug of an evaluation's printed name: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("&", "and")).strip("-")


def split_stratum(name: str) -> tuple[str, str | None]:
    """Split a printed row name at its first `: ` into the evaluation and the row of its breakdown, if any."""
    base, colon, rest = name.partition(": ")
    return (base, rest) if colon else (name, None)


def metric_name(printed: str) -> str:
    """Return a printed metric in the field's notation, e.g. `pass@12`, `cons@32`, `success_rate`."""
    if printed in METRICS:
        return METRICS[printed]
    if KEPT.match(printed):
        return printed
    return re.sub(r"[^a-z0-9]+", "_", printed.lower()).strip("_")[:60].strip("_")
