"""Many tests at once: p-values adjusted (Holm, Benjamini-Hochberg) and combined into one (Fisher, Stouffer)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .distributions import chi_square_tail, normal_quantile, normal_tail
from .estimate import Significance
from .inputs import inner_share, shares

NO_EFFECT = "no interval: p-values say nothing about the size of an effect"


@dataclass(frozen=True)
class AdjustedPValues:
    """`adjusted` p-values in the order of `raw`, and which are significant at `alpha`."""

    method: str
    raw: tuple[float, ...]
    adjusted: tuple[float, ...]
    significant: tuple[bool, ...]
    alpha: float
    n: int
    notes: tuple[str, ...]


def _adjusted(method: str, raw: list[float], adjusted: list[float], alpha: float, note: str) -> AdjustedPValues:
    level = inner_share(alpha, "alpha")
    return AdjustedPValues(
        method=method, raw=tuple(raw), adjusted=tuple(adjusted), n=len(raw), alpha=level, notes=(note,),
        significant=tuple(value <= level for value in adjusted),
    )  # fmt: skip


def holm(p_values: Iterable[object], *, alpha: float = 0.05) -> AdjustedPValues:
    """Return p-values adjusted so that the chance of any false finding is at most alpha. Holm (1979).

    Agrees with statsmodels `multipletests(method="holm")`. Raises ValueError without p-values or outside [0, 1].
    """
    raw = shares(p_values, "p_values")
    adjusted, floor = [0.0] * len(raw), 0.0
    for rank, place in enumerate(sorted(range(len(raw)), key=raw.__getitem__)):
        floor = max(floor, min(1.0, (len(raw) - rank) * raw[place]))
        adjusted[place] = floor
    return _adjusted("holm", raw, adjusted, alpha, "controls the family-wise error rate, whatever the dependence")


def benjamini_hochberg(p_values: Iterable[object], *, alpha: float = 0.05) -> AdjustedPValues:
    """Return p-values adjusted so that the expected share of false findings is at most alpha.

    Benjamini and Hochberg (1995); agrees with statsmodels `multipletests(method="fdr_bh")`. Raises ValueError likewise.
    """
    raw = shares(p_values, "p_values")
    adjusted, ceiling, n = [0.0] * len(raw), 1.0, len(raw)
    for rank, place in reversed(list(enumerate(sorted(range(n), key=raw.__getitem__), start=1))):
        ceiling = min(ceiling, n * raw[place] / rank)
        adjusted[place] = ceiling
    note = "controls the false discovery rate, for independent or positively dependent tests"
    return _adjusted("benjamini_hochberg", raw, adjusted, alpha, note)


def _combined(method: str, p_value: float, value: float, n: int, *notes: str) -> Significance:
    return Significance(
        statistic="combined_p_value", method=method, point=None, n=n, n_eff=n, p_value=min(1.0, p_value), value=value,
        alternative="one-sided", notes=(NO_EFFECT, "the tests must be independent", *notes),
    )  # fmt: skip


def fisher_combined(p_values: Iterable[object]) -> Significance:
    """Return Fisher's (1932) combination of one-sided p-values: -2 sum log p against chi-square with 2 n degrees.

    Agrees with `scipy.stats.combine_pvalues(method="fisher")`. One very small p-value decides it. Raises ValueError
    for a p-value of 0 (give the bound that the test could resolve) or outside [0, 1].
    """
    raw = shares(p_values, "p_values")
    if min(raw) == 0.0:
        raise ValueError("a p-value of 0 cannot be combined: give the smallest value that the test can resolve")
    value = -2.0 * math.fsum(math.log(p) for p in raw)
    return _combined("fisher", chi_square_tail(value, 2 * len(raw)), value, len(raw))


def stouffer(p_values: Iterable[object]) -> Significance:
    """Return Stouffer's (1949) combination of one-sided p-values: the sum of their z over sqrt(n).

    Agrees with `scipy.stats.combine_pvalues(method="stouffer")`. Evidence against weighs as much as evidence for.
    Raises ValueError for p-values of exactly 0 or 1, whose z is not finite.
    """
    raw = [inner_share(p, f"p_values[{place}]") for place, p in enumerate(shares(p_values, "p_values"))]
    value = -math.fsum(normal_quantile(p) for p in raw) / math.sqrt(len(raw))
    return _combined("stouffer", normal_tail(value), value, len(raw))
