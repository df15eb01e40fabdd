"""Means, shares and their intervals: values worked by hand, SciPy as oracle, and the properties that must hold."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluations.estimates.deciding import decide
from evaluations.estimates.scores import ScoreRow
from evaluations.estimates.tally import tally_from_counts, tally_from_scores
from evaluations.statistics.distributions import (
    binomial_quantile,
    chi_square_tail,
    normal_quantile,
    t_quantile_two_sided,
    t_two_sided,
)
from evaluations.statistics.estimate import FEW_UNITS, ZERO_WIDTH
from evaluations.statistics.means import RubricScore, mean, mean_clustered, mean_in_unit_interval, rubric_mean
from evaluations.statistics.proportions import (
    SMALL_SAMPLE_FAULT,
    below_chance,
    exact_test,
    proportion_agresti_coull,
    proportion_clopper_pearson,
    proportion_jeffreys,
    proportion_uniform,
    proportion_wald,
    proportion_wilson,
    upper_bound,
)
from tests.effort import examples

COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
INTERVALS = [
    proportion_wilson, proportion_clopper_pearson, proportion_wald, proportion_agresti_coull, proportion_jeffreys,
    proportion_uniform,
]  # fmt: skip


def test_the_error_of_six_in_ten_is_the_one_worked_by_hand() -> None:
    found = mean([1] * 6 + [0] * 4)
    assert (found.point, found.stderr) == (0.6, pytest.approx(math.sqrt(2.4 / 9 / 10)))
    assert found.high == pytest.approx(0.6 + 1.959964 * 0.163299, abs=1e-5)
    assert found.notes == (FEW_UNITS,)
    assert mean([0.0, 1.0] * 20).notes == ()


@pytest.mark.parametrize("values", [[1] * 10, [0.1, 0.1, 0.1]])
def test_a_mean_without_spread_has_an_error_of_zero_and_says_so(values: list[float]) -> None:
    found = mean(values)
    assert found.stderr == pytest.approx(0, abs=1e-15)
    assert ZERO_WIDTH in found.notes


def test_one_value_has_no_interval() -> None:
    assert mean([3.5]).low is None
    assert "one value" in mean([3.5]).notes[0]
    assert "one cluster" in mean_clustered([1, 0], ["a", "a"]).notes[0]


def test_clusters_widen_the_error_as_worked_by_hand() -> None:
    values, clusters = [1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0], [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    paper = mean_clustered(values, clusters, corrected=False)
    # Residual sums of the four clusters: 3/2, -3/2, 1/2, -1/2; their squares add up to 5.
    assert paper.stderr == pytest.approx(math.sqrt(5) / 12)
    assert mean_clustered(values, clusters).stderr == pytest.approx(math.sqrt(5) / 12 * math.sqrt(4 / 3))
    assert (paper.n, paper.n_eff) == (12, 4)


@examples(40)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_clusters_of_one_are_no_clusters(values: list[float]) -> None:
    found = mean_clustered(values, range(len(values)))
    assert found.stderr == pytest.approx(mean(values).stderr, abs=1e-12)


def test_rubrics_of_different_scales_meet_between_zero_and_one() -> None:
    found = rubric_mean([RubricScore(3, 1, 5), RubricScore(True), RubricScore(70, 0, 100)])
    assert found.point == pytest.approx((0.5 + 1 + 0.7) / 3)
    weighted = rubric_mean([RubricScore(1), RubricScore(0, weight=3)])
    assert (weighted.point, weighted.n_eff) == (0.25, pytest.approx(16 / 10))
    assert "Kish" in weighted.notes[0]


@examples(40)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_the_mean_in_the_unit_interval_stays_in_its_interval(values: list[float]) -> None:
    found = mean_in_unit_interval(values)
    assert 0 <= found.low <= found.point + 1e-12
    assert found.point - 1e-12 <= found.high <= 1
    assert found.width > 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), COUNTS)
@examples(40)
def test_what_is_shown_of_a_deciding_statistic_is_what_decides(values: list[float], count: tuple[int, int]) -> None:
    rows = [ScoreRow(f"{place:03d}", 1, "scored", value, None, False) for place, value in enumerate(values)]
    shown = mean_in_unit_interval(values)
    decided = decide(tally_from_scores(rows, None, None, frozenset()), "mean_in_unit_interval", "wilson")
    expected = decided["point"], decided["low"], decided["high"]
    assert (shown.point, shown.low, shown.high) == pytest.approx(expected, abs=1e-12)
    for method, interval in ((proportion_wilson, "wilson"), (proportion_clopper_pearson, "clopper_pearson")):
        of_counts, decided = method(*count), decide(tally_from_counts(*count, None), "proportion", interval)
        assert (of_counts.low, of_counts.high) == pytest.approx((decided["low"], decided["high"]), abs=1e-13)


@examples(60)
@given(COUNTS)
def test_every_interval_of_a_proportion_lies_in_the_unit_interval_and_around_its_point(count: tuple[int, int]) -> None:
    for interval in INTERVALS:
        found = interval(*count)
        assert 0 <= found.low <= found.high <= 1
        assert found.low - 1e-12 <= found.point <= found.high + 1e-12


@examples(40)
@given(COUNTS)
def test_one_success_more_never_lowers_a_bound(count: tuple[int, int]) -> None:
    k, n = count
    for interval in [*INTERVALS[:2], *INTERVALS[4:], upper_bound]:
        assert interval(k, n + 1).high <= interval(k + 1, n + 1).high
        assert interval(k, n + 1).low <= interval(k + 1, n + 1).low


@examples(40)
@given(COUNTS, st.floats(0.01, 0.99))
def test_exact_tests_and_posteriors_agree_with_scipy(count: tuple[int, int], chance: float) -> None:
    k, n = count
    for side in ("less", "greater"):
        oracle = stats.binomtest(k, n, chance, alternative=side).pvalue
        assert exact_test(k, n, chance=chance, alternative=side).p_value == pytest.approx(oracle, rel=1e-9, abs=1e-13)
    found = proportion_jeffreys(k, n, threshold=chance, confidence=0.9)
    assert found.above == pytest.approx(stats.beta.sf(chance, k + 0.5, n - k + 0.5), rel=1e-9, abs=1e-13)
    assert found.low == pytest.approx(stats.beta.ppf(0.05, k + 0.5, n - k + 0.5), rel=1e-9)
    assert found.stderr == pytest.approx(stats.beta.std(k + 0.5, n - k + 0.5))


def test_the_wald_interval_is_shown_with_its_fault() -> None:
    assert proportion_wald(0, 50).notes == (SMALL_SAMPLE_FAULT, ZERO_WIDTH)
    assert proportion_wald(3, 20).low == 0.0


def test_nothing_in_ten_still_allows_a_quarter() -> None:
    found = upper_bound(0, 10)
    assert found.high == pytest.approx(1 - 0.05**0.1, abs=1e-12)
    assert upper_bound(0, 100).high == pytest.approx(0.0295130, abs=1e-7)
    assert upper_bound(10, 10).high == 1.0
    assert "one-sided" in found.notes[0]


def test_worse_than_guessing_is_found_and_guessing_is_not() -> None:
    found = below_chance(12, 100, chance=0.25)
    assert found.p_value == pytest.approx(0.001027438, abs=1e-9)
    assert found.high < 0.25
    assert below_chance(22, 100, chance=0.25).p_value > 0.2


@pytest.mark.parametrize("df", [1, 2, 3, 7, 30, 1000])
def test_the_distributions_agree_with_scipy(df: int) -> None:
    assert t_quantile_two_sided(0.95, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-10)
    assert t_two_sided(-2.5, df) == pytest.approx(2 * stats.t.sf(2.5, df), rel=1e-10)
    assert chi_square_tail(3.7, df) == pytest.approx(stats.chi2.sf(3.7, df), rel=1e-10)
    assert chi_square_tail(0.0, df) == 1.0
    assert normal_quantile(0.9999) == pytest.approx(stats.norm.ppf(0.9999), rel=1e-13)


@examples(40)
@given(st.floats(0.001, 0.999), st.integers(1, 50), st.floats(0, 1))
def test_the_binomial_quantile_is_the_smallest_count_that_reaches_it(q: float, n: int, p: float) -> None:
    found = binomial_quantile(q, n, p)
    assert stats.binom.cdf(found, n, p) >= q - 1e-12
    assert found == 0 or stats.binom.cdf(found - 1, n, p) < q + 1e-12
