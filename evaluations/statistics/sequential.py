"""Looking while the run goes on: Wald's sequential test, and an interval that stays valid however often one looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .estimate import Estimate
from .inputs import counted, inner_share


@dataclass(frozen=True, kw_only=True)
class SequentialTest(Estimate):
    """`decision` is "p1", "p0" or "go on"; the log likelihood ratio decides outside `accept_p0` and `accept_p1`."""

    log_ratio: float
    accept_p0: float
    accept_p1: float
    decision: str


def sequential_test(k: int, n: int, *, p0: float, p1: float, alpha: float = 0.05, beta: float = 0.05) -> SequentialTest:
    """Return Wald's sequential probability ratio test of p1 against p0 after k successes in n trials.

    Wald (1945): stop for p1 above log((1 - beta) / alpha), for p0 below log(beta / (1 - alpha)). Raises ValueError
    unless 0 < p0 < p1 < 1 and both error rates lie in (0, 1) with a sum below 1.
    """
    (k, n), null, other = counted(k, n), inner_share(p0, "p0"), inner_share(p1, "p1")
    a, b = inner_share(alpha, "alpha"), inner_share(beta, "beta")
    if null >= other or a + b >= 1.0:
        raise ValueError("need p0 < p1 and alpha + beta < 1")
    ratio = k * math.log(other / null) + (n - k) * math.log((1.0 - other) / (1.0 - null))
    low, high = math.log(b / (1.0 - a)), math.log((1.0 - b) / a)
    decision = "p1" if ratio >= high else "p0" if ratio <= low else "go on"
    return SequentialTest(
        statistic="sequential_test", method="sprt", point=k / n, n=n, n_eff=n, log_ratio=ratio, accept_p0=low,
        accept_p1=high, decision=decision,
        notes=("no interval: a run that stopped by this rule needs confidence_sequence",),
    )  # fmt: skip


def _edge(inside: float, outside: float, excluded: Callable[[float], bool]) -> float:
    """Return the edge between a rate that is kept and the end of the scale, by bisection to the last bit."""
    if not excluded(outside):
        return outside
    while True:
        middle = (inside + outside) / 2.0
        if middle in (inside, outside):
            return outside
        inside, outside = (inside, middle) if excluded(middle) else (middle, outside)


def confidence_sequence(k: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Return k / n with an interval that holds at all times at once, so looking early costs nothing.

    Robbins (1970) with Ville's inequality: keep every rate whose likelihood is at least (1 - confidence) times the
    mean likelihood under a uniform prior, B(k + 1, n - k + 1). Wider than any interval for a fixed n. Raises
    ValueError unless 0 <= k <= n.
    """
    (k, n), level = counted(k, n), inner_share(confidence, "confidence")
    mixture = math.lgamma(k + 1.0) + math.lgamma(n - k + 1.0) - math.lgamma(n + 2.0)

    def excluded(rate: float) -> bool:
        if (rate <= 0.0 and k) or (rate >= 1.0 and k < n):
            return True
        fit = (k * math.log(rate) if k else 0.0) + ((n - k) * math.log1p(-rate) if k < n else 0.0)
        return mixture - fit > -math.log(1.0 - level)

    return Estimate(
        statistic="proportion", method="confidence sequence, uniform mixture", point=k / n, confidence=level,
        low=_edge(k / n, 0.0, excluded), high=_edge(k / n, 1.0, excluded), n=n, n_eff=n,
    )  # fmt: skip
