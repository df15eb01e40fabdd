"""The tally of columns is the tally of rows, to the last bit, whatever stands in the samples."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.estimates.tally import tally_from_scores
from evaluations.measuring import MISSING_STATUSES
from evaluations.samples import SampleColumns, tally_of_columns
from evaluations.samples.columns import STATUSES
from tests.effort import examples

POLICIES = [frozenset(MISSING_STATUSES), frozenset[str](), frozenset({"error", "refused"})]


@st.composite
def samples(draw: st.DrawFn) -> list[dict[str, Any]]:
    identifiers = st.integers(0, 40 if draw(st.booleans()) else 3).map("task {}".format)
    rows = []
    for name in draw(st.lists(identifiers, unique=draw(st.booleans()), max_size=30)):
        row: dict[str, Any] = {
            "id": name,
            "attempt": draw(st.integers(1, 3)),
            "status": draw(st.sampled_from(STATUSES)),
        }
        if row["status"] == "scored":
            row["score"] = draw(st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.0, 1.0)))
        if draw(st.booleans()):
            row["cluster"] = draw(st.sampled_from(["f1", "f2", "f3"]))
        if draw(st.integers(0, 4)) == 0:
            row["superseded"] = True
        rows.append(row)
    return rows


@examples(150)
@given(
    samples(),
    st.sampled_from(POLICIES),
    st.one_of(st.none(), st.integers(1, 60)),
    st.one_of(st.none(), st.integers(1, 4)),
)
def test_both_tallies_are_one_number_for_number(rows, missing, planned, attempts):
    columns = SampleColumns.of(rows, unit="proportion")
    plain = tally_from_scores(columns.rows(), planned, attempts, missing)
    assert tally_of_columns(columns, planned=planned, attempts_per_sample=attempts, missing_statuses=missing) == plain


def test_samples_that_came_in_no_order_are_tallied_alike() -> None:
    rows = [{"id": f"task {number * 7 % 50:02d}", "score": number / 50} for number in range(50)]
    columns = SampleColumns.of(rows, unit="proportion")
    plain = tally_from_scores(columns.rows(), 60, None, frozenset(MISSING_STATUSES))
    found = tally_of_columns(columns, planned=60, attempts_per_sample=None, missing_statuses=MISSING_STATUSES)
    assert found == plain
    assert (found.scored, found.expected, found.ceiling) == (50, 60, pytest.approx(24.5 + 10))
