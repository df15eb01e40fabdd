"""Bootstrap intervals: over items, over attempts with the dataset fixed, and over both; seeded, so that they repeat."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .attempts import Attempts, surviving
from .distributions import binomial_quantile
from .estimate import Estimate
from .inputs import counted, inner_share, reals, whole

Floats = NDArray[np.float64]

FIXED_DATASET = "the dataset is treated as fixed: other items are not accounted for, so small datasets look too certain"
ONE_ATTEMPT = "one attempt per item: resampling it returns it, so the attempt bootstrap has zero width by construction"
CHUNK, MOST_RESAMPLES, MOST_DRAWS = 1 << 20, 1_000_000, 500_000_000


def _percentiles(draws: Floats, confidence: float) -> tuple[float, float]:
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return float(low), float(high)


def _levels(confidence: float, resamples: int, seed: int) -> tuple[float, int, np.random.Generator]:
    level = inner_share(confidence, "confidence")
    return (
        level,
        whole(resamples, "resamples", at_least=100, at_most=MOST_RESAMPLES),
        np.random.default_rng(whole(seed, "seed")),
    )


def bootstrap_mean(values: Iterable[object], *, seed: int, resamples: int = 9999, confidence: float = 0.95) -> Estimate:
    """Return the mean with the percentile interval over resampled items, in the unit of the values.

    Efron (1979). With the same seed it draws what `scipy.stats.bootstrap(method="percentile", rng=seed)` draws.
    `stderr` is the spread of the draws. Raises ValueError without values, for fewer than 100 resamples, and where items
    times resamples exceed half a billion.
    """
    scores = np.array(reals(values, "values"))
    level, count, generator = _levels(confidence, resamples, seed)
    n, rows = len(scores), _rows(len(scores), count)
    draws = np.concatenate([
        scores[generator.integers(0, n, (min(rows, count - start), n))].mean(axis=1)
        for start in range(0, count, rows)
    ])  # fmt: skip
    low, high = _percentiles(draws, level)
    return Estimate(
        statistic="mean", method=f"bootstrap items, {count} resamples, seed {seed}", point=float(scores.mean()),
        low=low, high=high, confidence=level, stderr=float(draws.std(ddof=1)), n=n, n_eff=n,
    )  # fmt: skip


def _rows(items: int, resamples: int) -> int:
    """Return how many resamples are drawn at once. Raises ValueError where drawing would take many seconds."""
    if items * resamples > MOST_DRAWS:
        raise ValueError(
            f"{items} items times {resamples} resamples are too many draws: resample less, or use the mean"
        )
    return max(1, CHUNK // items)


def bootstrap_proportion(k: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Return k / n with the exact limit of its percentile bootstrap: binomial quantiles, nothing is drawn.

    A resample of n items with k ones has a Binomial(n, k / n) sum, so endless resampling ends at
    `scipy.stats.binom.ppf(q, n, k / n) / n`. At k = 0 and k = n its width is zero: prefer wilson.
    """
    (k, n), level = counted(k, n), inner_share(confidence, "confidence")
    tail, p = (1.0 - level) / 2.0, k / n
    low, high = binomial_quantile(tail, n, p) / n, binomial_quantile(1.0 - tail, n, p) / n
    return Estimate(
        statistic="proportion", method="bootstrap items, exact limit", point=p, low=low, high=high, confidence=level,
        stderr=math.sqrt(p * (1.0 - p) / n), n=n, n_eff=n,
    )  # fmt: skip


def _rates(items: Sequence[Attempts]) -> tuple[NDArray[np.int64], Floats]:
    kept = surviving(items)
    sizes = np.array([item.valid for item in kept], dtype=np.int64)
    return sizes, np.array([item.correct for item in kept]) / sizes


def bootstrap_attempts(
    items: Sequence[Attempts], *, seed: int, resamples: int = 20000, confidence: float = 0.95
) -> Estimate:
    """Return pass@1 with the percentile interval over resampled attempts, items fixed, as OpenAI's cards state it.

    Drawn from the counts, one binomial an item. `stderr` is exact: sqrt(sum p (1 - p) / K) / items. With one attempt an
    item, and wherever no item varies, its width is zero; both are noted. Raises ValueError without a valid attempt.
    """
    sizes, rates = _rates(items)
    level, count, generator = _levels(confidence, resamples, seed)
    draws = np.zeros(count)
    for size, rate in zip(sizes, rates, strict=True):
        draws += generator.binomial(size, rate, count) / size
    low, high = _percentiles(draws / len(sizes), level)
    notes = (FIXED_DATASET, *((ONE_ATTEMPT,) if sizes.max() == 1 else ()))
    return Estimate(
        statistic="pass@1", method=f"bootstrap attempts, {count} resamples, seed {seed}", point=float(rates.mean()),
        low=low, high=high, confidence=level, n=len(sizes), n_eff=float(sizes.sum()), notes=notes,
        stderr=float(math.sqrt((rates * (1.0 - rates) / sizes).sum()) / len(sizes)),
    )  # fmt: skip


def bootstrap_two_level(
    items: Sequence[Attempts], *, seed: int, resamples: int = 20000, confidence: float = 0.95
) -> Estimate:
    """Return pass@1 with the percentile interval over resampled items and then resampled attempts.

    Davison and Hinkley (1997), section 3.8: both sources of variation, so it is the wider and the more honest one.
    Raises ValueError without a valid attempt.
    """
    sizes, rates = _rates(items)
    level, count, generator = _levels(confidence, resamples, seed)
    n, rows = len(sizes), _rows(len(sizes), count)
    parts = []
    for start in range(0, count, rows):
        chosen = generator.integers(0, n, (min(rows, count - start), n))
        parts.append((generator.binomial(sizes[chosen], rates[chosen]) / sizes[chosen]).mean(axis=1))
    draws = np.concatenate(parts)
    low, high = _percentiles(draws, level)
    return Estimate(
        statistic="pass@1", method=f"bootstrap items and attempts, {count} resamples, seed {seed}",
        point=float(rates.mean()), low=low, high=high, confidence=level, stderr=float(draws.std(ddof=1)), n=n, n_eff=n,
    )  # fmt: skip
