"""What is counted: partial attempts, clusters, missing samples, published figures; and the bytes that are hashed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.estimates.deciding import decide
from evaluations.estimates.reported import tally_of_report
from evaluations.estimates.scores import ScoreRow, scores_from_csv, scores_to_csv
from evaluations.estimates.tally import (
    Tally,
    tally_from_counts,
    tally_from_dict,
    tally_from_estimate,
    tally_from_scores,
)
from tests.effort import examples

MISSING = frozenset({"error", "limit", "refused", "not_attempted", "ungraded", "invalidated"})
HEADING = b"id,attempt,status,score,cluster,superseded\n"


def row(identifier: str, score: float | None = 1.0, *, attempt: int = 1, status: str = "", **changes: Any) -> ScoreRow:
    found = {"cluster": None, "superseded": False} | changes
    return ScoreRow(identifier, attempt, status or ("scored" if score is not None else "error"), score, **found)


def counted(*rows: ScoreRow, planned: int | None = None, attempts: int | None = None, missing=MISSING) -> Tally:
    ordered = sorted(rows, key=lambda one: (one.id, one.attempt))
    return tally_from_scores(ordered, planned, attempts, missing)


def test_an_item_counts_the_mean_of_its_scored_attempts():
    found = counted(row("a", 1.0), row("a", 0.0, attempt=2), row("b", 0.5))
    assert (found.total, found.scored, found.units, found.floor, found.ceiling) == (1.0, 2, 2.0, 1.0, 1.0)


def test_a_missing_attempt_of_a_scored_item_widens_both_ends():
    found = counted(row("a", 1.0), row("a", None, attempt=2))
    assert (found.total, found.scored, found.expected, found.floor, found.ceiling) == (1.0, 1, 1, 0.5, 1.0)


def test_attempts_that_were_never_listed_are_missing():
    found = counted(row("a", 0.0), attempts=4)
    assert (found.floor, found.ceiling) == (0.0, 0.75)


def test_an_item_without_a_scored_attempt_is_expected_and_not_scored():
    found = counted(row("a", 0.0), row("b", None))
    assert (found.total, found.scored, found.expected, found.floor, found.ceiling) == (0.0, 1, 2, 0.0, 1.0)


def test_unlisted_samples_count_as_successes_in_the_worst_case():
    found = counted(row("a", 0.0), planned=5)
    assert (found.expected, found.ceiling, found.expected_units) == (5, 4.0, 5.0)


def test_a_plan_smaller_than_the_list_does_not_shrink_it():
    assert counted(row("a"), row("b"), row("c"), planned=1).expected == 3
    assert tally_from_counts(3, 10, 4).expected == 10


def test_a_cluster_is_one_unit():
    found = counted(row("a", cluster="x"), row("b", cluster="x"), row("c", cluster="y"), row("d", None, cluster="z"))
    assert (found.scored, found.units, found.expected, found.expected_units) == (3, 2.0, 4, 3.0)


def test_unlisted_samples_add_no_independence_where_clusters_are_declared():
    assert counted(row("a", 0.0, cluster="x"), row("b", 0.0, cluster="x"), planned=100).expected_units == 1.0


def test_an_item_without_a_cluster_stands_alone_even_beside_a_cluster_of_its_name():
    assert counted(row("a", cluster="b"), row("b")).units == 2.0


def test_a_superseded_attempt_does_not_count():
    assert counted(row("a", 1.0, superseded=True), row("a", 0.0)).total == 0.0


def test_a_refusal_counts_as_a_zero_only_where_the_policy_does_not_call_it_missing():
    refused = row("a", None, status="refused")
    assert counted(refused).scored == 0
    assert counted(refused, missing=MISSING - {"refused"}).scored == 1
    assert counted(refused, missing=MISSING - {"refused"}).ceiling == 0.0


def test_the_mirrored_tally_swaps_best_and_worst_case():
    found = tally_from_counts(8, 10, 12).mirrored()
    assert (found.total, found.floor, found.ceiling, found.units, found.expected_units) == (2.0, 2.0, 4.0, 10.0, 12.0)
    assert found.mirrored() == tally_from_counts(8, 10, 12)


def test_a_tally_survives_its_canonical_form_and_unknown_keys_are_refused():
    tally = tally_from_counts(8, 10, 12)
    assert tally_from_dict(tally.to_dict()) == tally
    with pytest.raises(TypeError):
        tally_from_dict(tally.to_dict() | {"bonus": 1})


def test_a_published_figure_without_n_and_error_has_no_tally():
    assert tally_from_estimate(0.47, None, None, None) is None
    assert tally_from_estimate(0.47, None, 0.0, 100) is None


@pytest.mark.parametrize(
    ("trials", "stderr", "units"), [(100, None, 100.0), (100, 0.1, 25.0), (20, 0.05, 20.0), (None, 0.05, 100.0)]
)
def test_a_published_error_bounds_the_independent_units(trials, stderr, units):
    found = tally_from_estimate(0.5, trials, stderr, None)
    assert found is not None
    assert found.units == pytest.approx(units)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_figure_at_the_end_of_the_scale_with_an_error_has_no_independent_unit(value):
    tally = tally_from_estimate(value, 100, 0.01, None)
    assert tally is not None
    found = decide(tally, "proportion", "wilson")
    assert (found["low"], found["upper"]) == (0.0, 1.0)


ESTIMATE = {"estimate": {"value": 0.4, "trials": 10}}


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"tally": {"successes": 3, "trials": 10}, "planned_samples": 12}, tally_from_counts(3, 10, 12)),
        ({"tally": {"successes": 3, "trials": 10}, "unit": "elo"}, None),
        (ESTIMATE, tally_from_estimate(0.4, 10, None, None)),
        ({"estimate": {"value": 40, "trials": 10}, "unit": "percent"}, tally_from_estimate(0.4, 10, None, None)),
        ({"estimate": {"value": 40, "stderr": 10}, "unit": "percent"}, tally_from_estimate(0.4, None, 0.1, None)),
        ({"estimate": {"value": 0.4}}, None),
        ({"estimate": {"value": 0.4, "trials": 10, "qualifier": ">="}}, None),
        ({"estimate": {"value": 0.4, "trials": 10, "qualifier": "="}}, tally_from_estimate(0.4, 10, None, None)),
        ({"samples_digest": "sha256:x", "planned_samples": 3}, counted(row("a"), planned=3)),
        ({"samples_digest": "sha256:x", "attempts_per_sample": 2}, counted(row("a"), attempts=2)),
    ],
)  # fmt: skip
def test_a_report_gives_the_tally_that_decides(report, expected):
    assert tally_of_report(report, [row("a")], MISSING) == expected


@st.composite
def score_rows(draw: st.DrawFn) -> ScoreRow:
    status = draw(st.sampled_from(["scored", "scored", "error", "refused"]))
    return ScoreRow(
        id=draw(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)),
        attempt=draw(st.integers(1, 9)),
        status=status,
        score=draw(st.floats(0, 1)) if status == "scored" else None,
        cluster=draw(st.none() | st.text("ab\",:'\n", max_size=4)),
        superseded=draw(st.booleans()),
    )


ROWS = st.lists(score_rows(), max_size=8, unique_by=lambda one: (one.id, one.attempt))


@examples(100)
@given(ROWS)
def test_scores_survive_their_canonical_bytes(rows):
    written = scores_to_csv(rows)
    assert sorted(scores_from_csv(written), key=str) == sorted(rows, key=str)
    assert scores_to_csv(scores_from_csv(written)) == written


@examples(50)
@given(ROWS, st.randoms())
def test_the_order_of_the_rows_does_not_change_the_bytes(rows, shuffler):
    mixed = list(rows)
    shuffler.shuffle(mixed)
    assert scores_to_csv(mixed) == scores_to_csv(rows)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"id,score\n",
        HEADING + b"b,1,scored,1.0,,0\na,1,scored,1.0,,0\n",
        HEADING + b"a,1,scored,1.00,,0\n",
        HEADING + b"a,1,scored,1,,0\n",
        HEADING + b"a,01,scored,1.0,,0\n",
        HEADING + b"a,1,scored,1.0,x,0\n",
        HEADING + b"a,1,scored,1.0,,false\n",
        HEADING + b"a,1,scored,1.0,,0",
        HEADING + b"a,1,scored,1.0,,0\r\n",
        HEADING + b'"a",1,scored,1.0,,0\n',
        HEADING + b"a,1,scored,1.0,0\n",
        HEADING + b"a,1,scored,1.0,,0\n\n",
        HEADING + b"\xff,1,scored,1.0,,0\n",
        HEADING + b'"a,1,scored,1.0,,0\n',
        HEADING + b"a" * 200_000 + b",1,scored,1.0,,0\n",
        HEADING + b"a,1,scored,nan,,0\n",
        HEADING + b"a,1,scored,inf,,0\n",
        HEADING + b"a,1,scored,,,0\n",
        HEADING + b"a,1,error,1.0,,0\n",
    ],
)
def test_bytes_that_are_not_the_canonical_form_are_refused(data):
    with pytest.raises(ValueError, match=r"."):
        scores_from_csv(data)


SCORES = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.none(), st.sampled_from([None, "x", "y"])
    ),
    min_size=1, max_size=12,
)  # fmt: skip


def _rows(drawn: list[tuple[str, float | None, str | None]]) -> list[ScoreRow]:
    clusters = {name: cluster for name, _, cluster in drawn}
    return [row(name, value, attempt=place, cluster=clusters[name]) for place, (name, value, _) in enumerate(drawn, 1)]


@examples(300)
@given(SCORES, st.integers(0, 11), st.sampled_from(["wilson", "clopper_pearson"]), st.integers(0, 9))
def test_losing_a_sample_never_lowers_the_worst_case(drawn, place, interval, planned):
    rows = _rows(drawn)
    place %= len(rows)
    lost = [*rows]
    lost[place] = row(rows[place].id, None, attempt=place + 1, cluster=rows[place].cluster)
    before = decide(counted(*rows, planned=planned), "proportion", interval)
    after = decide(counted(*lost, planned=planned), "proportion", interval)
    assert after["upper"] >= before["upper"] - 1e-12
    assert after["worst_case"] >= before["worst_case"] - 1e-12
    assert after["best_case"] <= before["best_case"] + 1e-12


@examples(300)
@given(st.integers(1, 100_000), st.floats(0, 1), st.sampled_from(["wilson", "clopper_pearson"]), st.integers(0, 50))
def test_an_interval_is_never_without_width_and_holds_its_point(n, share, interval, missing):
    found = decide(tally_from_counts(round(share * n), n, n + missing), "proportion", interval)
    assert 0 <= found["low"] < found["high"] <= 1
    assert found["low"] <= found["point"] <= found["high"]
    assert found["best_case"] <= found["point"] <= found["worst_case"]
    assert missing or found["upper"] == found["high"]


@examples(100)
@given(SCORES)
def test_an_interval_of_samples_is_never_without_width(drawn):
    found = decide(counted(*_rows(drawn)), "mean_in_unit_interval", "wilson")
    assert found["low"] < found["high"]


def test_samples_out_of_canonical_order_are_refused_because_an_item_would_count_twice():
    with pytest.raises(ValueError, match="not in canonical order: a after b"):
        tally_from_scores([row("b"), row("a")], None, None, MISSING)
