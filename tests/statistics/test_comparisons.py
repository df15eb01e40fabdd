"""Preferences: the win rate and its ties, persuasion, Bradley-Terry and its existence, and the order effect of Elo."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from evaluations.statistics.comparisons import persuasion_percentile, win_rate
from evaluations.statistics.ratings import NotIdentifiable, bradley_terry, elo
from tests.effort import examples

RATINGS = st.lists(st.integers(1, 7), min_size=1, max_size=15)
THREE = [("a", "b", 1.0)] * 7 + [("b", "a", 1.0)] * 3 + [("b", "c", 1.0)] * 6 + [("c", "b", 1.0)] * 4 + [
    ("a", "c", 1.0)
] * 8 + [("c", "a", 1.0)] * 2  # fmt: skip


def test_a_tie_counts_half_or_is_dropped() -> None:
    half, dropped = win_rate(33, 20, ties=47), win_rate(33, 20, ties=47, policy="drop")
    assert (half.point, half.n, half.stderr) == (0.565, 100, pytest.approx(0.0359959, abs=1e-7))
    assert (dropped.point, dropped.n) == (33 / 53, 53)
    assert half.p_value == dropped.p_value == pytest.approx(0.0983706, abs=1e-7)
    assert half.notes == ("47 ties count one half",)
    assert dropped.notes == ("47 ties were dropped",)


def test_only_ties_are_even_and_never_certain() -> None:
    found = win_rate(0, 0, ties=10)
    assert (found.point, found.p_value) == (0.5, 1.0)
    assert found.width > 0.4
    assert win_rate(1, 0).stderr is None


@examples(40)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_the_win_rates_of_both_sides_add_up_to_one(wins: int, losses: int, ties: int) -> None:
    if wins + losses + ties:
        ours, theirs = win_rate(wins, losses, ties=ties), win_rate(losses, wins, ties=ties)
        assert ours.point + theirs.point == pytest.approx(1)
        assert ours.low == pytest.approx(1 - theirs.high, abs=1e-12)
        if wins + losses:
            oracle = stats.binomtest(wins, wins + losses).pvalue
            assert ours.p_value == pytest.approx(oracle, rel=1e-9)


@pytest.mark.parametrize(
    ("model", "human", "percentile"),
    [([5, 6, 7, 4], [3, 4, 5, 6, 2, 4], 79.1667), ([2, 2, 3], [2, 3, 3, 4], 25.0), ([9, 9], [1, 2, 3], 100.0)],
)
def test_the_persuasion_percentile_gives_the_worked_values(
    model: list[int], human: list[int], percentile: float
) -> None:
    assert 100 * persuasion_percentile(model, human).point == pytest.approx(percentile, abs=1e-4)


def test_complete_superiority_on_few_ratings_keeps_a_wide_interval() -> None:
    found = persuasion_percentile([9, 9, 9], [1, 2, 3])
    assert (found.point, found.high) == (1.0, 1.0)
    assert found.low < 0.55
    assert persuasion_percentile([1], [9]).low == 0.0


@examples(40)
@given(RATINGS, RATINGS)
def test_persuasion_agrees_with_scipy_and_its_bounds_solve_newcombes_equation(
    model: list[int], human: list[int]
) -> None:
    found, n1, n2 = persuasion_percentile(model, human), len(model), len(human)
    assert found.point == pytest.approx(np.mean(np.greater.outer(model, human) + 0.5 * np.equal.outer(model, human)))
    if len(set(model + human)) > 1:
        oracle = stats.mannwhitneyu(model, human, method="asymptotic")
        assert found.value == oracle.statistic
        assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-9)
    else:
        assert (found.p_value, found.notes) == (1.0, ("all ratings are equal: nothing to test",))
    star = (n1 + n2) / 2 - 1
    for bound in (found.low, found.high):
        if 1e-9 < bound < 1 - 1e-9:
            variance = bound * (1 - bound) * (1 + star * (1 - bound) / (2 - bound) + star * bound / (1 + bound))
            assert abs(found.point - bound) == pytest.approx(1.959964 * math.sqrt(variance / n1 / n2), rel=1e-5)


def test_three_wins_in_four_are_odds_of_three() -> None:
    found = bradley_terry([("a", "b", 1.0)] * 3 + [("b", "a", 1.0)])
    assert [rating.point for rating in found.ratings] == pytest.approx([math.log(3) / 2, -math.log(3) / 2], abs=1e-12)
    assert found.win_probability("a", "b") == pytest.approx(0.75)
    assert found.elo_scale("a") == pytest.approx(1000 + 200 * math.log10(3))
    # The difference has the variance 1 / (n p q) of a log odds; each side carries half of it.
    assert found.ratings[0].stderr == pytest.approx(math.sqrt(1 / (4 * 0.75 * 0.25)) / 2)


def test_three_players_give_the_worked_ratings_and_leave_no_gradient() -> None:
    found = bradley_terry(THREE)
    assert [rating.point for rating in found.ratings] == pytest.approx([0.740570, -0.149102, -0.591468], abs=1e-6)
    expected = 10 * (found.win_probability("a", "b") + found.win_probability("a", "c"))
    assert expected == pytest.approx(15, abs=1e-10)
    assert {rating.n_eff for rating in found.ratings} == {20.0}


def test_a_tie_is_half_a_win_for_both() -> None:
    ties = bradley_terry([("a", "b", 0.5)] * 4)
    assert [rating.point for rating in ties.ratings] == pytest.approx([0, 0])


@pytest.mark.parametrize(
    ("games", "groups"),
    [
        ([("a", "b", 1.0)], {("a",), ("b",)}),
        ([("a", "b", 0.5), ("c", "d", 0.5)], {("a", "b"), ("c", "d")}),
        ([("a", "b", 0.5), ("c", "a", 1.0), ("c", "b", 1.0)], {("a", "b"), ("c",)}),
    ],
)
def test_players_that_no_chain_of_wins_joins_are_named(
    games: list[tuple[str, str, float]], groups: set[tuple[str, ...]]
) -> None:
    with pytest.raises(NotIdentifiable, match="no finite ratings") as caught:
        bradley_terry(games)
    assert set(caught.value.components) == groups


def test_an_unknown_player_has_no_rating() -> None:
    with pytest.raises(ValueError, match="'z' was not compared"):
        bradley_terry(THREE).win_probability("a", "z")


@examples(25)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from([0.0, 0.5, 1.0])), max_size=25))
def test_bradley_terry_reaches_the_maximum_of_the_likelihood(games: list[tuple[int, int, float]]) -> None:
    ring = [(str(i), str((i + 1) % 5), 1.0) for i in range(5)]
    comparisons = [*ring, *((str(a), str(b), score) for a, b, score in games if a != b)]
    found = bradley_terry(comparisons)
    place = {name: index for index, name in enumerate(found.players)}

    def loss(theta: np.ndarray) -> float:
        total = 0.0
        for first, second, score in comparisons:
            gap = theta[place[first]] - theta[place[second]]
            total += score * np.logaddexp(0, -gap) + (1 - score) * np.logaddexp(0, gap)
        return float(total)

    ours = np.array([rating.point for rating in found.ratings])
    assert sum(ours) == pytest.approx(0, abs=1e-9)
    assert found.log_likelihood == pytest.approx(-loss(ours))
    assert loss(ours) <= minimize(loss, np.zeros(5)).fun + 1e-9


def test_elo_gives_the_worked_ratings_and_shows_that_the_order_decides() -> None:
    assert elo([("a", "b", 1.0)]).ratings == {"a": 1016.0, "b": 984.0}
    found = elo([("a", "b", 1.0), ("b", "a", 1.0), ("a", "b", 0.5)])
    assert found.ratings == pytest.approx({"a": 998.6658413, "b": 1001.3341587})
    assert found.order_effect > 2
    assert found.notes[0].startswith("display only")
    assert sum(found.ratings.values()) == pytest.approx(2000)
