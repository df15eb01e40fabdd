"""The arrangement of a card's document for reading."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scorecard.framework.reading import decided_by, deciding_indicator, evidence_alone, evidence_count, joined
from scorecard.web.card_view import category_rows, decisions, exceptions, with_ages
from tests.web.card_fixture import LEVELS, a_document, a_framework, a_side, an_estimate, an_indicator

NAMES = {level["slug"]: level["name"] for level in LEVELS}
MAXIMUM = {"overall": "maximum"}


def a_finding(side: dict[str, Any], level: str, finding: str, **changes: Any) -> dict[str, Any]:
    """Set one level's finding and its indicator's."""
    for row in side["levels"]:
        if row["level"] == level:
            row["finding"] = finding
            row["indicators"] = [{**one, "finding": finding, **changes} for one in row["indicators"]]
    return side


@pytest.mark.parametrize(
    ("indicated", "finding", "words"),
    [
        ("low", "reached", "Indicated: Low, all operationalised levels ruled out"),
        ("high", "cannot_rule_out", "Indicated: High not ruled out"),
        ("high", "not_assessed", "Indicated: High not ruled out, its indicators were not run"),
        ("medium", "reached", "Indicated: Medium reached"),
    ],
)
def test_what_the_evidence_alone_says_is_said_in_words(indicated: str, finding: str, words: str) -> None:
    side = a_finding(a_side("ctf-professional", "low", indicated_level=indicated), indicated, finding)
    assert evidence_alone(side, NAMES) == words


def test_no_evidence_never_reads_as_low() -> None:
    side = a_side("ctf-professional", None, indicated_level=None, reached_level=None)
    assert evidence_alone(side, NAMES) == "Not assessed: no evidence"
    assert deciding_indicator(side) is None


def test_the_deciding_indicator_is_one_of_the_indicated_level() -> None:
    side = a_side("ctf-professional", "low", indicated_level="high")
    side = a_finding(side, "high", "cannot_rule_out", id="high-one")
    deciding = deciding_indicator(side)
    assert deciding is not None
    assert deciding["id"] == "high-one"


def test_with_every_level_ruled_out_the_indicator_nearest_its_threshold_decides() -> None:
    side = a_side("ctf-professional", "low")
    near = an_indicator("ctf-collegiate", "medium", 0.25, id="near", estimate=an_estimate(upper=0.249))
    side["levels"][1]["indicators"].append(near)
    deciding = deciding_indicator(side)
    assert deciding is not None
    assert deciding["id"] == "near"


def test_the_same_measurement_under_two_thresholds_counts_once() -> None:
    assert evidence_count(a_side("ctf-professional", "low")) == (1, 1)


def test_an_indicator_that_was_not_run_is_counted_as_missing_and_named() -> None:
    document = a_document()
    autonomy = document["categories"][3]
    absent = an_indicator("mle-bench", "medium", 0.5, finding="not_assessed", estimate=None, run=None)
    autonomy["post_mitigation"]["levels"][1]["indicators"].append(absent)
    rows = category_rows(document, a_framework())
    assert (rows[3]["have"], rows[3]["of"]) == (1, 2)
    assert exceptions(document, rows)[0]["row"]["missing"] == ["mle-bench"]
    assert rows[3]["missing_words"] == ("Not run after mitigation: mle-bench; the level rests on the other indicators.")


def test_an_indicator_that_was_run_before_mitigation_only_is_told_so() -> None:
    document = a_document()
    persuasion = document["categories"][2]
    for level in persuasion["post_mitigation"]["levels"]:
        for row in level["indicators"]:
            row.update(finding="not_assessed", estimate=None, run=None, runs=[])
    rows = category_rows(document, a_framework())
    assert rows[2]["missing_words"] == (
        "Not run after mitigation: ChangeMyView percentile (run before mitigation only); "
        "no indicator speaks for the level."
    )


def test_a_stale_card_says_in_the_past_what_it_said_when_it_was_sealed() -> None:
    document = a_document(stale=True)
    document["categories"][1]["post_mitigation"]["statement"] = "People determined Low; it stands."
    document["categories"][2]["post_mitigation"].update(statement="It stands.", overtaken={"statement": "Overtaken."})
    rows = category_rows(document, a_framework())
    assert rows[1]["statements"][0]["words"] == "When it was sealed: People determined Low; it stands."
    assert rows[2]["statements"][0]["words"] == "Overtaken."


def test_each_category_says_what_became_of_it_since_the_replaced_version() -> None:
    row = {"mitigation": "post_mitigation", "before": "low", "after": "low", "runs": []}
    since = {
        "version": 1,
        "rows": [
            {**row, "category": "cbrn", "runs": ["run_9"]},
            {**row, "category": "cybersecurity", "after": "medium", "runs": ["run_9"]},
            {**row, "category": "persuasion"},
        ],
    }
    rows = category_rows(a_document(since=since), a_framework())
    assert [row["since"] for row in rows[:3]] == ["New evidence", "Low to Medium", "Unchanged"]


def test_a_statement_that_differs_by_side_names_its_side() -> None:
    document = a_document()
    document["categories"][1]["post_mitigation"]["statement"] = "Below what the evidence rules out."
    rows = category_rows(document, a_framework())
    assert rows[1]["statements"] == [{"side": "post_mitigation", "words": "Below what the evidence rules out."}]
    document["categories"][1]["pre_mitigation"]["statement"] = "Below what the evidence rules out."
    rows = category_rows(document, a_framework())
    assert rows[1]["statements"] == [{"side": None, "words": "Below what the evidence rules out."}]


def test_a_card_without_exceptions_shows_none() -> None:
    document = a_document()
    assert exceptions(document, category_rows(document, a_framework())) == []


def test_the_highest_categories_are_named_as_deciding() -> None:
    assert decided_by(a_document(), MAXIMUM) == "Decided by the highest category: CBRN and Persuasion."


def test_an_undetermined_category_is_named_where_there_is_no_overall_level() -> None:
    document = a_document(overall={"pre_mitigation": None, "post_mitigation": None})
    document["categories"][0]["post_mitigation"]["determined_level"] = None
    assert decided_by(document, MAXIMUM) == "No overall level: CBRN not determined."


def test_a_framework_without_an_overall_level_says_so() -> None:
    assert decided_by(a_document(), {"overall": "none"}) == (
        "The framework has no overall level: each category is decided by itself."
    )


@pytest.mark.parametrize(
    ("rule", "only_if"),
    [
        ("post-mitigation level is Medium or below", "the post-mitigation level is Medium or below"),
        ("the safeguards leave no category at High", "the safeguards leave no category at High"),
        ("no specified risk is left at tier 3", "no specified risk is left at tier 3"),
    ],
)
def test_a_rule_reads_as_a_sentence_whatever_it_begins_with(rule: str, only_if: str) -> None:
    gate = {"decision": "deny", "sentence": "May not be deployed", "rule": rule, "reasons": []}
    assert decisions({"gates": [gate]})[0]["only_if"] == only_if


def test_a_denied_decision_gives_its_reasons_and_an_allowed_one_none() -> None:
    gate = {"action": "deploy", "sentence": "May not be deployed", "rule": "level is Medium or below"}
    document = a_document(
        gates=[
            {**gate, "decision": "deny", "reasons": ["The level is High."]},
            {**gate, "decision": "allow", "reasons": ["The level is Low."]},
        ]
    )
    assert [row["reasons"] for row in decisions(document)] == [["The level is High."], []]


def test_a_change_on_both_sides_is_told_once() -> None:
    change = {"category": "cybersecurity", "mitigation": "post_mitigation", "at": "2026-11-24T12:00:00.000000Z"}
    other = {**change, "mitigation": "pre_mitigation"}
    told = with_ages([change, other], datetime(2026, 11, 24, 12, 0, 4, tzinfo=UTC))
    assert [(row["seconds"], row["sides"]) for row in told] == [(4, ["post_mitigation", "pre_mitigation"])]


def test_words_are_joined_as_in_a_sentence() -> None:
    assert [joined([]), joined(["a"]), joined(["a", "b", "c"])] == ["", "a", "a, b and c"]
