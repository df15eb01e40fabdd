"""One figure out of several studies of the same thing, with the variation between them in its error."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .distributions import chi_square_tail, two_sided_z
from .estimate import Estimate
from .inputs import inner_share, reals

FEW_STUDIES = "fewer than 5 studies: the variance between them is poorly known and this interval is too narrow"


@dataclass(frozen=True, kw_only=True)
class Pooled(Estimate):
    """`tau2` is the variance between studies, `q` Cochran's with its p-value, `i2` the share of q beyond chance."""

    fixed: float
    fixed_stderr: float
    tau2: float
    q: float
    q_p_value: float
    i2: float


def random_effects(effects: Iterable[object], variances: Iterable[object], *, confidence: float = 0.95) -> Pooled:
    """Return the random-effects mean of DerSimonian and Laird (1986), in the unit of the effects.

    tau^2 = max(0, (Q - (k - 1)) / (sum w - sum w^2 / sum w)). Agrees with statsmodels
    `combine_effects(method_re="dl")` except that this one truncates at 0, where statsmodels returns a negative
    variance and an error near zero. For display only: a level never rests on pooled evidence. Raises ValueError for
    fewer than two studies or a variance that is not positive.
    """
    found, spread = reals(effects, "effects", at_least=2), reals(variances, "variances", at_least=2)
    level, k = inner_share(confidence, "confidence"), len(found)
    if len(spread) != k or min(spread) <= 0.0:
        raise ValueError("every effect needs a positive variance; a variance of 0 would outweigh all other studies")
    weights = [1.0 / value for value in spread]
    total = math.fsum(weights)
    fixed = math.fsum(w * x for w, x in zip(weights, found, strict=True)) / total
    q = math.fsum(w * (x - fixed) ** 2 for w, x in zip(weights, found, strict=True))
    scale = total - math.fsum(w * w for w in weights) / total
    tau2 = max(0.0, (q - (k - 1)) / scale)
    again = [1.0 / (value + tau2) for value in spread]
    point = math.fsum(w * x for w, x in zip(again, found, strict=True)) / math.fsum(again)
    error = math.sqrt(1.0 / math.fsum(again))
    half = two_sided_z(level) * error
    return Pooled(
        statistic="pooled_effect", method="dersimonian_laird", point=point, low=point - half, high=point + half,
        confidence=level, stderr=error, n=k, n_eff=k, notes=(FEW_STUDIES,) if k < 5 else (), fixed=fixed,
        fixed_stderr=math.sqrt(1.0 / total), tau2=tau2, q=q, q_p_value=chi_square_tail(q, k - 1),
        i2=max(0.0, (q - (k - 1)) / q) if q > 0.0 else 0.0,
    )  # fmt: skip
