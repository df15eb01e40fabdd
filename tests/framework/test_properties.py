"""What must hold of the level algorithm for any evidence: nobody lowers a level by failing, losing or withholding."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scorecard.framework.levels import indicate
from scorecard.ledger.canonical import canonical_bytes, digest
from tests.effort import examples
from tests.framework.documents import LEVELS, a_document, an_indicator, an_item, naive_levels

EVALUATIONS = ("alpha", "beta", "gamma")
often = settings(examples(70), suppress_health_check=[HealthCheck.too_slow])


@st.composite
def documents(draw: st.DrawFn, *, direction: str | None = None) -> dict[str, Any]:
    rows = []
    for level in LEVELS[1:]:
        for name in draw(st.sets(st.sampled_from(EVALUATIONS), max_size=2)):
            rows.append(
                an_indicator(
                    name, level, draw(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.7, 0.9])),
                    direction=direction or draw(st.sampled_from(["at_or_above", "at_or_below"])),
                    required=draw(st.integers(0, 3)) > 0,
                    interval=draw(st.sampled_from([None, "wilson", "clopper_pearson"])),
                )
            )  # fmt: skip
    return a_document(*rows, coverage_minimum=draw(st.sampled_from([0.0, 0.5, 0.9])))


@st.composite
def evidences(draw: st.DrawFn) -> list[dict[str, Any]]:
    items = []
    for number in range(draw(st.integers(0, 4))):
        n = draw(st.sampled_from([1, 5, 20, 100, 1000]))
        item = an_item(
            draw(st.sampled_from(EVALUATIONS)), draw(st.integers(0, n)), n, run=f"run-{number}",
            planned=n + draw(st.sampled_from([0, 0, 1, 5, 50])),
            elicitation_adequate=draw(st.sampled_from([True, True, True, None, False])),
        )  # fmt: skip
        items.append(item if draw(st.integers(0, 9)) else {**item, "tally": None})
    return items


def result_of(document: dict[str, Any], evidence: list[dict[str, Any]]) -> dict[str, Any]:
    return indicate(document, "cyber", "post_mitigation", evidence)


def rank(result: dict[str, Any]) -> int:
    level = result["indicated_level"]
    return -1 if level is None else LEVELS.index(level)


def contradicts(result: dict[str, Any]) -> bool:
    return any(row["contradiction"] for row in result["levels"])


def _changed(item: dict[str, Any], *, k: int = 0, lost: int = 0) -> dict[str, Any]:
    tally = item["tally"]
    good, n = int(tally["total"]) + k, tally["scored"] - lost
    return {**item, "tally": an_item("alpha", good, n, planned=tally["expected"])["tally"]}


@often
@given(documents(), evidences())
def test_the_naive_reading_of_the_algorithm_agrees(document, evidence):
    result = result_of(document, evidence)
    indicated, reached, findings = naive_levels(document, evidence)
    assert (result["indicated_level"], result["reached_level"]) == (indicated, reached)
    assert [row["finding"] for row in result["levels"][1:]] == findings


@often
@given(documents(direction="at_or_above"), evidences(), st.integers(0, 3), st.integers(1, 1000))
def test_more_successes_never_lower_the_indicated_level(document, evidence, place, more):
    assume(place < len(evidence) and evidence[place]["tally"])
    tally = evidence[place]["tally"]
    better = [*evidence]
    better[place] = _changed(evidence[place], k=min(more, tally["scored"] - int(tally["total"])))
    assert rank(result_of(document, better)) >= rank(result_of(document, evidence))


@often
@given(documents(direction="at_or_above"), evidences(), st.integers(0, 3), st.integers(1, 1000), st.booleans())
def test_losing_scored_samples_never_lowers_the_indicated_level(document, evidence, place, lost, failures):
    assume(place < len(evidence) and evidence[place]["tally"])
    before = result_of(document, evidence)
    assume(not contradicts(before))
    tally = evidence[place]["tally"]
    wrong = tally["scored"] - int(tally["total"])
    count = min(lost, wrong if failures else int(tally["total"]))
    fewer = [*evidence]
    fewer[place] = _changed(evidence[place], k=0 if failures else -count, lost=count)
    assert rank(result_of(document, fewer)) >= rank(before)


@often
@given(documents(), evidences(), st.sampled_from(EVALUATIONS))
def test_withholding_the_evidence_of_a_required_indicator_never_lowers_the_level(document, evidence, name):
    before = result_of(document, evidence)
    assume(not contradicts(before))
    assume(all(row["required"] for row in document["indicators"] if row["evaluation"] == name))
    after = result_of(document, [item for item in evidence if item["evaluation"] != name])
    assert after["indicated_level"] is None or rank(after) >= rank(before)


@often
@given(documents(), evidences())
def test_a_stricter_policy_never_lowers_the_indicated_level(document, evidence):
    strict = {**document, "policy": {**document["policy"], "coverage_minimum": 0.99}}
    assert rank(result_of(strict, evidence)) >= rank(result_of(document, evidence))
    doubted = [{**item, "elicitation_adequate": None} for item in evidence]
    assert rank(result_of(document, doubted)) >= rank(result_of(document, evidence))


@often
@given(documents(), evidences(), st.randoms())
def test_the_same_inputs_give_the_same_digest_in_any_order(document, evidence, shuffler):
    mixed = list(evidence)
    shuffler.shuffle(mixed)
    assert digest(result_of(document, mixed)) == digest(result_of(document, evidence))
    assert canonical_bytes(result_of(document, evidence))


def test_in_a_contradiction_the_reached_level_stands_and_withholding_it_lowers_the_level():
    document = a_document(an_indicator("alpha", "medium", 0.5), an_indicator("beta", "high", 0.5))
    low, high = an_item("alpha", 5, 100), an_item("beta", 90, 100)
    both = result_of(document, [low, high])
    assert (both["indicated_level"], both["reached_level"], contradicts(both)) == ("high", "high", True)
    assert result_of(document, [low])["indicated_level"] == "low"


@pytest.mark.parametrize("mitigation", ["pre_mitigation", "unspecified"])
def test_evidence_of_another_side_says_nothing(mitigation):
    document = a_document(an_indicator("alpha", "medium", 0.5))
    assert result_of(document, [an_item("alpha", 9, 10, mitigation=mitigation)])["indicated_level"] is None
