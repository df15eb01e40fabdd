"""What missing samples could have changed: the bounds that need no assumption about why they are missing."""

from __future__ import annotations

from dataclasses import dataclass

from evaluations.estimates.wilson import wilson_interval

from .estimate import Estimate
from .inputs import counted, whole


@dataclass(frozen=True, kw_only=True)
class ManskiBounds(Estimate):
    """`point` ignores the missing; `best_case` and `worst_case` count all of them as failures and as successes."""

    best_case: float
    worst_case: float
    missing: int


def manski_bounds(k: int, scored: int, *, missing: int) -> ManskiBounds:
    """Return k / N and (k + m) / N, N = scored + missing, and the envelope of their 95 % Wilson intervals.

    Horowitz and Manski (2000). The envelope runs from the Wilson low of k / N to the Wilson high of (k + m) / N; its
    upper end is the worst case that decides a level. Higher values are riskier. Raises ValueError for bad counts.
    """
    successes, n = counted(k, scored)
    lost = whole(missing, "missing")
    whole_n = n + lost
    notes = (f"{lost} of {whole_n} samples are missing; the interval covers every way they could have ended",)
    return ManskiBounds(
        statistic="proportion", method="manski, wilson envelope", point=successes / n, confidence=0.95, n=n, n_eff=n,
        low=wilson_interval(successes, whole_n)[0], high=wilson_interval(successes + lost, whole_n)[1],
        notes=notes if lost else (), best_case=successes / whole_n, worst_case=(successes + lost) / whole_n,
        missing=lost,
    )  # fmt: skip
