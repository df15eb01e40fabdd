"""Means over items with standard errors: from the central limit theorem, by cluster, of shares and of rubric scores."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from evaluations.estimates.wilson import wilson_interval

from .distributions import two_sided_z
from .estimate import FEW, FEW_UNITS, Estimate
from .inputs import inner_share, real, reals, shares

PAPER, CORRECTED = "clustered", "clustered G/(G-1)"


def standard_error(values: Sequence[float]) -> float | None:
    """Return s / sqrt(n) with n - 1 in the variance, None for a single value."""
    n = len(values)
    if n < 2:
        return None
    centre = math.fsum(values) / n
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (n - 1) / n)


def mean(values: Iterable[object], *, confidence: float = 0.95) -> Estimate:
    """Return the mean of numbers in any unit, with mean +/- z s / sqrt(n).

    Miller (2024), "Adding Error Bars to Evals", equation 1; agrees with `scipy.stats.sem` and Inspect's `stderr()`.
    The error is 0 when all values are equal, which is noted. Raises ValueError without values or with one not finite.
    """
    scores, level = reals(values, "values"), inner_share(confidence, "confidence")
    centre, error, n = math.fsum(scores) / len(scores), standard_error(scores), len(scores)
    if error is None:
        notes: tuple[str, ...] = ("no interval: one value shows no spread",)
        return Estimate(statistic="mean", method="clt", point=centre, n=n, n_eff=n, notes=notes)
    half = two_sided_z(level) * error
    return Estimate(
        statistic="mean", method="clt", point=centre, low=centre - half, high=centre + half, confidence=level,
        stderr=error, n=n, n_eff=n, notes=(FEW_UNITS,) if n < FEW else (),
    )  # fmt: skip


def mean_clustered(
    values: Iterable[object], clusters: Iterable[Hashable], *, corrected: bool = True, confidence: float = 0.95
) -> Estimate:
    """Return the mean with a standard error that lets values of one cluster depend on each other.

    sqrt(sum over clusters of (sum of residuals)^2) / n is Miller (2024), equation 4, and statsmodels' OLS with
    `use_correction=False`; `corrected` multiplies by sqrt(G / (G - 1)) for G clusters, as Inspect's
    `stderr(cluster=)` and statsmodels do. Units: those of `values`. Raises ValueError unless each value has a cluster.
    """
    scores, labels, level = reals(values, "values"), list(clusters), inner_share(confidence, "confidence")
    if len(labels) != len(scores):
        raise ValueError(f"every value needs its cluster: {len(scores)} values, {len(labels)} clusters")
    centre, n = math.fsum(scores) / len(scores), len(scores)
    residuals: dict[Hashable, list[float]] = {}
    for score, label in zip(scores, labels, strict=True):
        residuals.setdefault(label, []).append(score - centre)
    groups, method = len(residuals), CORRECTED if corrected else PAPER
    if groups < 2:
        notes: tuple[str, ...] = ("no interval: one cluster is one independent unit",)
        return Estimate(statistic="mean", method=method, point=centre, n=n, n_eff=groups, notes=notes)
    error = math.sqrt(math.fsum(math.fsum(inside) ** 2 for inside in residuals.values())) / n
    error *= math.sqrt(groups / (groups - 1)) if corrected else 1.0
    half = two_sided_z(level) * error
    return Estimate(
        statistic="mean", method=method, point=centre, low=centre - half, high=centre + half, confidence=level,
        stderr=error, n=n, n_eff=groups, notes=(FEW_UNITS,) if groups < FEW else (),
    )  # fmt: skip


def mean_in_unit_interval(
    values: Iterable[object], *, statistic: str = "mean_in_unit_interval", notes: tuple[str, ...] = ()
) -> Estimate:
    """Return the mean of values in [0, 1], one per independent item, with Wilson's 95 % interval on n items.

    The interval is the deciding one (`evaluations.estimates`), conservative for values that are not 0 or 1 because a
    variable in [0, 1] varies at most like a coin of the same mean. Raises ValueError without values or outside [0, 1].
    """
    scores = shares(values, "values")
    total, n = math.fsum(scores), len(scores)
    low, high = wilson_interval(float(n) if total >= n else total / n * n, n)
    return Estimate(
        statistic=statistic, method="wilson", point=total / n, low=low, high=high, confidence=0.95,
        stderr=standard_error(scores), n=n, n_eff=n, notes=notes,
    )  # fmt: skip


@dataclass(frozen=True)
class RubricScore:
    """One graded item: `score` on its own scale from `lowest` to `highest`, counted `weight` times."""

    score: float
    lowest: float = 0.0
    highest: float = 1.0
    weight: float = 1.0


def rubric_mean(items: Sequence[RubricScore]) -> Estimate:
    """Return the mean of differently scaled rubric scores, each mapped to [0, 1], with Wilson's interval.

    With unequal weights the independent units are Kish's (sum w)^2 / sum w^2 (Kish 1965). Raises ValueError for no
    items, a scale without extent, a score outside its scale, or a weight that is not positive.
    """
    fractions, weights = [], []
    for place, item in enumerate(items):
        low, high = real(item.lowest, f"items[{place}].lowest"), real(item.highest, f"items[{place}].highest")
        score, weight = real(item.score, f"items[{place}].score"), real(item.weight, f"items[{place}].weight")
        if not low < high or not low <= score <= high or weight <= 0.0:
            raise ValueError(f"items[{place}]: need lowest < highest, a score between them and a positive weight")
        fractions.append((score - low) / (high - low))
        weights.append(weight)
    if not fractions:
        raise ValueError("items must hold at least 1 value(s), got 0")
    if len(set(weights)) == 1:
        return mean_in_unit_interval(fractions, statistic="rubric_mean")
    whole = math.fsum(weights)
    units = whole**2 / math.fsum(weight * weight for weight in weights)
    centre = min(1.0, math.fsum(w * x for w, x in zip(weights, fractions, strict=True)) / whole)
    bounds = wilson_interval(min(centre * units, units), units)
    return Estimate(
        statistic="rubric_mean", method="wilson", point=centre, low=bounds[0], high=bounds[1], confidence=0.95,
        n=len(fractions), n_eff=units, notes=("weighted: n_eff is Kish's effective sample size",),
    )  # fmt: skip
