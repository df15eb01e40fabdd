"""Wilson's score interval for a proportion, closed form in double precision."""

from __future__ import annotations

import math
from typing import Tuple

Z_95 = 1.959963984540054


def wilson_interval(k: float, n: float) -> Tuple[float, float]:
    """Return the 95 % score interval (low, high) of k successes in n units; k may be fractional, 0 <= k <= n.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22. The bounds are
    exactly 0 at k = 0 and exactly 1 at k = n; without units nothing is known: (0, 1). Raises ValueError otherwise.
    """
    if n < 0 or k < 0 or k > n:
        raise ValueError("need 0 <= k <= n, got k=%r n=%r" % (k, n))
    if n == 0:
        return 0.0, 1.0
    p = k / n
    z2 = Z_95 * Z_95
    denominator = 1.0 + z2 / n
    centre = (p + z2 / (2.0 * n)) / denominator
    half = Z_95 * math.sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n)) / denominator
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return low, high
