"""Intervals and exact tests for k successes in n independent trials, and the posterior probability of a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evaluations.estimates.clopper_pearson import beta_cdf, beta_quantile, clopper_pearson_interval
from evaluations.estimates.wilson import wilson_interval

from .distributions import binomial_at_least, binomial_at_most, two_sided_z
from .estimate import Estimate, Significance
from .inputs import counted, inner_share, share

SMALL_SAMPLE_FAULT = "not for small samples: too narrow near 0 and 1, where it can even have no width; prefer wilson"
ONE_SIDED = "one-sided upper bound; the lower end is the trivial 0"


@dataclass(frozen=True, kw_only=True)
class Posterior(Estimate):
    """An equal-tailed credible interval; `above` is P(theta > threshold) where a threshold was asked about."""

    threshold: float | None = None
    above: float | None = None


def _shown(k: int, n: int, method: str, low: float, high: float, confidence: float, *notes: str) -> Estimate:
    p = k / n
    return Estimate(
        statistic="proportion", method=method, point=p, low=low, high=high, confidence=confidence,
        stderr=math.sqrt(p * (1.0 - p) / n), n=n, n_eff=n, notes=notes,
    )  # fmt: skip


def proportion_wilson(k: int, n: int) -> Estimate:
    """Return k / n with Wilson's 95 % score interval (1927), the deciding one. Raises ValueError unless 0 <= k <= n."""
    k, n = counted(k, n)
    return _shown(k, n, "wilson", *wilson_interval(k, n), 0.95)


def proportion_clopper_pearson(k: int, n: int) -> Estimate:
    """Return k / n with the exact 95 % interval of Clopper and Pearson (1934). Raises ValueError as above."""
    k, n = counted(k, n)
    return _shown(k, n, "clopper_pearson", *clopper_pearson_interval(k, n), 0.95)


def proportion_wald(k: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Return k / n +/- z sqrt(p (1 - p) / n), clipped to [0, 1]: the binary plug-in error of Miller (2024), eq. 2.

    Agrees with statsmodels `proportion_confint(method="normal")`. Shown only to read what others publish.
    """
    (k, n), level = counted(k, n), inner_share(confidence, "confidence")
    half = two_sided_z(level) * math.sqrt(k / n * (1.0 - k / n) / n)
    return _shown(k, n, "wald", max(0.0, k / n - half), min(1.0, k / n + half), level, SMALL_SAMPLE_FAULT)


def proportion_agresti_coull(k: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Return k / n with Agresti and Coull's (1998) interval, clipped to [0, 1]; agrees with statsmodels.

    The centre (k + z^2 / 2) / (n + z^2) is Wilson's; the interval always covers Wilson's.
    """
    (k, n), level = counted(k, n), inner_share(confidence, "confidence")
    z = two_sided_z(level)
    units = n + z * z
    centre = (k + z * z / 2.0) / units
    half = z * math.sqrt(centre * (1.0 - centre) / units)
    return _shown(k, n, "agresti_coull", max(0.0, centre - half), min(1.0, centre + half), level)


def _posterior(k: int, n: int, prior: float, method: str, threshold: float | None, confidence: float) -> Posterior:
    (k, n), level = counted(k, n), inner_share(confidence, "confidence")
    a, b = k + prior, n - k + prior
    limit = None if threshold is None else share(threshold, "threshold")
    return Posterior(
        statistic="proportion", method=method, point=a / (a + b), confidence=level, n=n, n_eff=n,
        low=beta_quantile((1.0 - level) / 2.0, a, b), high=beta_quantile((1.0 + level) / 2.0, a, b),
        stderr=math.sqrt(a * b / (a + b + 1.0)) / (a + b), threshold=limit,
        above=None if limit is None else beta_cdf(1.0 - limit, b, a),
        notes=("the point is the posterior mean, not k/n",),
    )  # fmt: skip


def proportion_jeffreys(k: int, n: int, *, threshold: float | None = None, confidence: float = 0.95) -> Posterior:
    """Return the equal-tailed interval of Beta(k + 1/2, n - k + 1/2) and, if asked, P(theta > threshold).

    Brown, Cai and DasGupta (2001); agrees with statsmodels `method="jeffreys"`, which like us does not stretch the
    ends to 0 and 1. Raises ValueError for an impossible count or a threshold outside [0, 1].
    """
    return _posterior(k, n, 0.5, "jeffreys", threshold, confidence)


def proportion_uniform(k: int, n: int, *, threshold: float | None = None, confidence: float = 0.95) -> Posterior:
    """Return the same with the uniform prior, Beta(k + 1, n - k + 1) (Bayes 1763; Laplace's rule of succession).

    Agrees with `scipy.stats.beta(1 + k, 1 + n - k)` and evalstats `bayes_binary_ci_1d`.
    """
    return _posterior(k, n, 1.0, "uniform", threshold, confidence)


def upper_bound(k: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Return the exact one-sided upper bound: the largest rate that k or fewer of n does not refute.

    Clopper and Pearson (1934); agrees with `scipy.stats.beta.ppf(confidence, k + 1, n - k)`, with 1 - alpha^(1/n) at
    k = 0 and, roughly, with the "rule of three" 3 / n. Raises ValueError unless 0 <= k <= n.
    """
    (k, n), level = counted(k, n), inner_share(confidence, "confidence")
    high = 1.0 if k == n else beta_quantile(level, k + 1.0, n - k)
    return _shown(k, n, "clopper_pearson_upper", 0.0, high, level, ONE_SIDED)


def exact_test(k: int, n: int, *, chance: float, alternative: str) -> Significance:
    """Return the exact binomial test of `chance`, `alternative` "less" or "greater", beside the exact interval.

    Agrees with `scipy.stats.binomtest`. Raises ValueError for an impossible count, a chance outside (0, 1) or another
    alternative.
    """
    (k, n), null = counted(k, n), inner_share(chance, "chance")
    if alternative not in ("less", "greater"):
        raise ValueError(f'alternative must be "less" or "greater", got {str(alternative)[:40]!r}')
    tail = binomial_at_most if alternative == "less" else binomial_at_least
    low, high = clopper_pearson_interval(k, n)
    return Significance(
        statistic="proportion", method="exact binomial test", point=k / n, low=low, high=high, confidence=0.95,
        n=n, n_eff=n, p_value=min(1.0, tail(k, n, null)), alternative=alternative,
    )  # fmt: skip


def below_chance(k: int, n: int, *, chance: float) -> Significance:
    """Return the screen for sandbagging: is k of n significantly worse than guessing at `chance`?

    The exact test of rate < chance, with the one-sided 95 % upper bound that is coherent with it. A small p-value calls
    for a look; a large one clears nobody, because a careful sandbagger answers at chance.
    """
    test, bound = exact_test(k, n, chance=chance, alternative="less"), upper_bound(k, n)
    return Significance(
        statistic="below_chance", method=test.method, point=test.point, low=0.0, high=bound.high, confidence=0.95,
        n=n, n_eff=n, p_value=test.p_value, alternative="less", notes=(ONE_SIDED,),
    )  # fmt: skip
