"""The exact interval of Clopper and Pearson, by inverting the regularised incomplete beta function."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Tuple

TAIL = 0.025
TINY = 1e-300


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction of the incomplete beta function (DLMF 8.17.22)."""
    c = 1.0
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > TINY else TINY)
    result = d
    for m in range(1, 20000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 + numerator * d
            d = 1.0 / (d if abs(d) > TINY else TINY)
            c = 1.0 + numerator / c
            c = c if abs(c) > TINY else TINY
            step = c * d
            result *= step
        if abs(step - 1.0) < 1e-15:
            break
    return result


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1 (DLMF 8.17)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _continued_fraction(a, b, x) / a
    return 1.0 - front * _continued_fraction(b, a, 1.0 - x) / b


SMALLEST_SHAPE = 1e-6
"""Below it Newton's method leaves the numbers that have a logarithm; the bisection then begins at (0, 1)."""


def _near_quantile(p: float, a: float, b: float) -> float:
    """Return about the x with I_x(a, b) = p, by Newton's method held between the ends that are known."""
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(30):
        missing = beta_cdf(x, a, b) - p
        low, high = (x, high) if missing < 0.0 else (low, x)
        slope = math.exp(min(700.0, scale + (a - 1.0) * math.log(x) + (b - 1.0) * math.log1p(-x)))
        following = x - missing / slope if slope > 0.0 else low
        if not low < following < high:
            following = (low + high) / 2.0
        if not 0.0 < following < 1.0:
            break
        former, x = x, following
        if abs(x - former) <= 1e-7 * min(x, 1.0 - x):
            break
    return x


def _bracket(p: float, a: float, b: float) -> Tuple[float, float]:
    """Return an interval that bisection from (0, 1) would come to, as narrow as rounding lets one be sure of it."""
    if min(a, b) < SMALLEST_SHAPE:
        return 0.0, 1.0
    x = _near_quantile(p, a, b)
    spread = math.sqrt(a * b / (a + b + 1.0)) / (a + b)
    halvings = max(0, int(-math.log2(min(x, spread) * max(1e-12, (a + b) * 1e-13))))
    while halvings > 0:
        ends = 2.0**halvings
        low, high = math.floor(x * ends) / ends, (math.floor(x * ends) + 1.0) / ends
        if high <= 1.0 and beta_cdf(low, a, b) < p <= beta_cdf(high, a, b):
            return low, high
        halvings -= 4
    return 0.0, 1.0


# Kept, because the same counts are held against the threshold of every level and are asked about again and again.
@lru_cache(maxsize=4096)
def beta_quantile(p: float, a: float, b: float) -> float:
    """Return x with I_x(a, b) = p by bisection to the last bit, begun close to where it ends."""
    low, high = _bracket(p, a, b)
    for _ in range(1100):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if beta_cdf(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def clopper_pearson_interval(k: float, n: float) -> Tuple[float, float]:
    """Return the exact 95 % interval (low, high) of k successes in n units; k may be fractional.

    Clopper and Pearson (1934), "The use of confidence or fiducial limits", Biometrika 26, through beta quantiles.
    Raises ValueError unless 0 <= k <= n.
    """
    if n < 0 or k < 0 or k > n:
        raise ValueError("need 0 <= k <= n, got k=%r n=%r" % (k, n))
    if n == 0:
        return 0.0, 1.0
    low = 0.0 if k == 0 else beta_quantile(TAIL, k, n - k + 1.0)
    high = 1.0 if k == n else beta_quantile(1.0 - TAIL, k + 1.0, n - k)
    return low, high
