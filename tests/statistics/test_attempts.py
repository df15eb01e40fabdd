"""Repeated attempts: pass@1, pass@k, pass^k, the bootstraps, votes and reward models, against plain enumeration."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluations.statistics.attempts import Attempts
from evaluations.statistics.bootstraps import (
    FIXED_DATASET,
    ONE_ATTEMPT,
    bootstrap_attempts,
    bootstrap_mean,
    bootstrap_proportion,
    bootstrap_two_level,
)
from evaluations.statistics.consensus import (
    Ranked,
    Vote,
    best_of_n,
    cons_at_k,
    item_best_of_n,
    item_cons_at_k,
)
from evaluations.statistics.estimate import ZERO_WIDTH
from evaluations.statistics.passing import (
    item_pass_at_k,
    item_pass_hat_k,
    pass_at_1,
    pass_at_k,
    pass_hat_k,
)
from tests.effort import examples

FIVE = [Attempts(valid=10, correct=c) for c in (3, 0, 10, 1, 5)]


@pytest.mark.parametrize(
    ("n", "c", "k", "any_of", "all_of"),
    [(5, 2, 2, 0.7, 0.1), (10, 1, 5, 0.5, 0.0), (8, 6, 4, 1.0, 15 / 70), (10, 10, 10, 1.0, 1.0), (5, 0, 5, 0.0, 0.0)],
)
def test_pass_at_k_and_pass_hat_k_give_the_worked_values(n: int, c: int, k: int, any_of: float, all_of: float) -> None:
    assert item_pass_at_k(n, c, k) == pytest.approx(any_of, abs=1e-15)
    assert item_pass_hat_k(n, c, k) == pytest.approx(all_of, abs=1e-15)


@examples(40)
@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.data())
def test_more_attempts_help_one_of_them_and_hurt_all_of_them(count: tuple[int, int], data: st.DataObject) -> None:
    c, n = count
    k = data.draw(st.integers(1, n))
    assert item_pass_at_k(n, c, 1) == item_pass_hat_k(n, c, 1) == pytest.approx(c / n)
    assert item_pass_hat_k(n, c, k) <= c / n + 1e-12
    assert c / n <= item_pass_at_k(n, c, k) + 1e-12
    if k < n:
        assert item_pass_at_k(n, c, k) <= item_pass_at_k(n, c, k + 1)


def test_system_errors_are_left_out_and_counted_beside() -> None:
    found = pass_at_1([Attempts(4, 2), Attempts(2, 2, errors=2), Attempts(0, 0, errors=4, name="q3")])
    assert (found.point, found.including_errors) == (0.75, pytest.approx((0.5 + 0.5 + 0) / 3))
    assert not found.complete
    assert (found.n, found.notes) == (2, ("without a valid attempt, so not counted: q3",))
    assert pass_at_1(FIVE).complete


def test_pass_at_k_is_withheld_where_an_item_has_too_few_attempts() -> None:
    items = [Attempts(5, 1), *(Attempts(2, 1, name=f"q{i}") for i in range(5))]
    for statistic in (pass_at_k, pass_hat_k):
        found = statistic(items, k=4)
        assert found.point is None
        assert found.notes == ("withheld: 5 of 6 items have fewer than 4 valid attempts: q0, q1, q2 and 2 more",)
        assert statistic(items, k=2).point is not None


def test_the_mean_over_five_tasks_has_the_worked_error() -> None:
    found = pass_at_k(FIVE, k=2)
    assert (found.point, found.stderr) == pytest.approx((0.5022222, 0.1827904), abs=1e-7)
    assert pass_at_1(FIVE).stderr == pytest.approx(0.1772005, abs=1e-7)


def test_the_attempt_bootstrap_is_narrower_than_the_two_level_one_and_says_what_it_leaves_out() -> None:
    fixed, both = bootstrap_attempts(FIVE, seed=1), bootstrap_two_level(FIVE, seed=1)
    assert fixed.stderr == pytest.approx(math.sqrt(0.21 + 0.09 + 0.25) / math.sqrt(10) / 5)
    assert (fixed.low, fixed.high) == pytest.approx((0.30, 0.48), abs=0.011)
    assert both.width > 2 * fixed.width
    assert FIXED_DATASET in fixed.notes
    assert ZERO_WIDTH not in fixed.notes


def test_one_attempt_per_item_has_zero_width_and_is_flagged() -> None:
    found = bootstrap_attempts([Attempts(1, c) for c in (1, 1, 1, 0, 0)], seed=1)
    assert (found.low, found.high) == (0.6, 0.6)
    assert {ONE_ATTEMPT, ZERO_WIDTH, FIXED_DATASET} == set(found.notes)
    assert bootstrap_two_level([Attempts(1, c) for c in (1, 1, 1, 0, 0)], seed=1).width > 0.5


def test_items_that_never_vary_have_zero_width_and_are_flagged() -> None:
    found = bootstrap_attempts([Attempts(4, 0)] * 9 + [Attempts(4, 4)], seed=1)
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    assert set(found.notes) == {FIXED_DATASET, ZERO_WIDTH}


def test_a_seed_repeats_a_bootstrap_and_another_one_does_not() -> None:
    values = [0.2, 0.55, 0.9, 1, 0, 0.35, 0.4]
    assert bootstrap_mean(values, seed=5) == bootstrap_mean(values, seed=5)
    assert bootstrap_mean(values, seed=5).stderr != bootstrap_mean(values, seed=6).stderr
    assert bootstrap_two_level(FIVE, seed=5) == bootstrap_two_level(FIVE, seed=5)


def test_the_bootstrap_draws_what_scipy_draws() -> None:
    values = np.random.default_rng(3).random(400)
    oracle = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(9), n_resamples=5000)
    found = bootstrap_mean(values, seed=9, resamples=5000)
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval), abs=1e-12)
    assert found.stderr == pytest.approx(oracle.standard_error, abs=1e-12)


@examples(20)
@given(st.integers(2, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_endless_resampling_ends_at_the_exact_limit(count: tuple[int, int]) -> None:
    k, n = count
    exact = bootstrap_proportion(k, n)
    drawn = bootstrap_mean([1] * k + [0] * (n - k), seed=1, resamples=20000)
    assert (exact.low, exact.high) == pytest.approx((drawn.low, drawn.high), abs=1 / n + 1e-9)
    assert (exact.width == 0) == (ZERO_WIDTH in exact.notes) == (k in (0, n))


def enumerated_vote(answers: tuple[str, ...], correct: str, k: int, ties: str) -> float:
    """Return cons@k by looking at every subset."""
    scores = []
    for drawn in itertools.combinations(answers, k):
        held = Counter(drawn)
        best = [answer for answer, votes in held.items() if votes == max(held.values())]
        scores.append((correct in best) / len(best) if ties == "split" else float(best == [correct]))
    return sum(scores) / len(scores)


@pytest.mark.parametrize(
    ("answers", "k", "value"), [("AABBC", 3, 0.433333333), ("AAABBBCD", 5, 0.5), ("ABCDE", 1, 0.2), ("BBC", 2, 0.0)]
)
def test_cons_at_k_gives_the_worked_values(answers: str, k: int, value: float) -> None:
    assert item_cons_at_k(Vote(tuple(answers), "A"), k) == pytest.approx(value, abs=1e-9)


@examples(60)
@given(st.text("ABCD", min_size=1, max_size=9), st.sampled_from(["split", "wrong"]), st.data())
def test_cons_at_k_is_the_mean_over_all_subsets(answers: str, ties: str, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(answers)))
    expected = enumerated_vote(tuple(answers), "A", k, ties)
    assert item_cons_at_k(Vote(tuple(answers), "A"), k, ties=ties) == pytest.approx(expected, abs=1e-12)


def test_a_tie_is_split_or_lost_and_the_estimate_says_which() -> None:
    votes = [Vote(("A", "B"), "A"), Vote(("A", "A"), "A")]
    assert cons_at_k(votes, k=2).point == 0.75
    assert cons_at_k(votes, k=2, ties="wrong").point == 0.5
    assert cons_at_k(votes, k=2, ties="wrong").notes == ("ties wrong",)


def test_sixty_four_votes_are_counted_exactly_without_looking_at_every_subset() -> None:
    assert item_cons_at_k(Vote(("A",) * 33 + ("B",) * 31, "A"), 64) == 1.0
    assert 0.5 < item_cons_at_k(Vote(("A",) * 33 + ("B",) * 31, "A"), 33) < 1.0


def enumerated_best(attempts: list[tuple[float, int]], k: int) -> float:
    """Return the mean score of the best rewarded attempt by looking at every subset."""
    chosen = []
    for drawn in itertools.combinations(attempts, k):
        top = max(reward for _, reward in drawn)
        tied = [score for score, reward in drawn if reward == top]
        chosen.append(sum(tied) / len(tied))
    return sum(chosen) / len(chosen)


@examples(60)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 3)), min_size=1, max_size=8), st.data())
def test_best_of_n_is_the_mean_over_all_subsets(attempts: list[tuple[float, int]], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(attempts)))
    ranked = [Ranked(score, reward) for score, reward in attempts]
    assert item_best_of_n(ranked, k) == pytest.approx(enumerated_best(attempts, k), abs=1e-12)


def test_a_perfect_reward_model_turns_best_of_n_into_pass_at_k() -> None:
    item = [Ranked(score, score) for score in (1.0, 1.0, 0.0, 0.0, 0.0)]
    assert best_of_n([item], k=2).point == pytest.approx(item_pass_at_k(5, 2, 2))
