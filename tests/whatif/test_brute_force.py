"""Every answer equals what is found by trying everything: sets of runs, flips, further samples."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from evaluations.estimates.tally import tally_from_dict
from scorecard.framework.findings import run_finding
from scorecard.whatif.flipping import CHANGES, flips_of
from scorecard.whatif.removing import smallest_removals, without_each
from scorecard.whatif.sampling import extended, further_samples
from scorecard.whatif.standing import Case, case_of
from tests.effort import examples
from tests.framework.documents import LEVELS, a_document, an_indicator, an_item
from tests.whatif import naive

EVALUATIONS = ("alpha", "beta", "gamma")
WHICH = ("indicated", "reached")
often = settings(examples(25), suppress_health_check=[HealthCheck.too_slow], deadline=None)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    rows = []
    for level in LEVELS[1:]:
        for name in draw(st.sets(st.sampled_from(EVALUATIONS), max_size=2)):
            rows.append(
                an_indicator(
                    name, level, draw(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.7, 0.9])),
                    direction=draw(st.sampled_from(["at_or_above", "at_or_below"])),
                    required=draw(st.integers(0, 3)) > 0,
                    interval=draw(st.sampled_from([None, "wilson", "clopper_pearson"])),
                )
            )  # fmt: skip
    return a_document(*rows, coverage_minimum=draw(st.sampled_from([0.0, 0.5, 0.9, 1.0])))


@st.composite
def evidences(draw: st.DrawFn, *, most: int = 5, sizes: tuple[int, ...] = (1, 5, 20, 100)) -> list[dict[str, Any]]:
    items = []
    for number in range(draw(st.integers(1, most))):
        n = draw(st.sampled_from(sizes))
        item = an_item(
            draw(st.sampled_from(EVALUATIONS)), draw(st.integers(0, n)), n, run=f"run-{number}",
            planned=n + draw(st.sampled_from([0, 0, 1, 5, 12])),
            elicitation_adequate=draw(st.sampled_from([True, True, True, None])),
        )  # fmt: skip
        items.append(item if draw(st.integers(0, 9)) else {**item, "tally": None})
    return items


def case(document: dict[str, Any], evidence: list[dict[str, Any]]) -> Case:
    return case_of(document, "cyber", "post_mitigation", evidence)


@often
@given(documents(), evidences())
@pytest.mark.parametrize("which", WHICH)
def test_the_smallest_sets_are_those_found_by_trying_all(which, document, evidence):
    asked = case(document, evidence)
    found, expected = smallest_removals(asked, which), naive.smallest_sets_of(asked, which)
    assert [(one.runs, one.level) for one in found.sets] == expected
    assert (found.size, found.complete) == (len(expected[0][0]) if expected else None, True)


@often
@given(documents(), evidences())
def test_the_level_without_each_run_is_the_one_that_the_others_give(document, evidence):
    asked = case(document, evidence)
    for run, verdict in without_each(asked).items():
        others = [item for item in evidence if item["run"] != run]
        assert asdict(verdict) == {which: naive.level(document, others, which) for which in WHICH}


@often
@given(documents(), evidences(most=3, sizes=(1, 5, 20)), st.sampled_from(CHANGES))
def test_the_fewest_flips_are_those_found_by_trying_every_count(document, evidence, change):
    asked = case(document, evidence)
    assume(asked.evidence and asked.evidence[0]["tally"])
    item = asked.evidence[0]
    found = flips_of(asked, item, change)
    expected = {which: naive.fewest_flips(document, evidence, item, change, which) for which in WHICH}
    if found is None:
        assert not any(naive.flipped_counts(item, change))
        return
    got = {which: getattr(found, which) for which in WHICH}
    assert {which: flip and (flip.count, flip.level) for which, flip in got.items()} == expected
    assert {one.indicator: (one.count, one.finding) for one in found.findings} == naive.fewest_for_findings(
        document, evidence, item, change
    )


@often
@given(documents(), evidences(most=2))
def test_the_further_samples_are_the_fewest_that_decide(document, evidence):
    asked = case(document, evidence)
    for item in asked.evidence:
        for indicator in asked.speaking_to(item):
            if item["tally"] is None or run_finding(indicator, item, document["policy"])[0] != "cannot_rule_out":
                continue
            found = further_samples(asked, item, indicator, most=300)
            tally = tally_from_dict(item["tally"])
            tried = (
                (count, run_finding(indicator, {**item, "tally": extended(tally, count).to_dict()}, document["policy"]))
                for count in range(1, 301)
            )
            decided = next(((count, one[0]) for count, one in tried if one[0] != "cannot_rule_out"), None)
            assert (found.count and (found.count, found.finding)) == decided
            if found.verdict is not None and found.count is not None:
                grown = {**item, "tally": extended(tally, found.count).to_dict()}
                then = naive.replaced(evidence, grown)
                assert asdict(found.verdict) == {which: naive.level(document, then, which) for which in WHICH}
