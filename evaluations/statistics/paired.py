"""Two systems on the same items: differences, agreement of the items, and the exact test of the discordant ones."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from evaluations.estimates.clopper_pearson import clopper_pearson_interval
from evaluations.estimates.newcombe import difference_paired

from .distributions import binomial_at_least, chi_square_tail, t_quantile_two_sided, t_two_sided
from .estimate import Estimate, Significance
from .inputs import inner_share, reals, whole
from .means import standard_error

ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class PairedDifference(Significance):
    """`correlation` of the items (None if one side is constant) and the error that ignoring the pairing would give."""

    correlation: float | None
    unpaired_stderr: float


@dataclass(frozen=True, kw_only=True)
class McNemar(Significance):
    """`point` is the share of discordant items won by the first; `corrected_p` is Edwards' chi-square p-value."""

    corrected_value: float
    corrected_p: float


def _correlation(a: list[float], b: list[float]) -> float | None:
    mean_a, mean_b = math.fsum(a) / len(a), math.fsum(b) / len(b)
    scale = math.fsum((x - mean_a) ** 2 for x in a) * math.fsum((y - mean_b) ** 2 for y in b)
    joint = math.fsum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return joint / math.sqrt(scale) if scale > 0.0 else None


def paired_difference(first: Iterable[object], second: Iterable[object], *, confidence: float = 0.95) -> Estimate:
    """Return the mean of first - second over the same items in the same order, with Student's t interval.

    Student (1908); Miller (2024), equation 7. Agrees with `scipy.stats.ttest_rel`. Units: those of the scores. The
    result is a `PairedDifference`, unless all differences are equal: then t is undefined and the test is left out.
    Raises ValueError for different lengths, no items, or a score that is not finite.
    """
    a, b, level = reals(first, "first"), reals(second, "second"), inner_share(confidence, "confidence")
    if len(a) != len(b):
        raise ValueError(f"pairs need the same items: {len(a)} first scores, {len(b)} second scores")
    gaps, n = [x - y for x, y in zip(a, b, strict=True)], len(a)
    centre, error = math.fsum(gaps) / n, standard_error(gaps)
    if error is None:
        notes: tuple[str, ...] = ("no interval: one pair shows no spread",)
        return Estimate(statistic="paired_difference", method="t", point=centre, n=n, n_eff=n, notes=notes)
    half = t_quantile_two_sided(level, n - 1) * error
    shown = Estimate(
        statistic="paired_difference", method="t", point=centre, low=centre - half, high=centre + half,
        confidence=level, stderr=error, n=n, n_eff=n,
        notes=("no test: all differences are equal",) if error <= ROUNDING * max(map(abs, gaps)) else (),
    )  # fmt: skip
    if shown.notes:
        return shown
    return PairedDifference(
        **vars(shown), value=centre / error, p_value=min(1.0, t_two_sided(centre / error, n - 1)),
        alternative="two-sided", correlation=_correlation(a, b),
        unpaired_stderr=math.hypot(standard_error(a) or 0.0, standard_error(b) or 0.0),
    )  # fmt: skip


def mcnemar(first_only: int, second_only: int) -> McNemar:
    """Return the exact test that items solved by one system only are split evenly, with the exact interval.

    McNemar (1947); agrees with statsmodels `mcnemar(exact=True)`; the corrected chi-square is Edwards' (1948). Items
    that both or neither solved carry no information here. Raises ValueError without a discordant item.
    """
    b, c = whole(first_only, "first_only"), whole(second_only, "second_only")
    n = b + c
    if n == 0:
        raise ValueError("no item was solved by one system only: the exact test has nothing to count")
    low, high = clopper_pearson_interval(b, n)
    value = max(0.0, abs(b - c) - 1.0) ** 2 / n
    return McNemar(
        statistic="discordant_share", method="mcnemar exact", point=b / n, low=low, high=high, confidence=0.95, n=n,
        n_eff=n, p_value=min(1.0, 2.0 * binomial_at_least(max(b, c), n, 0.5)), alternative="two-sided",
        corrected_value=value, corrected_p=chi_square_tail(value, 1),
    )  # fmt: skip


def difference_of_paired_proportions(*, both: int, first_only: int, second_only: int, neither: int) -> Estimate:
    """Return the deciding `difference_paired` (Newcombe 1998, method 10, paired) in the form of the other statistics.

    Raises ValueError without pairs or for a negative count.
    """
    table = [whole(value, name) for value, name in (
        (both, "both"), (first_only, "first_only"), (second_only, "second_only"), (neither, "neither"),
    )]  # fmt: skip
    point, low, high = difference_paired(*table)
    n = sum(table)
    return Estimate(
        statistic="difference_paired", method="newcombe_paired", point=point, low=low, high=high, confidence=0.95,
        n=n, n_eff=n,
    )  # fmt: skip
