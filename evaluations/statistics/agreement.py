"""Agreement of raters beyond chance: Cohen's kappa for two, Krippendorff's alpha for any number with gaps."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from .distributions import two_sided_z
from .estimate import Estimate
from .inputs import inner_share, reals, whole

Floats = NDArray[np.float64]
WEIGHTS = ("none", "linear", "quadratic")
LEVELS = ("nominal", "ordinal", "interval")
ROUNDING = 1e-12


def _agreement_weights(size: int, weights: str) -> Floats:
    gap = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / max(1, size - 1)
    if weights == "none":
        return np.eye(size)
    return 1.0 - (gap if weights == "linear" else gap**2)


def _ordered(used: set[Hashable], categories: Sequence[Hashable] | None, weights: str) -> list[Hashable]:
    """Return the categories in their order; it only matters where steps between them are weighed."""
    if categories is not None:
        strange = used - set(categories)
        if strange:
            raise ValueError(f"a label is not among the categories: {str(strange.pop())[:40]!r}")
        return list(categories)
    if weights == "none":
        return list(used)
    try:
        return sorted(used)  # type: ignore[type-var]
    except TypeError:
        raise ValueError("labels of different kinds have no order: name the categories") from None


def cohens_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], *, categories: Sequence[Hashable] | None = None,
    weights: str = "none", confidence: float = 0.95,
) -> Estimate:  # fmt: skip
    """Return Cohen's kappa of two raters on the same items, in [-1, 1], with its large-sample interval.

    Cohen (1960, 1968); variance of Fleiss, Cohen and Everitt (1969). Agrees with scikit-learn `cohen_kappa_score` and
    statsmodels `cohens_kappa`. `weights` count the steps between `categories` in their order (by default the sorted
    labels that occur, so an unused middle category has to be named). Raises ValueError for unequal lengths, no items,
    an unlisted label or another weighting. Undefined, and said so, if both raters use one category only.
    """
    if weights not in WEIGHTS:
        raise ValueError(f"weights must be one of {', '.join(WEIGHTS)}, got {str(weights)[:40]!r}")
    if len(first) != len(second) or not first:
        raise ValueError(f"both raters must rate the same items, at least one: {len(first)} and {len(second)} ratings")
    order = _ordered(set(first) | set(second), categories, weights)
    place = {label: index for index, label in enumerate(order)}
    n, level, table = len(first), inner_share(confidence, "confidence"), np.zeros((len(order), len(order)))
    for left, right in zip(first, second, strict=True):
        table[place[left], place[right]] += 1.0 / n
    rows, columns, agree = table.sum(axis=1), table.sum(axis=0), _agreement_weights(len(order), weights)
    expected = float(rows @ agree @ columns)
    name = "cohens_kappa" if weights == "none" else f"cohens_kappa, {weights}"
    if 1.0 - expected < ROUNDING:
        notes = ("undefined: both raters used one category only, so chance alone explains all agreement",)
        return Estimate(statistic=name, method="fleiss cohen everitt", point=None, n=n, n_eff=n, notes=notes)
    # Rounding can step over the ends of the range: five pairs that all disagree gave -1.0000000000000004.
    kappa = min(1.0, max(-1.0, (float((agree * table).sum()) - expected) / (1.0 - expected)))
    typical = (agree @ columns)[:, None] + (rows @ agree)[None, :]
    spread = float((table * (agree - typical * (1.0 - kappa)) ** 2).sum()) - (kappa - expected * (1.0 - kappa)) ** 2
    error = math.sqrt((spread if spread > ROUNDING else 0.0) / n) / (1.0 - expected)
    half = two_sided_z(level) * error
    return Estimate(
        statistic=name, method="fleiss cohen everitt", point=kappa, low=max(-1.0, kappa - half),
        high=min(1.0, kappa + half), confidence=level, stderr=error, n=n, n_eff=n,
    )  # fmt: skip


def _distances(level: str, values: Floats, totals: Floats) -> Floats:
    """Return Krippendorff's squared difference function between all values."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        return np.asarray(np.subtract.outer(values, values) ** 2)
    middle = np.cumsum(totals) - totals / 2.0
    return np.asarray(np.subtract.outer(middle, middle) ** 2)


def _alpha(coincidences: Floats, level: str, values: Floats) -> float | None:
    totals = coincidences.sum(axis=0)
    apart = _distances(level, values, totals)
    expected = float(totals @ apart @ totals)
    return None if expected <= 0.0 else 1.0 - float(totals.sum() - 1.0) * float((coincidences * apart).sum()) / expected


def krippendorff_alpha(
    units: Sequence[Sequence[object]], *, level: str = "nominal", seed: int = 0, resamples: int = 1000,
    confidence: float = 0.95,
) -> Estimate:  # fmt: skip
    """Return Krippendorff's alpha (at most 1) of numeric `units[item][rater]`, None where a rater gave no rating.

    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability"; agrees with the package `krippendorff`. `level`
    is nominal, ordinal or interval. The interval is the percentile bootstrap over items. Items with fewer than two
    ratings pair with nothing and are left out. Undefined, and said so, if all ratings are equal. Raises ValueError
    without a pair of ratings, for a rating that is no finite number, or another level.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, got {str(level)[:40]!r}")
    rated = [[value for value in unit if value is not None] for unit in units]
    paired = [reals(unit, f"units[{place}]") for place, unit in enumerate(rated) if len(unit) > 1]
    if not paired:
        raise ValueError("no item has two ratings")
    values = np.unique(np.concatenate(paired))
    counts = np.array([[unit.count(value) for value in values] for unit in paired], dtype=float)
    each = np.einsum("ui,uj->uij", counts, counts) - np.einsum("ui,ij->uij", counts, np.eye(len(values)))
    each /= (counts.sum(axis=1) - 1.0)[:, None, None]
    point, n = _alpha(each.sum(axis=0), level, values), len(paired)
    share, name = inner_share(confidence, "confidence"), f"krippendorff_alpha, {level}"
    if point is None:
        notes: tuple[str, ...] = ("undefined: all ratings are equal, so nothing can be told from chance",)
        return Estimate(statistic=name, method="coincidences", point=None, n=n, n_eff=n, notes=notes)
    count = whole(resamples, "resamples", at_least=100, at_most=100_000)
    drawn = np.random.default_rng(whole(seed, "seed")).multinomial(n, [1.0 / n] * n, size=count)
    found = [_alpha(np.tensordot(row, each, axes=1), level, values) for row in drawn]
    usable = [value for value in found if value is not None]
    method = f"coincidences, bootstrap items, {count} resamples, seed {seed}"
    if len(usable) < 0.95 * count:
        notes = (f"no interval: only {len(usable)} of {count} resamples vary at all",)
        return Estimate(statistic=name, method=method, point=point, n=n, n_eff=n, notes=notes)
    low, high = (float(v) for v in np.quantile(usable, [(1.0 - share) / 2.0, (1.0 + share) / 2.0]))
    return Estimate(
        statistic=name, method=method, point=point, low=low, high=high, confidence=share, n=n, n_eff=n,
        notes=() if len(usable) == count else (f"{count - len(usable)} resamples without variation were left out",),
    )  # fmt: skip
