"""Measuring: what is counted from a run, and what is only shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evaluations.intake import Receipt
from evaluations.measuring import MISSING_STATUSES, measure, policy_digest
from evaluations.models import EvaluationRun, HistoryIsKept, Measurement
from tests.evaluations.reports import NOW, with_estimate, with_samples

TakeIn = Callable[..., Receipt]


def measured(take_in: TakeIn, **changes: Any) -> Measurement:
    return measure(take_in(**changes).run, at=NOW)


def estimate_of(measurement: Measurement) -> dict[str, Any]:
    assert measurement.estimate is not None
    return measurement.estimate


def tally_of(measurement: Measurement) -> dict[str, Any]:
    assert measurement.tally is not None
    return measurement.tally


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.277533),
        (10, 10, 0.722467, 1.0),
        (0, 1, 0.0, 0.793451),
        (1, 1, 0.206549, 1.0),
        (13, 100, 0.077572, 0.209804),
    ],
)
def test_counts_are_measured_with_wilsons_interval(
    take_in: TakeIn, successes: int, trials: int, low: float, high: float
) -> None:
    estimate = estimate_of(measured(take_in, tally={"successes": successes, "trials": trials}))
    assert (estimate["method"], estimate["n"]) == ("wilson", trials)
    assert (estimate["low"], estimate["upper"]) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))
    assert estimate["high"] > estimate["low"]


def test_planned_samples_that_were_not_scored_widen_the_worst_case(take_in: TakeIn) -> None:
    estimate = estimate_of(measured(take_in, tally={"successes": 13, "trials": 100}, planned_samples=110))
    assert estimate["upper"] == pytest.approx(0.294251, abs=1e-6)
    assert estimate["coverage"] == pytest.approx(100 / 110)


def test_samples_without_a_score_are_missing_and_never_wrong(take_in: TakeIn) -> None:
    scored = [{"id": f"s{index}", "score": 1} for index in range(8)]
    lost = [{"id": f"e{index}", "status": "error", "error_origin": "system"} for index in range(2)]
    measurement = measured(take_in, **with_samples(*scored, *lost))
    assert (estimate_of(measurement)["point"], estimate_of(measurement)["upper"]) == (1.0, 1.0)
    assert estimate_of(measurement)["low"] == pytest.approx(0.675592, abs=1e-6)
    assert (tally_of(measurement)["scored"], tally_of(measurement)["expected"]) == (8, 10)
    assert measurement.display["statuses"] == {"error": 2, "scored": 8}


def test_a_policy_may_score_refusals_as_failures(take_in: TakeIn) -> None:
    run = take_in(**with_samples({"id": "a", "score": 1}, {"id": "b", "status": "refused"})).run
    lenient = [status for status in MISSING_STATUSES if status != "refused"]
    assert tally_of(measure(run, at=NOW))["scored"] == 1
    assert tally_of(measure(run, at=NOW, missing_statuses=lenient))["scored"] == 2
    assert Measurement.objects.filter(run=run).count() == 2
    assert policy_digest(lenient) != policy_digest()


def test_measuring_twice_keeps_the_first_measurement(take_in: TakeIn) -> None:
    run = take_in().run
    assert measure(run, at=NOW).id == measure(run, at=NOW).id
    assert EvaluationRun.objects.get(id=run.id).state == "measured"


@pytest.mark.parametrize(
    "estimate",
    [
        {"value": 0.47},
        {"value": 0.47, "trials_text": "about 75"},
        {"value": 0.47, "trials": 100, "qualifier": ">="},
        {"value": 0.47, "trials": 100, "qualifier": "~"},
    ],
)
def test_a_figure_without_n_or_only_a_bound_informs_and_never_decides(
    take_in: TakeIn, estimate: dict[str, Any]
) -> None:
    measurement = measured(take_in, **with_estimate(**estimate))
    assert measurement.tally is None
    assert measurement.estimate is None
    assert measurement.display["value"] == 0.47
    assert measurement.display["decides"] is False


def test_a_published_percentage_decides_as_a_fraction_and_is_shown_as_published(take_in: TakeIn) -> None:
    measurement = measured(take_in, **with_estimate(value=13.0, trials=100, stderr=3.0), unit="percent")
    assert estimate_of(measurement)["point"] == pytest.approx(0.13)
    assert estimate_of(measurement)["n_eff"] == 100
    assert (measurement.display["value"], measurement.display["reported_n"]) == (13.0, "100")
    assert measurement.display["stderr"] == "3.0"


def test_a_large_standard_error_lowers_the_number_of_independent_units(take_in: TakeIn) -> None:
    estimate = estimate_of(measured(take_in, **with_estimate(value=0.5, trials=100, stderr=0.1)))
    assert estimate["n_eff"] == pytest.approx(25)


def test_a_unit_that_is_no_fraction_is_shown_and_never_decides(take_in: TakeIn) -> None:
    samples = [{"id": "a", "score": 12.5}, {"id": "b", "score": 30}]
    measurement = measured(take_in, **with_samples(*samples), unit="minutes")
    assert measurement.tally is None
    assert measurement.display["value"] == 21.25


def test_partial_scores_are_a_mean_and_clusters_are_the_units(take_in: TakeIn) -> None:
    samples = [{"id": f"s{index}", "score": 0.5, "cluster": f"c{index % 3}"} for index in range(9)]
    estimate = estimate_of(measured(take_in, **with_samples(*samples)))
    assert (estimate["statistic"], estimate["n"], estimate["n_eff"]) == ("mean_in_unit_interval", 9, 3.0)


def test_the_producers_own_numbers_stand_verbatim_beside_ours(take_in: TakeIn) -> None:
    measurement = measured(take_in, reported={"headline": "12 %", "n": "110?"})
    assert measurement.display["reported"] == {"headline": "12 %", "n": "110?"}
    assert measurement.display["value"] == pytest.approx(13 / 110)


def test_a_changed_block_of_scores_is_noticed(take_in: TakeIn) -> None:
    run = take_in(**with_samples({"id": "a", "score": 1})).run
    other = take_in(**with_samples({"id": "a", "score": 0}), run_id="other").run
    run.block_digest = other.block_digest
    with pytest.raises(ValueError, match="are not the ones its digest names"):
        measure(run, at=NOW)


def test_a_measurement_is_never_changed(take_in: TakeIn) -> None:
    measurement = measured(take_in)
    for attempt in (measurement.delete, measurement.save):
        with pytest.raises(HistoryIsKept):
            attempt()
