"""Blinded comparisons: table 9 of the o1 system card, tie policies, intervals, and ratings of many models."""

from __future__ import annotations

from typing import Any

import pytest

from evaluations.statistics.comparisons import win_rate
from evaluations.statistics.differences import arcsine_distance
from tests.evidence.conftest import read
from tests.evidence.documents import comparison


def pair(first: str, second: str, *counts: int) -> dict[str, Any]:
    return {"first": first, "second": second, "counts": dict(zip(("first", "second", "tie"), counts, strict=True))}


def test_only_ties_split_half_come_near_the_printed_effect_of_table_9() -> None:
    row = read(comparison())["pairings"][0]
    assert row["effects"]["half"] == pytest.approx(0.318, abs=5e-4)
    assert row["effects"]["drop"] == pytest.approx(0.362, abs=5e-4)
    assert row["printed"]["nearest"] == "half"
    assert row["printed"]["reproduces"] is False
    assert row["interval"] is None


def test_an_effect_that_was_printed_right_reproduces_within_the_rounding_of_the_shares() -> None:
    shares = {"first": "59.75", "second": "28.48", "tie": "11.76"}
    right = {"first": "o1", "second": "GPT-4o", "shares": shares, "printed_effect": "0.318"}
    assert read(comparison(right))["pairings"][0]["printed"]["reproduces"]


@pytest.mark.parametrize("policy", ["half", "drop"])
def test_counts_have_an_interval_and_h_has_the_same_one_on_its_own_scale(policy: str) -> None:
    row = read(comparison(pair("a", "b", 60, 30, 10), ties=policy))["pairings"][0]
    expected = win_rate(60, 30, ties=10, policy=policy)
    assert row["win_rate"] == pytest.approx(expected.point)
    assert (row["interval"]["low"], row["interval"]["high"]) == (expected.low, expected.high)
    assert row["effect_interval"]["low"] == pytest.approx(arcsine_distance(expected.low or 0.0, 0.5))


def test_published_shares_with_their_n_have_nearly_the_interval_of_the_counts() -> None:
    shares = {"first": "60.0", "second": "30.0", "tie": "10.0", "n": 100}
    row = read(comparison({"first": "a", "second": "b", "shares": shares}))["pairings"][0]
    expected = win_rate(60, 30, ties=10)
    assert (row["interval"]["low"], row["interval"]["high"]) == pytest.approx((expected.low, expected.high))


def test_three_models_are_rated_together_in_the_order_of_their_wins() -> None:
    pairs = (pair("a", "b", 7, 3, 0), pair("b", "c", 7, 3, 0), pair("a", "c", 9, 1, 0))
    rows = read(comparison(*pairs))["ratings"]["rows"]
    assert [row["model"] for row in rows] == ["a", "b", "c"]
    assert sum(row["rating"] for row in rows) == pytest.approx(0.0, abs=1e-9)


def test_models_that_wins_do_not_link_are_not_rated_and_the_groups_are_named() -> None:
    found = read(comparison(pair("a", "b", 5, 0, 0), pair("b", "c", 3, 2, 0)))["ratings"]
    assert found["rows"] == []
    assert "{a}" in found["why_not"]


def test_shares_alone_are_not_rated_together() -> None:
    shares = {"first": "60", "second": "40"}
    pairs = [{"first": one, "second": two, "shares": shares} for one, two in (("a", "b"), ("b", "c"), ("c", "a"))]
    assert "counts" in read(comparison(*pairs))["ratings"]["why_not"]
