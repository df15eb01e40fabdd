"""The time horizon from attempts: the same as from single rows, with tasks as its units and families resampled."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evaluations.statistics.horizons import time_horizon
from evaluations.statistics.timed_attempts import TimedAttempt, horizon_of_attempts

MINUTES = [1, 2, 4, 8, 16, 32, 64, 128]
SOLVED = {
    1: (1, 1, 1),
    2: (1, 1, 1),
    4: (1, 1, 0),
    8: (1, 0, 1),
    16: (1, 1, 0),
    32: (0, 1, 0),
    64: (0, 0, 1),
    128: (0,),
}


def attempts(weight: float | None = None) -> list[TimedAttempt]:
    return [
        TimedAttempt(f"task {minutes}", f"family {minutes % 5}", minutes, score, weight)
        for minutes in MINUTES
        for score in SOLVED[minutes]
    ]


def test_gathered_attempts_have_the_fit_of_the_single_ones() -> None:
    rows = attempts(0.5)
    single = time_horizon([row.minutes for row in rows], [row.score for row in rows], regularisation=0.1)
    gathered = horizon_of_attempts(rows, seed=1, resamples=100)
    assert gathered.point == pytest.approx(single.point, rel=1e-9)
    assert (gathered.n, gathered.n_eff) == (8, 4)
    assert gathered.notes[-1] == "attempts weigh what the publication says"


def test_without_published_weights_a_task_weighs_the_same_however_often_it_was_tried() -> None:
    often = attempts() + [row for row in attempts() if row.minutes == 64] * 5
    assert (
        horizon_of_attempts(often, seed=1, resamples=100).point
        == horizon_of_attempts(attempts(), seed=1, resamples=100).point
    )
    [last] = [row for row in attempts() if row.minutes == 128]
    mixed = [*attempts(0.5)[:-1], last]
    assert horizon_of_attempts(mixed, seed=1, resamples=100).notes[-1] == "every task weighs the same"


def test_no_attempt_and_a_score_beyond_one_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="at least 1 value"):
        horizon_of_attempts([], seed=1)
    with pytest.raises(ValueError, match="must lie in"):
        horizon_of_attempts([TimedAttempt("a", "f", 3.0, 1.4)], seed=1)


def test_metrs_own_runs_have_the_published_horizon_of_gpt_4o(corpus: Path) -> None:
    place = corpus / "metr" / "all_runs_2025-01-11.jsonl.gz"
    if not place.is_file():
        pytest.skip(f"no runs of METR at {place}")
    with gzip.open(place, "rt", encoding="utf-8") as lines:
        runs = [run for line in lines if (run := json.loads(line))["alias"] == "GPT-4o"]
    found = horizon_of_attempts(
        (
            TimedAttempt(
                run["task_id"], run["task_family"], run["human_minutes"], run["score_binarized"],
                run["invsqrt_task_weight"],
            )
            for run in runs
        ),
        seed=1,
        resamples=200,
    )  # fmt: skip
    assert found.point == pytest.approx(6.98, abs=0.01)
    assert (found.n, found.n_eff) == (83, 36)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 6.98 < found.high
