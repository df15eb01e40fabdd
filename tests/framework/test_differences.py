"""What differs between two versions is told in words, and what is the same is not told."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from scorecard.framework.differences import differences
from tests.framework.documents import beta


def changed(section: str, place: int, **values: Any) -> dict[str, Any]:
    document = deepcopy(beta())
    document[section][place] |= values
    return document


def test_a_document_does_not_differ_from_itself() -> None:
    assert differences(beta(), deepcopy(beta())) == []


@pytest.mark.parametrize(
    ("after", "kind", "words"),
    [
        (changed("indicators", 0, value=0.4), "threshold", ("at or above 45.0 %", "at or above 40.0 %")),
        (changed("indicators", 0, required=False), "threshold", ("cons@32", "cons@32, optional")),
        (changed("indicators", 0, interval="wilson"), "indicator", ("as the policy says", "wilson")),
        (changed("evaluations", 0, role="contextual"), "role", ("may set a level", "never sets a level")),
        (changed("evaluations", 0, category="cbrn"), "role", ("model autonomy", "cbrn")),
        (changed("gates", 0, at_most="low"), "gate", ("up to Medium", "up to Low")),
        (changed("obligations", 0, at_least="medium"), "obligation", ("from High on", "from Medium on")),
        (changed("levels", 3, name="Severe"), "levels", ("High, Critical", "High, Severe")),
        (changed("categories", 0, name="Chemistry"), "category", ("CBRN", "Chemistry")),
        (beta() | {"policy": beta()["policy"] | {"coverage_minimum": 0.8}}, "policy", ("0.9", "0.8")),
        (beta() | {"signoff": beta()["signoff"] | {"validity_days": 9}}, "signoff", ("180 days", "9 days")),
        (beta() | {"signoff": beta()["signoff"] | {"steps": beta()["signoff"]["steps"][1:]}}, "signoff", ("then", "")),
    ],
)
def test_each_kind_of_change_is_one_row_in_words(after: dict[str, Any], kind: str, words: tuple[str, str]) -> None:
    rows = differences(beta(), after)
    assert [row["kind"] for row in rows] == [kind]
    assert words[0] in rows[0]["before"]
    assert words[1] in rows[0]["after"]
    backwards = differences(after, beta())
    assert [(row["before"], row["after"]) for row in backwards] == [(rows[0]["after"], rows[0]["before"])]


def test_definitions_are_compared_level_by_level() -> None:
    after = deepcopy(beta())
    after["categories"][1]["levels"][2]["definition"] = "Other words."
    row = differences(beta(), after)[0]
    assert (row["about"], row["after"]) == ("Cybersecurity, High", "Other words.")


@pytest.mark.parametrize("section", ["indicators", "evaluations", "gates", "obligations", "categories"])
def test_what_came_or_went_is_said_to(section: str) -> None:
    fewer = beta() | {section: beta()[section][1:]}
    assert differences(beta(), fewer)[0]["after"] == "not there"
    assert differences(fewer, beta())[0]["before"] == "not there"
