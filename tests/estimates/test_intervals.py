"""The deciding intervals against the worked table of the algorithm and against SciPy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import beta, binomtest

from evaluations.estimates import clopper_pearson
from evaluations.estimates.clopper_pearson import beta_cdf, beta_quantile, clopper_pearson_interval
from evaluations.estimates.deciding import decide
from evaluations.estimates.newcombe import difference_paired
from evaluations.estimates.tally import tally_from_counts
from evaluations.estimates.wilson import Z_95, wilson_interval

WORKED = [
    # successes, scored, expected, lower, upper of the scored only, worst case
    (0, 10, 10, 0.000000, 0.277533, 0.277533),
    (2, 10, 10, 0.056682, 0.509838, 0.509838),
    (8, 8, 10, 0.675592, 1.000000, 1.000000),
    (20, 100, 100, 0.133367, 0.288829, 0.288829),
    (40, 100, 100, 0.309401, 0.497997, 0.497997),
    (62, 100, 100, 0.522098, 0.709024, 0.709024),
    (13, 100, 100, 0.077572, 0.209804, 0.209804),
    (13, 100, 110, 0.077572, 0.209804, 0.294251),
    (180, 1000, 1000, 0.157427, 0.205022, 0.205022),
    (12, 20, 20, 0.386582, 0.781193, 0.781193),
]
COUNTS = [(0, 1), (1, 1), (0, 10), (3, 20), (50, 50), (431, 1000), (1, 100000), (99999, 100000)]
FRACTIONS = [(0.5, 10), (3.25, 7.5), (19.999, 20), (431.7, 1000), (0.001, 3), (2.5, 2.75)]


@pytest.mark.parametrize(("k", "n", "expected", "low", "high", "upper"), WORKED)
def test_the_worked_table_holds_to_six_decimals(k, n, expected, low, high, upper):
    found = decide(tally_from_counts(k, n, expected), "proportion", "wilson")
    assert (round(found["low"], 6), round(found["high"], 6), round(found["upper"], 6)) == (low, high, upper)


@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_wilson_agrees_with_scipy(k, n):
    oracle = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(k, n) == pytest.approx((oracle.low, oracle.high), abs=1e-12)


@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_clopper_pearson_agrees_with_scipy(k, n):
    oracle = binomtest(k, n).proportion_ci(0.95, method="exact")
    assert clopper_pearson_interval(k, n) == pytest.approx((oracle.low, oracle.high), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("k", "n"), FRACTIONS)
def test_clopper_pearson_of_a_fractional_count_agrees_with_the_beta_quantiles(k, n):
    oracle = beta.ppf(0.025, k, n - k + 1), beta.ppf(0.975, k + 1, n - k)
    assert clopper_pearson_interval(k, n) == pytest.approx(oracle, rel=1e-9)


@pytest.mark.parametrize(("k", "n"), FRACTIONS)
def test_wilson_of_a_fractional_count_solves_the_score_equation(k, n):
    for bound in wilson_interval(k, n):
        assert abs(k / n - bound) == pytest.approx(Z_95 * math.sqrt(bound * (1 - bound) / n), abs=1e-12)


@pytest.mark.parametrize(("x", "a", "b"), [(0.3, 2, 5), (0.9, 0.5, 0.5), (0.001, 0.1, 90), (0.5, 400, 420)])
def test_the_incomplete_beta_function_agrees_with_scipy(x, a, b):
    assert beta_cdf(x, a, b) == pytest.approx(beta.cdf(x, a, b), rel=1e-10)


def test_the_incomplete_beta_function_is_whole_outside_its_range():
    assert (beta_cdf(-1, 2, 3), beta_cdf(0, 2, 3), beta_cdf(1, 2, 3), beta_cdf(2, 2, 3)) == (0, 0, 1, 1)


@pytest.mark.parametrize("interval", [wilson_interval, clopper_pearson_interval])
@pytest.mark.parametrize(("k", "n"), [(-1, 10), (11, 10), (0, -1)])
def test_an_impossible_count_has_no_interval(interval, k, n):
    with pytest.raises(ValueError, match="need 0 <= k <= n"):
        interval(k, n)


@pytest.mark.parametrize("interval", [wilson_interval, clopper_pearson_interval])
def test_the_ends_are_exact_and_no_units_say_nothing(interval):
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(0, 7)[0] == 0.0
    assert interval(7, 7)[1] == 1.0


def _square_and_add(first: tuple[float, float], second: tuple[float, float], phi: float) -> tuple[float, float]:
    """Newcombe's interval from (k, n) of two proportions, with the Wilson limits found by root search."""

    def limits(k: float, n: float) -> tuple[float, float, float]:
        def distance(x: float) -> float:
            return (k / n - x) ** 2 - Z_95**2 * x * (1 - x) / n

        low = 0.0 if k == 0 else brentq(distance, 1e-12, k / n - 1e-9, xtol=1e-14)
        return low, k / n, 1.0 if k == n else brentq(distance, k / n, 1 - 1e-12, xtol=1e-14)

    (l1, p1, u1), (l2, p2, u2) = limits(*first), limits(*second)
    down, up = (p1 - l1, u2 - p2), (u1 - p1, p2 - l2)
    reach = [math.sqrt(x * x - 2 * phi * x * y + y * y) for x, y in (down, up)]
    return p1 - p2 - reach[0], p1 - p2 + reach[1]


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.05243147240236498, 0.33387265403690614),
        ((5, 20), (1, 20), -0.031790877111014554, 0.4225327147273643),
    ],
)
def test_the_naive_newcombe_interval_gives_the_values_of_statsmodels(first, second, low, high):
    assert _square_and_add(first, second, 0.0) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("table", "phi"),
    [
        ((20, 12, 2, 16), (20 * 16 - 12 * 2 - 25) / math.sqrt(32 * 18 * 22 * 28)),
        ((3, 10, 9, 3), (3 * 3 - 10 * 9) / math.sqrt(13 * 12 * 12 * 13)),
        ((5, 5, 4, 6), 0.0),
        ((10, 0, 0, 0), 0.0),
    ],
    ids=["correlated", "anticorrelated", "within the correction", "all alike"],
)
def test_the_paired_difference_agrees_with_the_naive_newcombe_interval(table, phi):
    both, first, second, _ = table
    n = sum(table)
    difference, low, high = difference_paired(*table)
    assert difference == pytest.approx((first - second) / n)
    assert (low, high) == pytest.approx(_square_and_add((both + first, n), (both + second, n), phi), abs=1e-9)


@pytest.mark.parametrize("table", [(0, 0, 0, 0), (5, -1, 3, 3)])
def test_a_difference_without_pairs_is_refused(table):
    with pytest.raises(ValueError, match="at least one pair"):
        difference_paired(*table)


@pytest.mark.parametrize(("statistic", "interval"), [("median", "wilson"), ("proportion", "bootstrap")])
def test_a_statistic_outside_the_closed_list_decides_nothing(statistic, interval):
    with pytest.raises(ValueError, match="not a deciding statistic"):
        decide(tally_from_counts(1, 2, None), statistic, interval)


@pytest.mark.parametrize("planned", [None, 10])
def test_a_run_without_a_scored_sample_knows_nothing(planned):
    found = decide(tally_from_counts(0, 0, planned), "proportion", "wilson")
    assert (found["point"], found["low"], found["high"], found["upper"], found["coverage"]) == (None, 0, 1, 1, 0)


def test_the_exact_interval_is_the_wider_one_except_at_the_ends_of_46_and_more_units():
    def narrower(k: int, n: int) -> bool:
        exact, score = clopper_pearson_interval(k, n), wilson_interval(k, n)
        return exact[0] > score[0] or exact[1] < score[1]

    found = {(k, n) for n in range(1, 48) for k in range(n + 1) if narrower(k, n)}
    assert found == {(0, 46), (46, 46), (0, 47), (47, 47)}


def bisected(p: float, a: float, b: float) -> float:
    """The quantile by bisection from the whole interval, as an auditor would write it."""
    low, high = 0.0, 1.0
    while (middle := (low + high) / 2.0) not in (low, high):
        low, high = (middle, high) if beta_cdf(middle, a, b) < p else (low, middle)
    return (low + high) / 2.0


@given(
    n=st.integers(1, 1_000_000),
    share=st.floats(0.0, 1.0),
    p=st.sampled_from([0.005, 0.025, 0.05, 0.5, 0.95, 0.975]),
    prior=st.sampled_from([0.5, 1.0, 1.37]),
)
@settings(max_examples=60, deadline=None)
def test_the_short_way_to_a_quantile_ends_on_the_bit_where_bisection_ends(n, share, p, prior):
    a = round(n * share) + prior
    b = n - round(n * share) + prior
    assert beta_quantile(p, a, b) == bisected(p, a, b)


def test_the_short_way_to_a_quantile_is_less_than_half_as_long(monkeypatch):
    asked = []

    def counted(x, a, b):
        asked.append(x)
        return beta_cdf(x, a, b)

    monkeypatch.setattr(clopper_pearson, "beta_cdf", counted)
    for k, n in COUNTS:
        clopper_pearson_interval(k, n)
    assert len(asked) < 28 * 2 * len(COUNTS)
