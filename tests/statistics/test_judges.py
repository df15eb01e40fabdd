"""Fallible judges and raters: corrected rates and their coverage, kappa with its error, Krippendorff's example."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluations.statistics.agreement import cohens_kappa, krippendorff_alpha
from evaluations.statistics.estimate import ZERO_WIDTH
from evaluations.statistics.judging import CLIPPED, rogan_gladen, rogan_gladen_of_counts
from tests.effort import examples

GAP = None
KRIPPENDORFF = list(zip(
    [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
    [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    strict=True,
))  # fmt: skip


def test_a_rate_is_corrected_as_worked_by_hand() -> None:
    # (0.30 + 0.95 - 1) / (0.90 + 0.95 - 1) = 0.25 / 0.85
    assert rogan_gladen(0.3, sensitivity=0.9, specificity=0.95).point == pytest.approx(0.25 / 0.85)
    assert rogan_gladen(0.3, sensitivity=1, specificity=1).point == pytest.approx(0.3)


def test_an_impossible_rate_is_clipped_and_says_so() -> None:
    found = rogan_gladen(0.01, sensitivity=0.9, specificity=0.95)
    assert found.point == 0.0
    assert CLIPPED in found.notes
    of_counts = rogan_gladen_of_counts(1, 100, sensitivity=(45, 50), specificity=(95, 100))
    assert (of_counts.point, of_counts.low) == (0.0, 0.0)
    assert of_counts.high > 0.01
    assert CLIPPED in of_counts.notes


def test_the_interval_of_a_corrected_rate_holds_what_it_promises() -> None:
    """Exact coverage: every outcome of 40 judged and 25 + 25 validation items, weighed by its probability."""
    truth, sens, spec, n, m = 0.3, 0.9, 0.85, 40, 25
    apparent = truth * sens + (1 - truth) * (1 - spec)
    weights = [stats.binom.pmf(range(size + 1), size, p) for size, p in ((n, apparent), (m, sens), (m, spec))]
    covered = possible = 0.0
    for k, right1, right0 in itertools.product(range(n + 1), range(12, m + 1), range(12, m + 1)):
        weight = weights[0][k] * weights[1][right1] * weights[2][right0]
        if weight < 1e-7 or right1 + right0 <= m:
            continue
        found = rogan_gladen_of_counts(k, n, sensitivity=(right1, m), specificity=(right0, m))
        possible += weight
        covered += weight * (found.low <= truth <= found.high)
    assert possible > 0.999
    assert covered / possible > 0.94


def test_a_better_validated_judge_gives_a_narrower_interval() -> None:
    few = rogan_gladen_of_counts(30, 100, sensitivity=(9, 10), specificity=(19, 20))
    many = rogan_gladen_of_counts(30, 100, sensitivity=(900, 1000), specificity=(1900, 2000))
    assert many.width < few.width


def kappa_of(table: np.ndarray, agree: np.ndarray) -> float:
    expected = (agree * np.outer(table.sum(axis=1), table.sum(axis=0))).sum()
    return float(((agree * table).sum() - expected) / (1 - expected))


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_the_error_of_kappa_is_the_one_of_the_delta_method(weights: str) -> None:
    """Fleiss' table of two raters, three diagnoses and 100 patients; the gradient is taken numerically."""
    counts = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    gap = np.abs(np.subtract.outer(range(3), range(3)))
    agree = {"none": (gap == 0) * 1.0, "linear": 1 - gap / 2, "quadratic": 1 - (gap / 2) ** 2}[weights]
    table, step = counts / 100, 1e-6
    gradient = np.zeros((3, 3))
    for i, j in itertools.product(range(3), range(3)):
        change = np.zeros((3, 3))
        change[i, j] = step
        gradient[i, j] = (kappa_of(table + change, agree) - kappa_of(table - change, agree)) / (2 * step)
    variance = ((table * gradient**2).sum() - (table * gradient).sum() ** 2) / 100
    pairs = [(i, j) for i in range(3) for j in range(3) for _ in range(counts[i, j])]
    found = cohens_kappa([i for i, _ in pairs], [j for _, j in pairs], weights=weights)
    assert found.point == pytest.approx(kappa_of(table, agree))
    assert found.stderr == pytest.approx(math.sqrt(variance), rel=1e-4)
    if weights == "none":
        assert found.point == pytest.approx(0.23 / 0.34)


def test_kappa_of_perfect_agreement_is_one_without_width_and_says_so() -> None:
    found = cohens_kappa(["a", "b", "a"], ["a", "b", "a"])
    assert found.point == pytest.approx(1)
    assert ZERO_WIDTH in found.notes


def test_kappa_is_undefined_where_one_category_is_all_there_is() -> None:
    assert cohens_kappa([1, 1], [1, 1]).point is None
    assert "one category only" in cohens_kappa([1, 1], [1, 1]).notes[0]


def test_an_unused_middle_category_counts_as_a_step_if_it_is_named() -> None:
    first, second = [1, 1, 2, 5], [1, 2, 1, 5]
    default = cohens_kappa(first, second, weights="linear").point
    named = cohens_kappa(first, second, weights="linear", categories=[1, 2, 3, 4, 5]).point
    assert named > default


@examples(40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_kappa_is_symmetric_and_lies_in_its_range(pairs: list[tuple[int, int]]) -> None:
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    for weights in ("none", "linear", "quadratic"):
        found = cohens_kappa(first, second, weights=weights)
        if found.point is not None:
            assert -1 - 1e-9 <= found.point <= 1 + 1e-9
            assert found.point == pytest.approx(cohens_kappa(second, first, weights=weights).point, abs=1e-9)


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorffs_own_example_gives_his_values(level: str, alpha: float) -> None:
    found = krippendorff_alpha(KRIPPENDORFF, level=level)
    assert found.point == pytest.approx(alpha, abs=5e-4)
    assert found.n == 11
    assert found.low < found.point <= found.high


def test_alpha_is_undefined_where_nothing_varies_and_repeats_with_its_seed() -> None:
    assert krippendorff_alpha([[1, 1], [1, 1]]).point is None
    assert krippendorff_alpha(KRIPPENDORFF, seed=3) == krippendorff_alpha(KRIPPENDORFF, seed=3)
    sparse = krippendorff_alpha([[1, 1]] * 30 + [[1, 2]])
    assert sparse.low is None
    assert "vary at all" in sparse.notes[0]


def test_raters_that_always_disagree_fall_below_zero() -> None:
    assert krippendorff_alpha([[1, 2], [2, 1], [1, 2], [2, 1]]).point < 0


def test_kappa_of_raters_who_always_disagree_is_minus_one_and_not_a_rounding_below_it() -> None:
    found = cohens_kappa([0, 0, 1, 2, 2], [2, 2, 1, 0, 0], weights="quadratic")
    assert (found.point, found.low, found.high) == (-1.0, -1.0, -1.0)
