"""Other bounds, confidences, thresholds and coverage, the bound on the search, and the elicitation gap."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evaluations.estimates.deciding import decide
from evaluations.estimates.tally import tally_from_dict
from scorecard.framework.findings import run_finding
from scorecard.framework.levels import indicate
from scorecard.whatif.answering import answer_of
from scorecard.whatif.eliciting import elicitation_gaps
from scorecard.whatif.flipping import all_flips, riskiest
from scorecard.whatif.removing import smallest_removals
from scorecard.whatif.rescoring import counted_otherwise, side_by_side
from scorecard.whatif.standing import Case, case_of
from scorecard.whatif.varying import (
    rescaled,
    threshold_turn,
    under_bounds,
    under_confidence,
    under_coverage,
)
from scorecard.whatif.words import sentences
from tests.framework.documents import a_document, an_indicator, an_item


def case(document: dict[str, Any], *items: dict[str, Any]) -> Case:
    return case_of(document, "cyber", "post_mitigation", items)


@pytest.mark.parametrize("confidence", [0.90, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 20), (62, 100), (431, 1000), (50, 50)])
def test_the_rescaled_run_has_wilsons_interval_of_that_confidence(k, n, confidence):
    found = decide(tally_from_dict(rescaled(an_item("alpha", k, n), confidence)["tally"]), "proportion", "wilson")
    expected = binomtest(k, n).proportion_ci(confidence_level=confidence, method="wilson")
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_higher_confidence_decides_less():
    asked = case(a_document(an_indicator("alpha", "high", 0.5)), an_item("alpha", 40, 100))
    found = [under_confidence(asked, confidence) for confidence in (0.90, 0.95, 0.99)]
    assert [verdict and verdict.indicated for verdict in found] == ["low", "low", "high"]


def test_at_another_confidence_nothing_is_said_where_clopper_pearson_decides():
    document = a_document(an_indicator("alpha", "high", 0.5, interval="clopper_pearson"))
    assert under_confidence(case(document, an_item("alpha", 40, 100)), 0.99) is None


def test_the_other_bound_is_the_verdict_of_a_framework_that_chose_it():
    # 40 of 100 is ruled out below 50 % by Wilson (0.497997) and not by Clopper-Pearson (0.502895).
    found = under_bounds(case(a_document(an_indicator("alpha", "high", 0.5)), an_item("alpha", 40, 100)))
    assert {name: verdict.indicated for name, verdict in found.items()} == {"wilson": "low", "clopper_pearson": "high"}


def test_the_level_turns_where_the_coverage_minimum_passes_a_runs_coverage():
    document = a_document(an_indicator("alpha", "high", 0.5), coverage_minimum=0.5)
    steps = under_coverage(case(document, an_item("alpha", 10, 90, planned=100)))
    assert [(step.above, step.up_to, step.verdict.indicated) for step in steps] == [
        (0.0, 0.9, "low"),
        (0.9, 1.0, "high"),
    ]


@given(
    st.integers(0, 40), st.sampled_from(["at_or_above", "at_or_below"]), st.sampled_from([40, 44]),
    st.sampled_from([0.2, 0.5, 0.8]),
)  # fmt: skip
def test_a_finding_turns_exactly_at_the_threshold_that_is_told(k, direction, planned, value):
    indicator = an_indicator("alpha", "high", value, direction=direction)
    document, item = a_document(indicator), an_item("alpha", k, 40, planned=planned)
    asked = case(document, item)
    turn, sign = threshold_turn(asked, asked.rows[0]), 1 if direction == "at_or_above" else -1

    def finding(threshold: float) -> str:
        return run_finding({**indicator, "value": threshold}, item, document["policy"])[0]

    assert turn.reached_at is not None
    assert turn.ruled_out_past is not None
    assert finding(turn.reached_at - sign * 1e-9) == "reached"
    assert finding(turn.reached_at + sign * 1e-9) != "reached"
    assert finding(turn.ruled_out_past + sign * 1e-9) == "ruled_out"
    assert finding(turn.ruled_out_past - sign * 1e-9) != "ruled_out"


def test_the_verdicts_of_a_turned_threshold_are_those_of_a_document_that_holds_it():
    rows = [an_indicator("alpha", "medium", 0.2), an_indicator("beta", "high", 0.5)]
    items = [an_item("alpha", 50, 100), an_item("beta", 40, 90, planned=100)]
    asked = case(a_document(*rows), *items)
    turn = threshold_turn(asked, asked.rows[1])
    assert turn.reached_at is not None
    assert turn.ruled_out_past is not None
    for value, told in ((turn.reached_at - 0.01, turn.if_reached), (turn.ruled_out_past + 0.01, turn.if_ruled_out)):
        result = indicate(a_document(rows[0], {**rows[1], "value": value}), "cyber", "post_mitigation", items)
        assert asdict(told) == {"indicated": result["indicated_level"], "reached": result["reached_level"]}


def test_an_undeclared_elicitation_keeps_every_threshold_from_ruling_out():
    asked = case(a_document(an_indicator("alpha", "high", 0.5)), an_item("alpha", 1, 100, elicitation_adequate=None))
    turn = threshold_turn(asked, asked.rows[0])
    assert (turn.ruled_out_past, turn.why_never) == (None, "the elicitation of a run was not declared adequate")


def _many(different: int) -> Case:
    names = [f"e{number:02}" for number in range(different)]
    document = a_document(*(an_indicator(name, "high", 0.5) for name in names))
    return case(document, *(an_item(name, 90, 100) for name in names))


def test_a_search_that_would_take_for_ever_ends_and_says_how_far_it_came():
    found = smallest_removals(_many(40), "reached", most_tried=1000)
    # 40 runs alone and 780 pairs were tried, and some of the threes.
    assert (found.size, found.sets, found.more_than, found.complete) == (None, (), 2, False)
    assert smallest_removals(_many(40), "reached", most_tried=1000) == found


def test_runs_that_find_the_same_are_left_out_together_however_many_they_are():
    items = [an_item("alpha", 90, 100, run=f"run-{number:03}") for number in range(300)]
    found = smallest_removals(case(a_document(an_indicator("alpha", "high", 0.5)), *items), "reached")
    assert (found.size, len(found.sets), found.complete) == (300, 1, True)


def _run(name: str, k: int, **changes: Any) -> dict[str, Any]:
    return an_item("alpha", k, 100, run=name, value=None, **changes)


def test_the_elicitation_gap_names_what_differs_and_what_the_better_one_adds():
    evidence = [_run("a", 20, scaffold="basic"), _run("b", 45, scaffold="agent"), _run("c", 46, scaffold="agent")]
    settings = {"a": {"attempts": 1}, "b": {"attempts": 1}, "c": {"attempts": 1}}
    found = elicitation_gaps(evidence, settings, interval="wilson")
    # Of the two runs with the agent the higher counts.
    assert [(gap.lower.run, gap.higher.run, round(gap.adds, 2), gap.apart) for gap in found] == [("a", "c", 0.26, True)]
    assert found[0].differs_in == ("scaffold",)


def test_more_attempts_are_another_elicitation_and_another_metric_is_not():
    evidence = [_run("a", 20), _run("b", 30, metric="pass@12"), _run("c", 90, metric="refusal_rate")]
    found = elicitation_gaps(evidence, {}, interval="wilson")
    assert [(gap.lower.run, gap.higher.run, gap.differs_in, gap.apart) for gap in found] == [
        ("a", "b", ("attempts",), False)
    ]


def test_a_published_share_without_n_has_a_gap_but_no_interval():
    evidence = [
        _run("a", 20, scaffold="basic"),
        an_item("alpha", 1, 1, run="b", tally=None, value=47.0, unit="percent"),
    ]
    (gap,) = elicitation_gaps(evidence, {"b": {"tools": ["shell"]}}, interval="wilson")
    assert (gap.higher.run, round(gap.adds, 2), gap.apart) == ("b", 0.27, None)
    assert gap.differs_in == ("scaffold", "tools")


def _with_missing(*statuses: str) -> dict[str, Any]:
    document = a_document(an_indicator("alpha", "high", 0.5), missing_statuses=list(statuses))
    return {**document, "categories": [{"slug": "cyber"}]}


def test_two_versions_that_count_other_statuses_as_missing_say_so():
    assert counted_otherwise(_with_missing("error", "refused"), _with_missing("error")).startswith(
        "The two versions do not count the same statuses as missing or left out (refused)"
    )
    assert counted_otherwise(_with_missing("error"), _with_missing("error")) == ""


def test_a_category_that_only_one_framework_has_stands_beside_nothing():
    other = {**_with_missing("error"), "categories": []}
    rows = side_by_side(_with_missing("error"), other, [an_item("alpha", 90, 100)], ["cyber"])
    assert [(row["own"]["reached_name"], row["other"], row["differs"]) for row in rows] == [
        (None, None, True), ("High", None, True),
    ]  # fmt: skip


def test_of_very_many_runs_those_of_highest_risk_are_asked_and_the_rest_is_said():
    items = [an_item("alpha", 90 if number == 119 else 1, 100, run=f"run-{number:03}") for number in range(120)]
    asked = case(a_document(an_indicator("alpha", "high", 0.5)), *items)
    said = sentences(asked, answer_of(asked))["flips"]
    assert riskiest(asked, 100)[0]["run"] == "run-119"
    assert len({flips.run for flips in all_flips(asked)}) == 100
    assert said[-1] == "Asked of the 100 runs with the findings of highest risk; 20 more were not."
    assert said[1].startswith("ALPHA (run …un-119): with 31 solves fewer")
