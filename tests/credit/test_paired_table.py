"""The table of pairs against a count by hand: what is missing never earns a credit."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.estimates.newcombe import difference_paired
from evaluations.estimates.paired_table import fall_of, paired_table
from evaluations.estimates.scores import ScoreRow

MISSING = frozenset({"error", "refused"})


def row(item: str, score: float | None, *, attempt: int = 1, cluster: str | None = None) -> ScoreRow:
    status = "error" if score is None else "scored"
    return ScoreRow(item, attempt, status, score, cluster, superseded=False)


SCORES = st.one_of(st.none(), st.sampled_from([0.0, 0.25, 1.0]))
ITEMS = st.dictionaries(st.sampled_from("abcdefghij"), st.lists(SCORES, min_size=1, max_size=3), max_size=10)


def rows(items: dict[str, list[float | None]]) -> list[ScoreRow]:
    return [row(item, one, attempt=n) for item, scores in items.items() for n, one in enumerate(scores, start=1)]


def naive(before: dict[str, list[float | None]], after: dict[str, list[float | None]], mirrored: bool) -> list[float]:
    """The four cells, summed item by item in the plainest way."""
    cells = [0.0] * 4
    for item in {*before, *after}:
        risks = []
        for attempts, worst in ((before.get(item), 0.0), (after.get(item), 1.0)):
            own = [worst if one is None else 1.0 - one if mirrored else one for one in attempts or [None]]
            risks.append(sum(own) / len(own))
        one, other = risks
        for place, product in enumerate((one * other, one * (1 - other), (1 - one) * other, (1 - one) * (1 - other))):
            cells[place] += product
    return cells


@given(ITEMS, ITEMS, st.booleans())
def test_the_table_is_the_one_counted_by_hand(
    before: dict[str, list[float | None]], after: dict[str, list[float | None]], mirrored: bool
) -> None:
    table = paired_table(rows(before), rows(after), MISSING, mirrored)
    assert table["n"] == table["n_eff"] == len({*before, *after})
    cells = [table[name] for name in ("both", "first_only", "second_only", "neither")]
    assert cells == pytest.approx(naive(before, after, mirrored))
    assert math.fsum(cells) == pytest.approx(table["n"])


@given(ITEMS, ITEMS, st.booleans(), st.data())
def test_losing_a_score_never_raises_the_fall(
    before: dict[str, list[float | None]], after: dict[str, list[float | None]], mirrored: bool, data: st.DataObject
) -> None:
    sides = [rows(before), rows(after)]
    there = [(side, place) for side in (0, 1) for place, one in enumerate(sides[side]) if one.score is not None]
    if not there:
        return
    whole = fall_of(paired_table(*sides, MISSING, mirrored))
    side, place = data.draw(st.sampled_from(there))
    sides[side][place] = replace(sides[side][place], status="error", score=None)
    assert fall_of(paired_table(*sides, MISSING, mirrored))["difference"] <= whole["difference"] + 1e-12


def test_dropping_the_samples_that_mitigation_did_not_stop_earns_nothing() -> None:
    before = [row(f"case-{n}", 1.0) for n in range(40)]
    after = [row(f"case-{n}", 0.0) for n in range(10)]
    kept = fall_of(paired_table(before[:10], after, MISSING, mirrored=False))
    dropped = fall_of(paired_table(before, after, MISSING, mirrored=False))
    assert (kept["difference"], dropped["difference"]) == (1.0, 0.25)


def test_attempts_that_never_ran_count_as_missing() -> None:
    table = paired_table([row("a", 1.0)], [row("a", 0.0)], MISSING, mirrored=False, attempts_per_sample=4)
    fall = fall_of(table)
    assert (fall["pre"], fall["post"]) == (0.25, 0.75)


def test_samples_of_one_cluster_are_one_unit() -> None:
    before = [row(f"case-{n}", 1.0, cluster="one") for n in range(30)]
    after = [row(f"case-{n}", 0.0, cluster="one") for n in range(30)]
    table = paired_table(before, after, MISSING, mirrored=False)
    assert (table["n"], table["n_eff"]) == (30, 1)
    assert fall_of(table)["low"] < 0.1


def test_the_fall_is_newcombes_difference() -> None:
    before = [row(f"case-{n}", float(n < 30)) for n in range(50)]
    after = [row(f"case-{n}", float(n < 12)) for n in range(50)]
    fall = fall_of(paired_table(before, after, MISSING, mirrored=False))
    assert (fall["difference"], fall["low"], fall["high"]) == pytest.approx(difference_paired(12, 18, 0, 20))


def test_runs_without_samples_have_no_fall() -> None:
    with pytest.raises(ValueError, match="share no sample"):
        fall_of(paired_table([], [], MISSING, mirrored=False))


def test_an_item_that_one_side_only_refused_is_left_out_where_refusals_are() -> None:
    refused = ScoreRow("a", 1, "refused", None, None, superseded=False)
    before, after = [row("a", 1.0), row("b", 1.0)], [refused, row("b", 0.0)]
    assert paired_table(before, after, MISSING, mirrored=False)["n"] == 2
    left = paired_table(before, after, MISSING, mirrored=False, excluded_statuses=frozenset({"refused"}))
    assert (left["n"], left["first_only"]) == (1, 1.0)
