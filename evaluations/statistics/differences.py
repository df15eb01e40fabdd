"""Two independent proportions: effect size, interval of the difference, exact test, and the test of equivalence."""

from __future__ import annotations

import math

from evaluations.estimates.wilson import wilson_interval

from .distributions import normal_tail, two_sided_z
from .estimate import Estimate, Significance
from .inputs import counted, inner_share

MOST_EXACT = 5000


def arcsine_distance(first: float, second: float) -> float:
    """Return 2 arcsin sqrt(first) - 2 arcsin sqrt(second), in radians."""
    return 2.0 * math.asin(math.sqrt(first)) - 2.0 * math.asin(math.sqrt(second))


def cohens_h(k1: int, n1: int, k2: int, n2: int, *, confidence: float = 0.95) -> Estimate:
    """Return Cohen's h of two proportions, in radians in [-pi, pi], with h +/- z sqrt(1/n1 + 1/n2).

    Cohen (1988), "Statistical Power Analysis", chapter 6: the arcsine has variance 1/n whatever the proportion. 0.2 is
    called small, 0.5 medium, 0.8 large. Agrees with statsmodels `proportion_effectsize`. Raises ValueError for counts.
    """
    (k1, n1), (k2, n2) = counted(k1, n1, "first"), counted(k2, n2, "second")
    level, error = inner_share(confidence, "confidence"), math.sqrt(1.0 / n1 + 1.0 / n2)
    h, half = arcsine_distance(k1 / n1, k2 / n2), two_sided_z(level) * error
    return Estimate(
        statistic="cohens_h", method="arcsine", point=h, low=max(-math.pi, h - half), high=min(math.pi, h + half),
        confidence=level, stderr=error, n=n1 + n2, n_eff=n1 + n2,
    )  # fmt: skip


def difference_newcombe(k1: int, n1: int, k2: int, n2: int) -> Estimate:
    """Return k1/n1 - k2/n2 with Newcombe's 95 % interval from the two Wilson intervals.

    Newcombe (1998), "Interval estimation for the difference between independent proportions", Statistics in Medicine
    17, method 10; agrees with statsmodels `confint_proportions_2indep(method="newcomb")`. Only for different items or
    different people: the same items belong to `paired`. Raises ValueError for impossible counts.
    """
    (k1, n1), (k2, n2) = counted(k1, n1, "first"), counted(k2, n2, "second")
    p1, p2 = k1 / n1, k2 / n2
    (low1, high1), (low2, high2) = wilson_interval(k1, n1), wilson_interval(k2, n2)
    return Estimate(
        statistic="difference", method="newcombe", point=p1 - p2, confidence=0.95, n=n1 + n2, n_eff=n1 + n2,
        low=p1 - p2 - math.hypot(p1 - low1, high2 - p2), high=p1 - p2 + math.hypot(high1 - p1, p2 - low2),
        stderr=math.sqrt(p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2),
    )  # fmt: skip


def _plus_one(k1: int, n1: int, k2: int, n2: int) -> tuple[float, float]:
    """Return difference and standard error after one success and one failure were added to each sample."""
    p1, p2 = (k1 + 1) / (n1 + 2), (k2 + 1) / (n2 + 2)
    return p1 - p2, math.sqrt(p1 * (1.0 - p1) / (n1 + 2) + p2 * (1.0 - p2) / (n2 + 2))


def difference_agresti_caffo(k1: int, n1: int, k2: int, n2: int, *, confidence: float = 0.95) -> Estimate:
    """Return k1/n1 - k2/n2 with the interval of Agresti and Caffo (2000), clipped to [-1, 1].

    Agrees with statsmodels `method="agresti-caffo"`. Raises ValueError for impossible counts.
    """
    (k1, n1), (k2, n2) = counted(k1, n1, "first"), counted(k2, n2, "second")
    level = inner_share(confidence, "confidence")
    centre, error = _plus_one(k1, n1, k2, n2)
    half = two_sided_z(level) * error
    return Estimate(
        statistic="difference", method="agresti_caffo", point=k1 / n1 - k2 / n2, low=max(-1.0, centre - half),
        high=min(1.0, centre + half), confidence=level, stderr=error, n=n1 + n2, n_eff=n1 + n2,
    )  # fmt: skip


def fisher_exact(k1: int, n1: int, k2: int, n2: int) -> Significance:
    """Return Fisher's exact two-sided test of equal proportions, beside Newcombe's interval.

    Fisher (1935); sums all tables as probable as the observed one or less, as `scipy.stats.fisher_exact` does. It can
    disagree with the interval, because it conditions on both margins. Raises ValueError for impossible counts
    and for more than 5000 trials.
    """
    shown = difference_newcombe(k1, n1, k2, n2)
    if shown.n > MOST_EXACT:
        raise ValueError(f"more than {MOST_EXACT} trials: the exact test gains nothing there, use difference_newcombe")
    successes = k1 + k2
    possible = range(max(0, successes - n2), min(n1, successes) + 1)
    tables = {x: math.comb(n1, x) * math.comb(n2, successes - x) for x in possible}
    as_rare = sum(ways for ways in tables.values() if ways <= tables[k1])
    p_value = as_rare / math.comb(n1 + n2, successes)
    return Significance(
        statistic="difference", method="fisher exact", point=shown.point, low=shown.low, high=shown.high,
        confidence=0.95, n=shown.n, n_eff=shown.n_eff, p_value=p_value, alternative="two-sided",
        notes=("the interval is newcombe's",),
    )  # fmt: skip


def equivalence(k1: int, n1: int, k2: int, n2: int, *, margin: float, alpha: float = 0.05) -> Significance:
    """Return the two one-sided tests of |p1 - p2| < margin with the (1 - 2 alpha) interval that is coherent with them.

    Schuirmann (1987), on the Agresti-Caffo error; agrees with statsmodels `tost_proportions_2indep`. A small p-value
    shows equivalence; a large one shows nothing, and above all no difference. Raises ValueError unless 0 < margin < 1.
    """
    size, level = inner_share(margin, "margin"), 1.0 - 2.0 * inner_share(alpha, "alpha")
    if level <= 0.0:
        raise ValueError(f"alpha must lie below 0.5, got {alpha!r}")
    shown = difference_agresti_caffo(k1, n1, k2, n2, confidence=level)
    centre, error = _plus_one(k1, n1, k2, n2)
    lower, upper = normal_tail((centre + size) / error), normal_tail((size - centre) / error)
    return Significance(
        statistic="equivalence", method="tost agresti_caffo", point=shown.point, low=shown.low, high=shown.high,
        confidence=level, n=shown.n, n_eff=shown.n_eff, p_value=max(lower, upper), alternative=f"|difference| < {size}",
    )  # fmt: skip
