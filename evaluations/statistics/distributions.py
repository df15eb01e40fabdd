"""Quantiles and tails of the few distributions that the statistics need, from the standard library."""

from __future__ import annotations

import math
from statistics import NormalDist

from evaluations.estimates.clopper_pearson import beta_cdf, beta_quantile

_NORMAL = NormalDist()


def normal_quantile(p: float) -> float:
    """Return z with P(Z <= z) = p, 0 < p < 1 (Wichura 1988, AS 241)."""
    return _NORMAL.inv_cdf(p)


def two_sided_z(confidence: float) -> float:
    """Return the z that leaves (1 - confidence) / 2 in each tail."""
    return _NORMAL.inv_cdf(0.5 + confidence / 2.0)


def normal_tail(z: float) -> float:
    """Return P(Z >= z), accurate far out."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def t_quantile_two_sided(confidence: float, df: float) -> float:
    """Return Student's t that leaves (1 - confidence) / 2 in each tail with df > 0 degrees of freedom.

    From t^2 = df (1 - x) / x with I_x(df / 2, 1 / 2) = 1 - confidence (DLMF 8.17; Abramowitz and Stegun 26.7.1).
    """
    x = beta_quantile(1.0 - confidence, df / 2.0, 0.5)
    return math.sqrt(df * (1.0 - x) / x)


def t_two_sided(t: float, df: float) -> float:
    """Return P(|T| >= |t|) of Student's t with df > 0 degrees of freedom."""
    return beta_cdf(df / (df + t * t), df / 2.0, 0.5)


def chi_square_tail(x: float, df: int) -> float:
    """Return P(X >= x) of a chi-square with a whole number of degrees of freedom (DLMF 8.8.2, by recurrence)."""
    half = x / 2.0
    if half <= 0.0:
        return 1.0
    order = 1.0 if df % 2 == 0 else 0.5
    tail = math.exp(-half) if df % 2 == 0 else math.erfc(math.sqrt(half))
    while order < df / 2.0:
        tail += math.exp(order * math.log(half) - half - math.lgamma(order + 1.0))
        order += 1.0
    return min(1.0, tail)


def binomial_at_most(k: int, n: int, p: float) -> float:
    """Return P(X <= k) of a binomial."""
    return 1.0 if k >= n else 0.0 if k < 0 else beta_cdf(1.0 - p, n - k, k + 1.0)


def binomial_at_least(k: int, n: int, p: float) -> float:
    """Return P(X >= k) of a binomial."""
    return 1.0 if k <= 0 else 0.0 if k > n else beta_cdf(p, k, n - k + 1.0)


def binomial_quantile(q: float, n: int, p: float) -> int:
    """Return the smallest k with P(X <= k) >= q."""
    if p in (0.0, 1.0):
        return n if p else 0
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if binomial_at_most(middle, n, p) >= q else (middle + 1, high)
    return low
