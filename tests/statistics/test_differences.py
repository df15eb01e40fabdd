"""Two systems: independent and paired differences, equivalence, effect size and the planning of a run."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluations.estimates.newcombe import difference_paired
from evaluations.statistics.differences import (
    cohens_h,
    difference_agresti_caffo,
    difference_newcombe,
    equivalence,
    fisher_exact,
)
from evaluations.statistics.estimate import ZERO_WIDTH
from evaluations.statistics.paired import (
    PairedDifference,
    difference_of_paired_proportions,
    mcnemar,
    paired_difference,
)
from evaluations.statistics.planning import (
    PLANNED,
    items_for_two_proportions,
    minimum_detectable_effect,
    power_of_two_proportions,
)
from tests.effort import examples

COUNTS = st.integers(1, 25).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_the_worked_difference_of_newcombe_holds() -> None:
    found = difference_newcombe(56, 70, 48, 80)
    assert found.point == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@examples(50)
@given(COUNTS, COUNTS)
def test_differences_lie_in_their_range_and_swapping_the_sides_mirrors_them(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    for method in (difference_newcombe, difference_agresti_caffo, cohens_h):
        found, mirrored = method(*first, *second), method(*second, *first)
        assert found.low <= found.point <= found.high
        assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-12)
        assert abs(found.low) <= (math.pi if method is cohens_h else 1)
        assert found.width > 0


@examples(50)
@given(COUNTS, COUNTS)
def test_fishers_test_agrees_with_scipy(first: tuple[int, int], second: tuple[int, int]) -> None:
    (k1, n1), (k2, n2) = first, second
    oracle = stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue
    assert fisher_exact(k1, n1, k2, n2).p_value == pytest.approx(oracle, rel=1e-9)


def test_cohens_h_of_a_half_and_three_quarters_is_a_third_of_pi_halved() -> None:
    assert cohens_h(75, 100, 50, 100).point == pytest.approx(math.pi / 6)
    assert cohens_h(50, 100, 60, 100).point == pytest.approx(-0.20135792)


def test_equivalence_is_shown_by_many_items_and_not_by_few() -> None:
    assert equivalence(300, 500, 305, 500, margin=0.08).p_value == pytest.approx(0.0116160, abs=1e-7)
    few = equivalence(3, 5, 3, 5, margin=0.08)
    assert few.p_value > 0.05
    assert few.confidence == pytest.approx(0.9)


@examples(40)
@given(COUNTS, COUNTS, st.floats(0.01, 0.9))
def test_equivalence_is_significant_exactly_if_its_interval_lies_within_the_margin(
    first: tuple[int, int], second: tuple[int, int], margin: float
) -> None:
    found = equivalence(*first, *second, margin=margin)
    if abs(found.p_value - 0.05) > 1e-6:
        assert (found.p_value < 0.05) == (-margin < found.low and found.high < margin)


def test_pairing_finds_what_the_unpaired_error_hides() -> None:
    first, second = [1, 1, 1, 1, 1, 0, 1, 0, 1, 1], [1, 0, 1, 0, 1, 0, 0, 0, 0, 1]
    found = paired_difference(first, second)
    assert isinstance(found, PairedDifference)
    oracle = stats.ttest_rel(first, second)
    assert (found.point, found.stderr) == (0.4, pytest.approx(0.163299, abs=1e-6))
    assert found.p_value == pytest.approx(oracle.pvalue, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval()), abs=1e-12)
    assert found.unpaired_stderr == pytest.approx(math.sqrt(1.6 / 90 + 2.4 / 90))


def test_equal_differences_have_no_test_and_a_constant_side_has_no_correlation() -> None:
    flat = paired_difference([0.9, 0.8, 0.7], [0.7, 0.6, 0.5])
    assert not isinstance(flat, PairedDifference)
    assert flat.notes == ("no test: all differences are equal", ZERO_WIDTH)
    assert paired_difference([0, 0], [0, 0]).notes[0].startswith("no test")
    assert paired_difference([1], [0]).notes == ("no interval: one pair shows no spread",)
    constant = paired_difference([1, 1, 1], [0, 1, 1])
    assert isinstance(constant, PairedDifference)
    assert constant.correlation is None


@pytest.mark.parametrize(("b", "c", "p"), [(8, 2, 0.109375), (15, 5, 0.041389465), (3, 3, 1.0), (0, 1, 1.0)])
def test_mcnemar_gives_the_worked_values(b: int, c: int, p: float) -> None:
    assert mcnemar(b, c).p_value == pytest.approx(p, abs=1e-9)
    assert mcnemar(b, c).point == b / (b + c)


@examples(40)
@given(st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(sum))
def test_the_paired_proportions_are_the_deciding_ones(table: list[int]) -> None:
    both, first, second, neither = table
    found = difference_of_paired_proportions(both=both, first_only=first, second_only=second, neither=neither)
    assert (found.point, found.low, found.high) == difference_paired(both, first, second, neither)
    assert -1 - 1e-12 <= found.low <= found.point <= found.high <= 1 + 1e-12


def _power(h: float, n: float) -> float:
    reach = abs(h) * math.sqrt(n / 2)
    return float(stats.norm.sf(stats.norm.ppf(0.975) - reach) + stats.norm.cdf(-stats.norm.ppf(0.975) - reach))


@pytest.mark.parametrize(("p1", "p2", "items"), [(0.5, 0.6, 387.17), (0.2, 0.3, 291.69), (0.05, 0.1, 423.73)])
def test_the_planned_items_have_the_asked_power(p1: float, p2: float, items: float) -> None:
    plan = items_for_two_proportions(p1, p2)
    assert plan.point == pytest.approx(items, abs=0.005)
    assert plan.n == math.ceil(items)
    h = 2 * math.asin(math.sqrt(p1)) - 2 * math.asin(math.sqrt(p2))
    assert _power(h, plan.point) == pytest.approx(0.8, abs=1e-13)
    assert power_of_two_proportions(p1, p2, n=plan.n).point == pytest.approx(_power(h, plan.n), abs=1e-12)
    assert plan.notes == (PLANNED,)


def test_more_items_have_more_power_and_an_impossible_power_is_refused() -> None:
    powers = [power_of_two_proportions(0.4, 0.5, n=n).point for n in (10, 100, 1000)]
    assert powers == sorted(powers)
    with pytest.raises(ValueError, match="power above alpha"):
        items_for_two_proportions(0.4, 0.5, power=0.01)


def test_more_attempts_detect_smaller_differences() -> None:
    once, often = (
        minimum_detectable_effect(n=198, between=1 / 9, within=(1 / 6, 1 / 6), attempts=(k, k)).point for k in (1, 10)
    )
    assert (once, often) == pytest.approx((0.13273, 0.07567), abs=5e-6)


@examples(20)
@given(st.integers(0, 2**32 - 1))
def test_paired_differences_agree_with_scipy(seed: int) -> None:
    a, b = np.random.default_rng(seed).random((2, 12))
    found = paired_difference(a, b, confidence=0.9)
    assert isinstance(found, PairedDifference)
    oracle = stats.ttest_rel(a, b)
    assert (found.value, found.p_value) == pytest.approx((oracle.statistic, oracle.pvalue), rel=1e-9)
    assert found.high == pytest.approx(oracle.confidence_interval(0.9).high, rel=1e-9)
    assert found.correlation == pytest.approx(np.corrcoef(a, b)[0, 1], rel=1e-9)
