"""METR's time horizon: against a general optimiser, against METR's public runs, and where there is none."""

# mypy: disable-error-code="arg-type,comparison-overlap,operator,type-var"
# because a figure may be None, and these tests know which one is not.

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from evaluations.statistics.horizons import NO_GROUPS, TimeHorizon, horizon_minutes, time_horizon
from tests.effort import examples

MINUTES = [1, 2, 4, 8, 16, 32, 64, 128] * 3
SCORES = [1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0]


def optimised(minutes: Any, scores: Any, weights: Any, ridge: float) -> tuple[float, float]:
    """Return intercept and slope from SciPy, on scikit-learn's objective."""
    x, y, w = np.log2(minutes), np.asarray(scores, float), np.asarray(weights, float) / np.sum(weights)

    def loss(line: np.ndarray) -> float:
        eta = line[0] + line[1] * x
        return float((w * (np.logaddexp(0, eta) - y * eta)).sum() + ridge / 2 * line[1] ** 2)

    found = minimize(loss, np.zeros(2), method="BFGS", options={"gtol": 1e-9}).x
    return float(found[0]), float(found[1])


@examples(25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 0.1, 1.0]))
def test_the_fit_is_the_one_of_a_general_optimiser(seed: int, ridge: float) -> None:
    generator = np.random.default_rng(seed)
    minutes, weights = 2 ** generator.uniform(0, 10, 60), generator.uniform(0.1, 3, 60)
    scores = generator.choice([0.0, 0.3, 1.0], 60)
    found = time_horizon(minutes, scores, weights=weights, regularisation=ridge)
    expected = optimised(minutes, scores, weights, ridge)
    assert (found.intercept, found.slope) == pytest.approx(expected, abs=2e-5)


def test_the_scale_of_the_weights_does_not_matter_and_a_fraction_is_a_split_run() -> None:
    plain = time_horizon(MINUTES, SCORES, regularisation=0.1)
    heavy = time_horizon(MINUTES, SCORES, weights=[7.0] * 24, regularisation=0.1)
    assert heavy.point == pytest.approx(plain.point, rel=1e-12)
    whole = time_horizon([4, 4, 8, 8], [1, 0, 0, 1], weights=[3, 1, 3, 1], regularisation=0.1)
    assert time_horizon([4, 8], [0.75, 0.25], regularisation=0.1).point == pytest.approx(whole.point, rel=1e-9)


def test_a_lower_rate_is_reached_at_greater_length_and_the_interval_comes_from_groups() -> None:
    groups = [place % 8 for place in range(24)]
    found = time_horizon(MINUTES, SCORES, regularisation=0.1, groups=groups, seed=1, resamples=200)
    assert found.low <= found.point <= found.high
    assert found.n_eff == 8
    assert found == time_horizon(MINUTES, SCORES, regularisation=0.1, groups=groups, seed=1, resamples=200)
    easy, hard = (time_horizon(MINUTES, SCORES, success_rate=rate) for rate in (0.2, 0.8))
    assert hard.point < found.point < easy.point
    assert easy.notes[-1] == NO_GROUPS


@pytest.mark.parametrize(
    ("minutes", "scores", "note"),
    [
        ([1, 2, 4], [0, 0, 0], "nothing succeeded, so it lies below 1 min"),
        ([1, 2, 4], [1, 1, 1], "everything succeeded, so it lies above 4 min"),
        ([1, 2, 4, 8], [0, 1, 0, 1], "success does not fall with length"),
        ([1, 2, 4, 8], [1, 1, 0, 0], "separate success from failure"),
        ([4, 4, 4], [0, 1, 0], "one length only"),
    ],
)
def test_where_there_is_no_horizon_none_is_given_and_the_reason_is(
    minutes: list[int], scores: list[int], note: str
) -> None:
    found = time_horizon(minutes, scores, groups=minutes)
    assert found.point is None
    assert found.low is None
    assert note in found.notes[0]


def test_a_regularisation_gives_separated_lengths_a_horizon() -> None:
    found = time_horizon([1, 2, 4, 8], [1, 1, 0, 0], regularisation=0.1)
    assert found.point == pytest.approx(math.sqrt(8))


def test_groups_that_rarely_have_a_horizon_give_no_interval() -> None:
    found = time_horizon(MINUTES, SCORES, groups=["easy"] * 16 + ["hard"] * 8, seed=1, resamples=100)
    bad = time_horizon([2, 4, 8, 16], [1, 0, 1, 0], regularisation=0.1, groups=range(4), resamples=100)
    assert found.low is not None
    assert bad.low is None
    assert "resamples have a horizon" in bad.notes[-1]


def test_a_horizon_below_every_task_is_flagged_as_extrapolated() -> None:
    minutes, scores = [60, 120, 240, 480] * 10, ([1] + [0] * 3) * 2 + [0] * 32
    found = time_horizon(minutes, scores, regularisation=0.001)
    assert found.extrapolated
    assert found.point < 60
    assert "extrapolated: tasks took 60 to 480 min" in found.notes[0]


def test_the_line_gives_the_worked_horizons() -> None:
    assert horizon_minutes(intercept=1, slope=-0.5) == pytest.approx(4)
    assert horizon_minutes(intercept=0, slope=-math.log(4), success_rate=0.8) == pytest.approx(0.5)


def runs_of(corpus: Path, alias: str) -> list[dict[str, Any]]:
    place = corpus / "metr" / "all_runs_2025-01-11.jsonl.gz"
    if not place.is_file():
        pytest.skip(f"no runs of METR at {place}")
    with gzip.open(place, "rt", encoding="utf-8") as lines:
        return [run for line in lines if (run := json.loads(line))["alias"] == alias]


def fitted(runs: list[dict[str, Any]], **options: Any) -> TimeHorizon:
    return time_horizon([run["human_minutes"] for run in runs], [run["score_binarized"] for run in runs], **options)


@pytest.mark.parametrize("alias", ["GPT-4 0314", "gpt-3.5-turbo-instruct"])
def test_the_unweighted_fit_of_metrs_runs_agrees_with_statsmodels(
    alias: str, corpus: Path, reference: dict[str, list[dict[str, Any]]]
) -> None:
    """Only these two models have the same runs in the file of the reference (01-28) and in the corpus (01-11)."""
    [case] = [
        case for name, cases in reference.items() if "METR" in name for case in cases if case["alias"] == alias
    ]  # fmt: skip
    found, expected = fitted(runs_of(corpus, alias)), case["glm_unweighted"]
    assert (found.slope, found.intercept) == pytest.approx((expected["slope"], expected["intercept"]), abs=1e-9)
    assert found.point == pytest.approx(expected["p50"], abs=1e-9)
    assert (found.shortest, found.longest) == (case["min_human_minutes"], case["max_human_minutes"])
    assert found.extrapolated == (alias == "gpt-3.5-turbo-instruct")


@pytest.mark.parametrize("alias", ["o1", "Claude 3.5 Sonnet (New)"])
def test_the_weighted_and_regularised_fit_of_metrs_runs_is_the_optimum(alias: str, corpus: Path) -> None:
    runs = runs_of(corpus, alias)
    weights = [run["invsqrt_task_weight"] for run in runs]
    families = [run["task_family"] for run in runs]
    found = fitted(runs, weights=weights, regularisation=0.1, groups=families, resamples=100)
    minutes, scores = [run["human_minutes"] for run in runs], [run["score_binarized"] for run in runs]
    assert (found.intercept, found.slope) == pytest.approx(optimised(minutes, scores, weights, 0.1), abs=1e-5)
    assert found.low < found.point < found.high
