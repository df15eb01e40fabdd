"""Printed totals against their rows: the tables of the o1 system card, exact counts, and what rounding leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evidence import documents
from tests.evidence.conftest import read


def totals(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["column"]: row for row in read(document)["totals"]}


def table(cells: list[dict[str, Any]], printed: str, **changes: Any) -> dict[str, Any]:
    """Return a table of one column whose rows are the given cells."""
    rows = [{"stratum": f"s{place}", "cells": [{"column": "m", **cell}]} for place, cell in enumerate(cells)]
    more = {"columns": ["m"], "rows": rows, "totals": [{"column": "m", "printed": printed}], **changes}
    return {**documents.breakdown({}, ("",) * 4), **more}


def test_the_total_of_table_20_is_one_sample_off_for_o1_and_right_for_the_others() -> None:
    found = totals(documents.breakdown(documents.XSTEST, documents.XSTEST_TOTALS, n=25))
    assert {name: row["verdict"] for name, row in found.items()} == {
        "GPT-4o": "both", "o1-preview": "both", "o1": "neither", "o1-mini": "both",
    }  # fmt: skip
    o1 = found["o1"]
    assert o1["unweighted"]["value"] == pytest.approx(0.940, abs=1e-12)
    assert o1["unweighted"]["difference"] == pytest.approx(-0.004)
    assert o1["unweighted"]["beyond_rounding"] == pytest.approx(0.0035)
    assert "1 of 250 samples" in o1["words"]


def test_without_n_the_rounding_of_the_rows_could_explain_the_total_of_table_20() -> None:
    o1 = totals(documents.breakdown(documents.XSTEST, documents.XSTEST_TOTALS))["o1"]
    assert (o1["verdict"], o1["reproduces"], o1["sample_weighted"]) == ("row_rounding", False, None)


def test_the_totals_of_table_21_are_unweighted_means() -> None:
    found = totals(documents.breakdown(documents.WILDCHAT, documents.WILDCHAT_TOTALS))
    assert {row["verdict"] for row in found.values()} == {"unweighted"}
    assert [round(row["unweighted"]["value"], 4) for row in found.values()] == [0.9455, 0.9714, 0.9786, 0.9568]


def test_the_headline_of_challenging_refusal_is_not_the_unweighted_mean() -> None:
    found = totals(documents.breakdown(documents.CHALLENGING, documents.CHALLENGING_TOTALS))["GPT-4o"]
    assert found["verdict"] == "weights_unknown"
    assert found["unweighted"]["value"] == pytest.approx(0.7002)
    assert found["unweighted"]["difference"] == pytest.approx(0.0128)
    assert "cannot be tried" in found["words"]


def test_a_sample_weighted_total_is_told_from_an_unweighted_one() -> None:
    cells = [{"successes": 90, "n": 100}, {"successes": 5, "n": 10}]
    weighted, unweighted, neither = (
        totals(table(cells, printed))["m"] for printed in ("0.864", "0.700", "0.800")
    )  # fmt: skip
    assert [weighted["verdict"], unweighted["verdict"], neither["verdict"]] == [
        "sample_weighted", "unweighted", "neither",
    ]  # fmt: skip
    assert weighted["words"].endswith("The unweighted mean is 0.700, 0.1640 off.")


def test_a_total_that_is_called_something_else_than_it_is_is_said_so() -> None:
    cells = [{"successes": 90, "n": 100}, {"successes": 5, "n": 10}]
    said = [{"column": "m", "printed": "0.864", "said": "unweighted"}]
    assert totals(table(cells, "0", totals=said))["m"]["words"].endswith("It is called the unweighted mean.")


def test_a_total_outside_its_rows_follows_from_no_weights_at_all() -> None:
    assert totals(table([{"value": "0.4"}, {"value": "0.6"}], "0.8"))["m"]["verdict"] == "neither"


def test_a_printed_value_that_no_whole_count_gives_is_named() -> None:
    found = read(table([{"value": "0.50", "n": 3}, {"value": "0.67", "n": 3}], "0.58"))
    assert found["impossible"] == ["s0, m"]


def test_a_total_in_percent_is_held_to_its_last_digit() -> None:
    cells = [{"successes": 1, "n": 3}, {"successes": 2, "n": 3}]
    assert totals(table(cells, "50.0", unit="percent"))["m"]["verdict"] == "both"
    assert totals(table(cells, "50.1", unit="percent"))["m"]["verdict"] == "neither"


def test_an_exact_half_unit_still_counts_as_rounded() -> None:
    assert totals(table([{"successes": 1, "n": 8}], "0.13"))["m"]["reproduces"]
    assert totals(table([{"successes": 1, "n": 8}], "0.12"))["m"]["reproduces"]
