"""The difference of two paired proportions after Newcombe."""

from __future__ import annotations

import math
from typing import Tuple

from .wilson import wilson_interval


def difference_paired(both: float, first_only: float, second_only: float, neither: float) -> Tuple[float, float, float]:
    """Return (difference, low, high) of the first minus the second proportion on the same samples, 95 %.

    Newcombe (1998), "Improved confidence intervals for the difference between binomial proportions based on paired
    data", Statistics in Medicine 17, method 10: Wilson limits of both proportions joined by their correlation, with
    the continuity-corrected numerator. Raises ValueError without samples.
    """
    a, b, c, d = both, first_only, second_only, neither
    n = a + b + c + d
    if n <= 0 or min(a, b, c, d) < 0:
        raise ValueError("need at least one pair and no negative count")
    p1, p2 = (a + b) / n, (a + c) / n
    low1, high1 = wilson_interval(a + b, n)
    low2, high2 = wilson_interval(a + c, n)
    product = (a + b) * (c + d) * (a + c) * (b + d)
    phi = 0.0
    if product > 0:
        numerator = a * d - b * c
        corrected = max(numerator - n / 2.0, 0.0) if numerator > 0 else float(numerator)
        phi = corrected / math.sqrt(product)
    down = (p1 - low1) ** 2 - 2.0 * phi * (p1 - low1) * (high2 - p2) + (high2 - p2) ** 2
    up = (high1 - p1) ** 2 - 2.0 * phi * (high1 - p1) * (p2 - low2) + (p2 - low2) ** 2
    difference = p1 - p2
    return difference, difference - math.sqrt(max(down, 0.0)), difference + math.sqrt(max(up, 0.0))
