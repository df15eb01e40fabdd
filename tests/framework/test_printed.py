"""A published figure keeps its own digits and words, and says where no whole count can have given it."""

from __future__ import annotations

import pytest

from scorecard.framework.printed import count_doubt, figure_words, metric_words, row_words, unit_words


def an_item(**changes):
    return {
        "form": "estimate", "value": 0.8734, "unit": "proportion", "metric": "accuracy", "qualifier": "=",
        "reported_n": None, "stratum": None, "printed": None, **changes,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["0.8734", "0.8540", "1.0", "near or at 100", "<=18", "57-60"])
def test_a_printed_figure_is_never_rounded_or_read(text):
    assert figure_words(an_item(printed={"value": text, "unit": "percentage points over GPT-4o"})) == (
        f"{text} percentage points over GPT-4o"
    )


def test_without_printed_words_the_reports_own_unit_and_qualifier_stand():
    assert figure_words(an_item(qualifier="<=")) == "at most 0.8734 proportion"
    assert figure_words(an_item(value=None)) == ""
    assert unit_words(an_item()) == "proportion"
    assert metric_words(an_item(printed={"value": "1", "metric": "P(not-stereotype | not unknown)"})) == (
        "P(not-stereotype | not unknown)"
    )


def test_a_row_is_named_by_its_stratum_then_by_its_printed_name_then_by_the_title():
    assert row_words(an_item(stratum="hate", printed={"value": "1", "evaluation": "Refusal: hate"}), "T") == "hate"
    assert row_words(an_item(printed={"value": "1", "evaluation": "SWE-bench (text)"}), "T") == "SWE-bench (text)"
    assert row_words(an_item(), "T") == "T"


@pytest.mark.parametrize(
    ("text", "unit", "n", "fits"),
    [
        ("17", "percent", "10", False),
        ("83", "percent", "10", False),
        ("80", "percent", "10", True),
        ("59", "percent", "350", True),
        ("0.47", "proportion", "87", True),
        ("50.0", "percent", "25", False),
        ("41.3", "percent", "500", False),
        ("17", "percent", "more than 10", True),
        ("17", "percent", None, True),
        ("10", "points", "18", True),
        ("near or at 100", "percent", "5", True),
        ("nan", "percent", "5", True),
        ("1e400", "percent", "5", True),
    ],
)
def test_a_share_that_no_whole_count_gives_is_named_however_it_was_rounded(text, unit, n, fits):
    item = an_item(unit=unit, reported_n=n, printed={"value": text, "unit": unit})
    assert count_doubt(item) == ("" if fits else f"no whole number of {n} gives {text}")


def test_what_was_counted_is_never_doubted():
    assert count_doubt(an_item(form="tally", value=0.17, reported_n="10")) == ""
