"""METR's time horizon: the length of task, in minutes of human work, that a model completes at a given rate."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .estimate import Estimate
from .inputs import inner_share, real, reals, shares, whole

Floats = NDArray[np.float64]
STEPS, TOLERANCE, STEEPEST, LARGEST_EXPONENT, CHUNK = 100, 1e-12, 500.0, 1000.0, 1 << 20
USABLE, MOST_RESAMPLES = 0.95, 100_000
NO_GROUPS = "no interval: name the groups (task families) to resample"


@dataclass(frozen=True, kw_only=True)
class TimeHorizon(Estimate):
    """`point`, `low`, `high` in minutes; `slope` and `intercept` of the log odds on log2 minutes (None without a fit).

    `extrapolated` says that the point lies outside `shortest` to `longest`, the lengths that were tried. `n_eff` counts
    the groups, or the different lengths where no groups were named.
    """

    success_rate: float
    slope: float | None
    intercept: float | None
    extrapolated: bool
    shortest: float
    longest: float


def horizon_minutes(*, intercept: float, slope: float, success_rate: float = 0.5) -> float:
    """Return the minutes at which intercept + slope log2(minutes) reaches the log odds of the success rate.

    Kwa et al. (2025), "Measuring AI Ability to Complete Long Tasks". Raises ValueError for a slope that is not
    negative, since then no length is a horizon, and where the answer is beyond any number.
    """
    rate = inner_share(success_rate, "success_rate")
    if real(slope, "slope") >= 0.0:
        raise ValueError(f"no horizon: success does not fall with length (slope {slope:.4g})")
    exponent = (math.log(rate / (1.0 - rate)) - real(intercept, "intercept")) / slope
    if abs(exponent) > LARGEST_EXPONENT:
        raise ValueError("no horizon: the fit puts it beyond any number")
    return float(2.0**exponent)


def _loss(eta: Floats, y: Floats, weights: Floats, slope: Floats, ridge: float) -> Floats:
    return np.asarray((weights * (np.logaddexp(0.0, eta) - y * eta)).sum(axis=1) + ridge / 2.0 * slope**2)


def _fits(x: Floats, y: Floats, weights: Floats, ridge: float) -> tuple[Floats, Floats]:
    """Return intercepts and slopes for every row of weights, NaN where no finite maximum was reached.

    Minimises sum w (log(1 + e^eta) - y eta) + ridge / 2 slope^2 by Newton's method with halved steps; the intercept is
    not penalised. A fractional y counts as y successes and 1 - y failures.
    """
    a, b = np.zeros(len(weights)), np.zeros(len(weights))
    done = np.zeros(len(weights), dtype=bool)
    for _ in range(STEPS):
        eta = a[:, None] + b[:, None] * x
        p = 1.0 / (1.0 + np.exp(-np.clip(eta, -STEEPEST, STEEPEST)))
        pull, curve = weights * (p - y), weights * p * (1.0 - p)
        ga, gb = pull.sum(axis=1), pull @ x + ridge * b
        haa, hab, hbb = curve.sum(axis=1), curve @ x, curve @ (x * x) + ridge
        determinant = haa * hbb - hab * hab
        solvable = determinant > 1e-14 * haa * hbb
        safe = np.where(solvable, determinant, 1.0)
        da = np.where(solvable, (hbb * ga - hab * gb) / safe, 0.0)
        db = np.where(solvable, (haa * gb - hab * ga) / safe, 0.0)
        before, scale = _loss(eta, y, weights, b, ridge), np.ones(len(weights))
        for _ in range(30):
            trial_a, trial_b = a - scale * da, b - scale * db
            worse = _loss(trial_a[:, None] + trial_b[:, None] * x, y, weights, trial_b, ridge) > before + TOLERANCE
            if not worse.any():
                break
            scale = np.where(worse, scale / 2.0, scale)
        a, b = trial_a, trial_b
        done = solvable & (np.maximum(np.abs(da), np.abs(db)) <= TOLERANCE * (1.0 + np.abs(a) + np.abs(b)))
        if done.all():
            break
    return np.where(done, a, np.nan), np.where(done, b, np.nan)


def _resampled(
    x: Floats, y: Floats, weights: Floats, groups: list[Hashable], *, ridge: float, rate: float, resamples: int,
    seed: int,
) -> list[float]:  # fmt: skip
    """Return the horizons of those resamples of the groups that have one."""
    names = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    member = np.array([names[group] for group in groups])
    draws = np.random.default_rng(seed).multinomial(len(names), [1.0 / len(names)] * len(names), size=resamples)
    found: list[float] = []
    logit = math.log(rate / (1.0 - rate))
    rows = max(1, CHUNK // len(x))
    for start in range(0, resamples, rows):
        heavy = weights * draws[start : start + rows][:, member]
        mixed = heavy[((heavy * y).sum(axis=1) > 0.0) & ((heavy * (1.0 - y)).sum(axis=1) > 0.0)]
        fitted = _fits(x, y, mixed / mixed.sum(axis=1, keepdims=True), ridge)
        for intercept, slope in zip(*fitted, strict=True):
            if slope < 0.0 and abs(logit - intercept) <= -LARGEST_EXPONENT * slope:
                found.append(float(2.0 ** ((logit - intercept) / slope)))
    return found


def time_horizon(
    minutes: Iterable[object], successes: Iterable[object], *, weights: Iterable[object] | None = None,
    regularisation: float = 0.0, success_rate: float = 0.5, groups: Iterable[Hashable] | None = None,
    resamples: int = 1000, seed: int = 0, confidence: float = 0.95,
) -> TimeHorizon:  # fmt: skip
    """Return the horizon of runs of tasks, each of which takes a skilled human `minutes` > 0, with scores in [0, 1].

    Logistic regression on log2(minutes) with weights scaled to sum 1 and an L2 penalty on the slope, which is
    scikit-learn's `LogisticRegression(C=1 / regularisation)` and METR's `logistic.py` (0.1 in both their reports).
    With `groups` the interval is the percentile bootstrap over them. Where there is no horizon (nothing or everything
    succeeded, success rises with length, lengths separate success from failure) the point is None and `notes` say why;
    METR's own code answers 0 or only warns. Raises ValueError for unequal lengths, minutes <= 0, a negative weight.
    """
    lengths, y = reals(minutes, "minutes"), shares(successes, "successes")
    w = [1.0] * len(y) if weights is None else reals(weights, "weights")
    ridge, level = real(regularisation, "regularisation"), inner_share(confidence, "confidence")
    rate, labels = inner_share(success_rate, "success_rate"), None if groups is None else list(groups)
    if not len(lengths) == len(y) == len(w) == len(labels if labels is not None else y):
        raise ValueError("minutes, successes, weights and groups must belong to the same runs")
    if min(lengths) <= 0.0 or min(w) < 0.0 or sum(w) <= 0.0 or ridge < 0.0:
        raise ValueError("minutes must be positive, weights and regularisation not negative, and one weight positive")
    scores, x, scaled = np.array(y), np.log2(lengths), np.array(w) / math.fsum(w)
    facts: dict[str, float] = {"success_rate": rate, "shortest": min(lengths), "longest": max(lengths)}
    intercept, slope, point, notes = _point(x, scores, scaled, ridge, facts)
    low = high = None
    units = float(len(set(labels))) if labels is not None else float(len(set(lengths)))
    if point is None or labels is None:
        notes += (NO_GROUPS,) if point is not None else ()
    else:
        count = whole(resamples, "resamples", at_least=100, at_most=MOST_RESAMPLES)
        draws = _resampled(x, scores, scaled, labels, ridge=ridge, rate=rate, resamples=count, seed=whole(seed, "seed"))
        if len(draws) < USABLE * count:
            notes += (f"no interval: only {len(draws)} of {count} resamples have a horizon",)
        else:
            low, high = (float(v) for v in np.quantile(draws, [(1.0 - level) / 2.0, (1.0 + level) / 2.0]))
    return TimeHorizon(
        statistic="time_horizon", method=f"logistic on log2 minutes, L2 {ridge:g}", point=point, low=low, high=high,
        confidence=None if low is None else level, n=len(y), n_eff=units, notes=notes, slope=slope,
        intercept=intercept, extrapolated=point is not None and not min(lengths) <= point <= max(lengths), **facts,
    )  # fmt: skip


def _point(
    x: Floats, y: Floats, weights: Floats, ridge: float, facts: dict[str, float]
) -> tuple[float | None, float | None, float | None, tuple[str, ...]]:
    """Return intercept, slope, horizon and notes of one fit."""
    mean = float((weights * y).sum())
    if mean <= 0.0:
        return None, None, None, (f"no horizon: nothing succeeded, so it lies below {facts['shortest']:g} min",)
    if (weights * (1.0 - y)).sum() <= 0.0:
        return None, None, None, (f"no horizon: everything succeeded, so it lies above {facts['longest']:g} min",)
    fit_a, fit_b = _fits(x, y, weights[None, :], ridge)
    intercept, slope = float(fit_a[0]), float(fit_b[0])
    if math.isnan(slope):
        reason = "no horizon: one length only, or lengths that separate success from failure; give a regularisation"
        return None, None, None, (reason,)
    try:
        point = horizon_minutes(intercept=intercept, slope=slope, success_rate=facts["success_rate"])
    except ValueError as fault:
        return intercept, slope, None, (str(fault),)
    if facts["shortest"] <= point <= facts["longest"]:
        return intercept, slope, point, ()
    tried = f"tasks took {facts['shortest']:g} to {facts['longest']:g} min"
    return intercept, slope, point, (f"extrapolated: {tried}, the horizon of {point:.3g} min lies outside",)
