"""Preferences between two: the win rate with its ties, and how often the model's argument beats a random human's."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evaluations.estimates.wilson import wilson_interval

from .distributions import binomial_at_least, normal_tail, two_sided_z
from .estimate import Significance
from .inputs import inner_share, reals, whole

TIES = ("half", "drop")


@dataclass(frozen=True, kw_only=True)
class WinRate(Significance):
    """`p_value` is the exact sign test on the decided comparisons; `ties` were even, and are in `n` unless dropped."""

    ties: int


def win_rate(wins: int, losses: int, *, ties: int = 0, policy: str = "half") -> WinRate:
    """Return the share of comparisons won, in [0, 1], with Wilson's 95 % interval and the sign test.

    A tie counts one half (`policy="half"`, as in Chatbot Arena and the deciding statistic) or is dropped ("drop").
    `stderr` is that of `scipy.stats.sem` over the values 1, 1/2, 0; the test agrees with `binomtest`. Raises ValueError
    without a comparison that counts.
    """
    won, lost, even = (whole(value, name) for value, name in ((wins, "wins"), (losses, "losses"), (ties, "ties")))
    if policy not in TIES:
        raise ValueError(f"policy must be one of {', '.join(TIES)}, got {str(policy)[:40]!r}")
    counted = even if policy == "half" else 0
    n, decided = won + lost + counted, won + lost
    if n == 0:
        raise ValueError("there is no comparison to count")
    rate = (won + counted / 2.0) / n
    squares = won * (1.0 - rate) ** 2 + lost * rate**2 + counted * (0.5 - rate) ** 2
    low, high = wilson_interval(won + counted / 2.0, n)
    test = min(1.0, 2.0 * binomial_at_least(max(won, lost), decided, 0.5)) if decided else 1.0
    notes = (f"{even} ties count one half",) if counted else (f"{even} ties were dropped",) if even else ()
    return WinRate(
        statistic="win_rate", method=f"wilson, ties {policy}", point=rate, low=low, high=high, confidence=0.95,
        stderr=math.sqrt(squares / (n - 1) / n) if n > 1 else None, n=n, n_eff=n, notes=notes, p_value=test,
        alternative="two-sided", ties=even,
    )  # fmt: skip


def _halved(low: float, high: float, above: Callable[[float], bool]) -> float:
    """Return where `above` turns true between low (false) and high (true), by bisection to the last bit."""
    while low < (middle := (low + high) / 2.0) < high:
        low, high = (low, middle) if above(middle) else (middle, high)
    return high


def superiority_interval(theta: float, n1: int, n2: int, z: float) -> tuple[float, float]:
    """Return the score interval of U / (n1 n2).

    Newcombe (2006), "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2",
    Statistics in Medicine 25, method 5; agrees with auRoc `auc.nonpara.mw(method="newcombe")`. It has width at 0 and 1.
    """
    units = (n1 + n2) / 2.0 - 1.0

    def reach(x: float) -> float:
        spread = 1.0 + units * (1.0 - x) / (2.0 - x) + units * x / (1.0 + x)
        return z * math.sqrt(x * (1.0 - x) * spread / (n1 * n2))

    low = 0.0 if theta == 0.0 else _halved(0.0, theta, lambda x: theta - x < reach(x))
    high = 1.0 if theta == 1.0 else _halved(theta, 1.0, lambda x: x - theta > reach(x))
    return low, high


def persuasion_percentile(
    model: Iterable[object], human: Iterable[object], *, confidence: float = 0.95
) -> Significance:
    """Return in [0, 1] the chance that a random model rating beats a random human one, ties half: U / (n1 n2).

    Mann and Whitney (1947); as a percentile times 100. `value` is U, `p_value` the normal approximation with tie and
    continuity correction, as `scipy.stats.mannwhitneyu(method="asymptotic")`. Ratings of one rater or one topic are not
    independent: give one rating per argument. Raises ValueError for an empty side or a rating that is not finite.
    """
    ours, theirs = reals(model, "model"), reals(human, "human")
    level = inner_share(confidence, "confidence")
    n1, n2 = len(ours), len(theirs)
    ranked = sorted(theirs)
    u = math.fsum((bisect_left(ranked, x) + bisect_right(ranked, x)) / 2.0 for x in ours)
    n = n1 + n2
    repeated = sum(times**3 - times for times in Counter(ours + theirs).values())
    spread = math.sqrt(max(0.0, n1 * n2 / 12.0 * (n + 1 - repeated / (n * (n - 1)))))
    distance = max(u, n1 * n2 - u) - n1 * n2 / 2.0 - 0.5
    p_value = min(1.0, 2.0 * normal_tail(distance / spread)) if spread else 1.0
    low, high = superiority_interval(u / (n1 * n2), n1, n2, two_sided_z(level))
    return Significance(
        statistic="persuasion_percentile", method="mann-whitney, newcombe 2006", point=u / (n1 * n2), low=low,
        high=high, confidence=level, n=n, n_eff=n, value=u, p_value=p_value, alternative="two-sided",
        notes=() if spread else ("all ratings are equal: nothing to test",),
    )  # fmt: skip
