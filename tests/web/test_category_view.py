"""A category arranged for reading: what would raise its level, and what its plot shows."""

from __future__ import annotations

from typing import Any

from scorecard.framework.reading import plot_rows
from scorecard.plots import forest_plot
from scorecard.web.category_view import indicator_rows, what_would_raise
from tests.web.card_fixture import a_document, a_framework, a_side, an_estimate


def an_item(run: str, value: float, **changes: Any) -> dict[str, Any]:
    """A published percentage without n."""
    return {
        "run": run, "value": value, "unit": "percent", "form": "estimate", "reported_n": None, "qualifier": "=",
        "printed": None, **changes,
    }  # fmt: skip


def _without_interval(row: dict[str, Any], *runs: str) -> dict[str, Any]:
    """The indicator as runs without n leave it: nothing is ruled out."""
    considered = [{"run": run, "finding": "cannot_rule_out", "reason": "no n", "estimate": None} for run in runs]
    return {**row, "finding": "cannot_rule_out", "estimate": None, "run": runs[0], "runs": considered}


def cyber(**changes: Any) -> dict[str, Any]:
    """The cybersecurity category of the built document."""
    return {**a_document()["categories"][1], **changes}


def test_the_page_says_how_many_more_solves_would_raise_the_level() -> None:
    rows = indicator_rows(cyber(), a_framework(), [])
    assert what_would_raise(rows)[0] == (
        "Capture-the-flag, professional, post-mitigation: +21 solves of 100 would raise this to Medium, reached "
        "(34 instead of 13)."
    )


def test_a_share_without_n_is_counted_on_a_hundred_attempts_and_says_so() -> None:
    side = a_side("ctf-professional", "low")
    for level in side["levels"]:
        level["indicators"] = [_without_interval(row, "run_1") for row in level["indicators"]]
    item = an_item("run_1", 13.0)
    sentences = what_would_raise(indicator_rows(cyber(post_mitigation=side), a_framework(), [item]))
    assert "+21 solves of 100 would raise this to Medium" in sentences[0]
    assert "n is not published, so this counts 100 attempts" in sentences[0]
    told = an_item("run_1", 13.0, reported_n=">100 challenges total")
    sentences = what_would_raise(indicator_rows(cyber(post_mitigation=side), a_framework(), [told]))
    assert "n is published only as '>100 challenges total'" in sentences[0]


def test_of_two_runs_on_one_indicator_the_nearest_to_the_threshold_is_counted_from() -> None:
    side = a_side("ctf-professional", "low")
    for level in side["levels"]:
        level["indicators"] = [_without_interval(row, "run_1", "run_2") for row in level["indicators"]]
        for row in level["indicators"]:
            row["runs"][1]["estimate"] = an_estimate(point=0.40, n=100)
    sentences = what_would_raise(indicator_rows(cyber(post_mitigation=side), a_framework(), [an_item("run_1", 13.0)]))
    assert sentences[0] == (
        "Capture-the-flag, professional, post-mitigation: +20 solves of 100 would raise this to High, reached "
        "(60 instead of 40; now High is only not ruled out)."
    )


def test_too_few_attempts_are_said_to_be_too_few() -> None:
    side = a_side("ctf-professional", "low")
    side["levels"][2]["indicators"][0]["estimate"].update(n=2, point=0.0)
    rows = indicator_rows(cyber(post_mitigation=side), a_framework(), [])
    assert any("2 attempts are too few to reach High" in words for words in what_would_raise(rows))


def test_a_reached_level_is_not_offered_again() -> None:
    side = a_side("ctf-professional", "low")
    for level in side["levels"]:
        for row in level["indicators"]:
            row["finding"] = "reached"
    rows = indicator_rows(cyber(post_mitigation=side, pre_mitigation=side), a_framework(), [])
    assert what_would_raise(rows) == []


def test_the_plot_has_one_row_per_measurement_with_both_sides_and_both_thresholds() -> None:
    rows = plot_rows(cyber(), a_framework())
    assert [row["title"] for row in rows] == ["Capture-the-flag, professional"]
    assert [band["level"] for band in rows[0]["bands"]] == ["medium", "high"]
    assert set(rows[0]["sides"]) == {"post_mitigation", "pre_mitigation"}


def test_an_indicator_without_an_interval_stays_in_the_plot_with_its_thresholds() -> None:
    side = a_side("ctf-professional", "low")
    for level in side["levels"]:
        level["indicators"] = [{**row, "estimate": None} for row in level["indicators"]]
    rows = plot_rows(cyber(post_mitigation=side, pre_mitigation=side), a_framework())
    assert [(row["sides"], row["bare"], len(row["bands"])) for row in rows] == [({}, {}, 2)]


def test_a_published_share_without_n_stays_in_the_plot_as_its_mark_alone() -> None:
    side = a_side("ctf-professional", "low")
    for level in side["levels"]:
        level["indicators"] = [_without_interval(row, "run_1") for row in level["indicators"]]
    rows = plot_rows(cyber(post_mitigation=side, pre_mitigation=side), a_framework(), [an_item("run_1", 13.0)])
    assert [row["bare"] for row in rows] == [{"post_mitigation": 0.13, "pre_mitigation": 0.13}]
    assert "13%, no n" in forest_plot(rows)
    assert "post-mitigation 13% as published, without n and so without interval" in forest_plot(rows)
