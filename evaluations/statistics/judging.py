"""A rate that a fallible judge reported, corrected by the judge's own measured errors."""

from __future__ import annotations

import math

from .distributions import two_sided_z
from .estimate import Estimate
from .inputs import counted, inner_share, share

CLIPPED = "clipped to [0, 1]: the observed rate is not possible with this sensitivity and specificity"


def _corrected(observed: float, sensitivity: float, specificity: float) -> float:
    edge = sensitivity + specificity - 1.0
    if edge <= 0.0:
        raise ValueError(
            f"the judge is no better than chance (sensitivity {sensitivity:g} + specificity {specificity:g} <= 1): "
            "its rate cannot be corrected"
        )
    return (observed + specificity - 1.0) / edge


def rogan_gladen(observed: float, *, sensitivity: float, specificity: float) -> Estimate:
    """Return the rate behind a judge's `observed` one: (p + spec - 1) / (sens + spec - 1), clipped to [0, 1].

    Rogan and Gladen (1978). From rates alone there is no interval. Raises ValueError for rates outside [0, 1] and for a
    judge no better than chance.
    """
    rates = share(observed, "observed"), share(sensitivity, "sensitivity"), share(specificity, "specificity")
    raw = _corrected(*rates)
    notes = ("no interval: the rates came without counts", *(() if 0.0 <= raw <= 1.0 else (CLIPPED,)))
    point = min(1.0, max(0.0, raw))
    return Estimate(statistic="judge_corrected_rate", method="rogan_gladen", point=point, n=0, n_eff=0, notes=notes)


def rogan_gladen_of_counts(
    positive: int, n: int, *, sensitivity: tuple[int, int], specificity: tuple[int, int], confidence: float = 0.95
) -> Estimate:
    """Return the same from counts, with an interval that carries the uncertainty of the judge's validation too.

    `sensitivity` and `specificity` are (right, tried) on items known to be positive and negative. Lang and Reiczigel
    (2014), Preventive Veterinary Medicine 113, equations 6, 7, 15 to 17; agrees with asht `prevSeSp`. Raises
    ValueError for impossible counts and for a judge no better than chance, before or after the adjustment.
    """
    (k, n), level = counted(positive, n), inner_share(confidence, "confidence")
    (right1, tried1), (right0, tried0) = counted(*sensitivity, "sensitivity"), counted(*specificity, "specificity")
    raw, z = _corrected(k / n, right1 / tried1, right0 / tried0), two_sided_z(level)
    units, se, sp = n + z * z, (right1 + 1) / (tried1 + 2), (right0 + 1) / (tried0 + 2)
    p = (k + z * z / 2.0) / units
    centre, edge = _corrected(p, se, sp), se + sp - 1.0
    noise1, noise0 = se * (1.0 - se) / (tried1 + 2), sp * (1.0 - sp) / (tried0 + 2)
    shift = 2.0 * z * z * (centre * noise1 - (1.0 - centre) * noise0)
    error = math.sqrt(p * (1.0 - p) / units + centre**2 * noise1 + (1.0 - centre) ** 2 * noise0) / edge
    low, high = (min(1.0, max(0.0, centre + shift + side * z * error)) for side in (-1.0, 1.0))
    return Estimate(
        statistic="judge_corrected_rate", method="rogan_gladen, lang_reiczigel", point=min(1.0, max(0.0, raw)), low=low,
        high=high, confidence=level, stderr=error, n=n, n_eff=n, notes=() if 0.0 <= raw <= 1.0 else (CLIPPED,),
    )  # fmt: skip
