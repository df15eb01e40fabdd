"""Before the run: how many items are needed, what power they give, and which difference they could detect."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .differences import arcsine_distance
from .distributions import normal_quantile, normal_tail
from .estimate import Estimate
from .inputs import inner_share, real, share, whole

PLANNED = "a design figure: computed from assumptions, not from data"


@dataclass(frozen=True, kw_only=True)
class Plan(Estimate):
    """A design figure: `point` is what was asked for, `alpha` two-sided, `power` the chance to find the difference."""

    alpha: float
    power: float


def _power(h: float, n: float, alpha: float) -> float:
    """Return the power of the two-sided z test of Cohen's h with n items per arm, both tails counted."""
    z, shift = normal_quantile(1.0 - alpha / 2.0), abs(h) * math.sqrt(n / 2.0)
    return normal_tail(z - shift) + normal_tail(z + shift)


def power_of_two_proportions(p1: float, p2: float, *, n: int, alpha: float = 0.05) -> Plan:
    """Return the power to tell p1 from p2 with n items per arm. Cohen (1988), chapter 6, arcsine approximation.

    Agrees with statsmodels `NormalIndPower().power`. Raises ValueError for shares outside [0, 1].
    """
    h = arcsine_distance(share(p1, "p1"), share(p2, "p2"))
    items, level = whole(n, "n", at_least=1), inner_share(alpha, "alpha")
    found = _power(h, items, level)
    return Plan(
        statistic="power", method="arcsine", point=found, n=items, n_eff=items, alpha=level, power=found,
        notes=(PLANNED,),
    )  # fmt: skip


def items_for_two_proportions(p1: float, p2: float, *, power: float = 0.8, alpha: float = 0.05) -> Plan:
    """Return the items per arm (a real number, to be rounded up) that tell p1 from p2 with this power.

    Agrees with statsmodels `NormalIndPower().solve_power(proportion_effectsize(p1, p2))`, which counts both tails.
    Raises ValueError for equal proportions, which no sample tells apart, and for a power not above alpha.
    """
    h = arcsine_distance(share(p1, "p1"), share(p2, "p2"))
    wanted, level = inner_share(power, "power"), inner_share(alpha, "alpha")
    if h == 0.0 or wanted <= level:
        raise ValueError("need two different proportions and a power above alpha")
    low, high = 0.0, 1.0
    while _power(h, high, level) < wanted:
        high *= 2.0
    while low < (middle := (low + high) / 2.0) < high:
        low, high = (middle, high) if _power(h, middle, level) < wanted else (low, middle)
    items = math.ceil(high)
    return Plan(
        statistic="items_per_arm", method="arcsine", point=high, n=items, n_eff=items, alpha=level, power=wanted,
        notes=(PLANNED,),
    )  # fmt: skip


def minimum_detectable_effect(
    *, n: int, between: float, within: tuple[float, float], attempts: tuple[int, int], alpha: float = 0.05,
    power: float = 0.8,
) -> Plan:  # fmt: skip
    """Return the smallest paired mean difference that n items find with this power.

    Miller (2024), equation 9: (z_(1 - alpha/2) + z_power) sqrt((omega^2 + sA^2 / KA + sB^2 / KB) / n), where `between`
    is omega^2, the variance over items of the difference of conditional means, `within` the mean conditional variances
    of both models and `attempts` how often each answers an item. Raises ValueError for negative variances.
    """
    items, level, wanted = whole(n, "n", at_least=1), inner_share(alpha, "alpha"), inner_share(power, "power")
    spread = [real(between, "between"), *(real(value, "within") for value in within)]
    repeats = [whole(value, "attempts", at_least=1) for value in attempts]
    if min(spread) < 0.0:
        raise ValueError("a variance cannot be negative")
    variance = spread[0] + spread[1] / repeats[0] + spread[2] / repeats[1]
    reach = normal_quantile(1.0 - level / 2.0) + normal_quantile(wanted)
    return Plan(
        statistic="minimum_detectable_effect", method="miller", point=reach * math.sqrt(variance / items), n=items,
        n_eff=items, alpha=level, power=wanted, notes=(PLANNED,),
    )  # fmt: skip
