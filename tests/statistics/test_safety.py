"""Refusal and robustness: attack success, goodness under the worst attacks, the g-mean and conditional rates."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.estimates.wilson import wilson_interval
from evaluations.statistics.safety import (
    attack_success_rate,
    conditional_rate,
    g_mean,
    g_mean_of_rates,
    goodness_at_p,
)
from tests.effort import examples

COUNTS = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_undetermined_attacks_are_not_failures_of_the_attacker() -> None:
    found = attack_success_rate(2, 10, undetermined=10)
    assert (found.point, found.worst_case, found.n) == (0.2, 0.6, 10)
    assert found.notes == ("10 undetermined attempts are not in n; see worst_case",)
    assert attack_success_rate(2, 10).worst_case == 0.2


def test_goodness_looks_at_the_worst_techniques_of_every_prompt() -> None:
    ten = [0.0, *[1.0] * 9]
    assert goodness_at_p([ten]).point == 0.0
    assert goodness_at_p([ten], p=0.2).point == 0.5
    assert goodness_at_p([ten, [1.0] * 10]).point == 0.5
    assert goodness_at_p([ten], p=1).point == pytest.approx(0.9)
    assert goodness_at_p([[0.3, 0.9]]).point == 0.3


@pytest.mark.parametrize(("techniques", "worst"), [(30, 3), (31, 4), (10, 1), (70, 7)])
def test_a_tenth_is_counted_exactly_and_rounded_up(techniques: int, worst: int) -> None:
    scores = [0.0] * worst + [1.0] * (techniques - worst)
    assert goodness_at_p([scores]).point == 0.0
    assert goodness_at_p([[*scores[1:], 1.0]]).point == pytest.approx(1 / worst)


@examples(40)
@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=12), min_size=1, max_size=6))
def test_goodness_rises_with_the_share_of_techniques(safety: list[list[float]]) -> None:
    values = [goodness_at_p(safety, p=p).point for p in (0.1, 0.3, 0.5, 1.0)]
    assert all(low <= high + 1e-12 for low, high in itertools.pairwise(values))


@pytest.mark.parametrize(("sens", "spec", "g"), [(0.9, 0.8, 0.848528), (1, 0.5, 0.707107), (0, 0.99, 0)])
def test_the_g_mean_gives_the_worked_values(sens: float, spec: float, g: float) -> None:
    assert g_mean_of_rates(sens, spec).point == pytest.approx(g, abs=1e-6)
    assert g_mean((round(100 * sens), 100), (round(100 * spec), 100)).point == pytest.approx(g, abs=1e-6)


@examples(40)
@given(COUNTS, COUNTS)
def test_the_interval_of_the_g_mean_lies_within_that_of_the_two_rates(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    found = g_mean(first, second)
    (low1, high1), (low2, high2) = wilson_interval(*first), wilson_interval(*second)
    assert math.sqrt(low1 * low2) - 1e-12 <= found.low <= found.point <= found.high
    assert found.high <= math.sqrt(high1 * high2) + 1e-12
    assert found.width > 0


def test_a_conditional_rate_names_its_event_and_how_often_it_happened() -> None:
    found = conditional_rate(3, 20, event="the model noticed the monitor", out_of=400)
    assert (found.point, found.n, found.out_of, found.event_rate) == (0.15, 20, 400, 0.05)
    assert found.notes == ("conditional on: the model noticed the monitor (20 of 400 samples)",)
    assert (found.low, found.high) == wilson_interval(3, 20)


def test_an_event_that_never_happened_gives_no_rate() -> None:
    found = conditional_rate(0, 0, event="escape", out_of=50)
    assert found.point is None
    assert "never happened" in found.notes[1]
