"""Many tests, missing samples, looking early, and pooling: worked values and the properties that must hold."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluations.estimates.wilson import wilson_interval
from evaluations.statistics.missing import manski_bounds
from evaluations.statistics.multiplicity import benjamini_hochberg, fisher_combined, holm, stouffer
from evaluations.statistics.pooling import FEW_STUDIES, random_effects
from evaluations.statistics.sequential import confidence_sequence, sequential_test
from tests.effort import examples

P_VALUES = st.lists(st.floats(1e-12, 1 - 1e-12), min_size=1, max_size=12)
COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_holm_and_benjamini_hochberg_give_the_worked_values() -> None:
    raw = [0.01, 0.04, 0.03, 0.005]
    assert holm(raw).adjusted == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert benjamini_hochberg(raw).adjusted == pytest.approx((0.02, 0.04, 0.04, 0.02))
    assert holm(raw).significant == (True, False, False, True)


@examples(40)
@given(P_VALUES)
def test_adjusting_never_helps_keeps_the_order_and_holm_is_the_stricter(raw: list[float]) -> None:
    strict, loose = holm(raw), benjamini_hochberg(raw)
    assert loose.adjusted == pytest.approx(stats.false_discovery_control(raw))
    for p, h, b in zip(raw, strict.adjusted, loose.adjusted, strict=True):
        assert p <= b + 1e-15
        assert b <= h + 1e-15
        assert h <= min(1.0, p * len(raw)) + 1e-15
    order = np.argsort(raw, kind="stable")
    assert np.all(np.diff(np.array(strict.adjusted)[order]) >= 0)


@examples(40)
@given(P_VALUES)
def test_combined_p_values_agree_with_scipy(raw: list[float]) -> None:
    for ours, name in ((fisher_combined, "fisher"), (stouffer, "stouffer")):
        oracle = stats.combine_pvalues(raw, method=name)
        assert ours(raw).p_value == pytest.approx(oracle.pvalue, rel=1e-8, abs=1e-300)
        assert ours(raw).value == pytest.approx(oracle.statistic, rel=1e-9, abs=1e-9)


def test_fishers_combination_hears_one_loud_test_and_stouffers_hears_the_contradiction() -> None:
    assert fisher_combined([0.01, 0.9]).p_value == pytest.approx(0.0513948, abs=1e-7)
    assert stouffer([0.01, 0.9]).p_value == pytest.approx(0.2300195, abs=1e-7)


def test_missing_samples_open_the_bounds_as_worked_by_hand() -> None:
    found = manski_bounds(13, 18, missing=6)
    assert (found.best_case, found.worst_case) == (13 / 24, 19 / 24)
    assert (found.low, found.high) == (wilson_interval(13, 24)[0], wilson_interval(19, 24)[1])
    assert "6 of 24 samples are missing" in found.notes[0]
    assert manski_bounds(13, 18, missing=0).notes == ()


@examples(40)
@given(COUNTS, st.integers(0, 20))
def test_losing_a_sample_never_narrows_the_bounds(count: tuple[int, int], lost: int) -> None:
    k, n = count
    now, later = manski_bounds(k, n, missing=lost), manski_bounds(k, n, missing=lost + 1)
    assert later.best_case <= now.best_case <= now.point <= now.worst_case <= later.worst_case
    assert now.low <= now.best_case
    assert now.worst_case <= now.high


def test_walds_test_stops_at_its_bounds() -> None:
    found = sequential_test(10, 30, p0=0.1, p1=0.3)
    assert found.accept_p1 == -found.accept_p0 == pytest.approx(math.log(19))
    assert (found.log_ratio, found.decision) == (pytest.approx(5.959834321), "p1")
    assert sequential_test(2, 40, p0=0.1, p1=0.3).decision == "p0"
    assert sequential_test(2, 10, p0=0.1, p1=0.3).decision == "go on"


@examples(40)
@given(COUNTS)
def test_a_confidence_sequence_covers_every_fixed_interval(count: tuple[int, int]) -> None:
    k, n = count
    found = confidence_sequence(k, n)
    low, high = wilson_interval(k, n)
    assert found.low <= low <= k / n <= high <= found.high
    assert found.width > 0
    assert (found.low == 0) == (k == 0)
    assert (found.high == 1) == (k == n)


def test_looking_after_every_sample_misses_the_truth_less_often_than_promised() -> None:
    generator, truth, missed = np.random.default_rng(11), 0.3, 0
    for _ in range(60):
        successes = np.cumsum(generator.random(40) < truth)
        bounds = [confidence_sequence(int(k), n) for n, k in enumerate(successes, start=1)]
        missed += any(not found.low <= truth <= found.high for found in bounds)
    assert missed / 60 <= 0.05


def test_three_studies_give_the_worked_pooled_effect() -> None:
    found = random_effects([0.3, 0.5, 0.45], [0.01, 0.004, 0.02])
    assert (found.point, found.stderr, found.tau2) == pytest.approx((0.4311694, 0.0649421, 0.0040441), abs=1e-7)
    assert found.notes == (FEW_STUDIES,)
    assert found.q_p_value == pytest.approx(stats.chi2.sf(found.q, 2))


def test_equal_effects_have_no_negative_variance_between_them() -> None:
    found = random_effects([0.4, 0.4, 0.4], [0.05, 0.05, 0.05])
    assert (found.tau2, found.i2) == (0.0, 0.0)
    assert found.stderr == pytest.approx(math.sqrt(0.05 / 3))
    assert found.width > 0.4


@examples(40)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 4)), min_size=2, max_size=8))
def test_the_pooled_effect_lies_among_the_studies_and_is_less_certain_than_the_fixed_one(
    studies: list[tuple[float, float]],
) -> None:
    effects, variances = [study[0] for study in studies], [study[1] for study in studies]
    found = random_effects(effects, variances)
    assert min(effects) - 1e-9 <= found.point <= max(effects) + 1e-9
    assert found.stderr >= found.fixed_stderr - 1e-12
    assert found.tau2 >= 0
    assert 0 <= found.i2 < 1
