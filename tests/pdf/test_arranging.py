"""What the printed card says, before it is laid out: every sentence comes from the record, and nothing is left out."""

from __future__ import annotations

from typing import Any

import pytest

from scorecard.pdf.arranging import ILLUSTRATIVE, context
from tests.pdf.cards import (
    KEY,
    LEVELS,
    VERIFY_URL,
    a_draft,
    a_framework,
    a_sealed_card,
    a_signature,
    a_snapshot,
    an_item,
    the_evidence,
)


def _said(card: dict[str, Any], **changes: Any) -> dict[str, Any]:
    asked = {"framework": a_framework(), "verify_url": VERIFY_URL, "verification_key": KEY, **changes}
    return context(card, **asked)


def test_the_decision_names_the_rule_and_the_deciding_categories() -> None:
    said = _said(a_sealed_card())
    assert [(row["words"], row["reasons"]) for row in said["decisions"]] == [
        ("May be deployed", []),
        ("May be developed further", []),
    ]
    assert said["decided_by"] == "Decided by the highest category: CBRN."
    assert said["overall"] == {"name": "Medium", "shade": "2", "glyph": "bars-1-dark.svg"}


def test_a_denied_action_is_printed_with_its_reasons() -> None:
    said = _said(a_sealed_card(a_snapshot(levels={**LEVELS, "cbrn": "critical"})))
    assert [row["words"] for row in said["decisions"]] == ["May not be deployed", "May not be developed further"]
    assert all(row["reasons"] for row in said["decisions"])
    assert said["overall"]["glyph"] == "bars-3-light.svg"


def test_an_undetermined_category_leaves_no_overall_level() -> None:
    said = _said(a_draft(a_snapshot(levels={"cbrn": "medium"})))
    assert said["overall"] == {"name": "Not determined", "shade": "0", "glyph": ""}
    assert said["decided_by"].startswith("No overall level: Cybersecurity, Persuasion and Model autonomy")
    assert said["draft"]


def test_each_row_of_the_level_table_says_what_decides_and_how_complete_the_evidence_is() -> None:
    rows = {row["name"]: row for row in _said(a_sealed_card())["levels"]}
    assert rows["CBRN"]["complete"] == "3 / 3"
    assert rows["CBRN"]["alone"] == "Medium reached"
    assert rows["Cybersecurity"]["deciding"] == "Capture-the-flag, professional"
    assert rows["Model autonomy"]["complete"] == "1 / 2"


def test_exceptions_say_in_words_where_people_went_below_the_evidence() -> None:
    said = {row["name"]: row["words"] for row in _said(a_sealed_card())["exceptions"]}
    assert "Post-mitigation Low was set by people; the evidence does not rule out Medium" in said["Cybersecurity"]
    assert "Pre-mitigation Low was set by people without evidence that decides." in said["Cybersecurity"]
    assert said["Model autonomy"].endswith("Not run after mitigation: Agentic tasks, OpenAI API proxy (hardest).")


def test_a_card_without_exceptions_lists_none() -> None:
    snapshot = a_snapshot()
    for category in snapshot["categories"]:
        for side in ("pre_mitigation", "post_mitigation"):
            category[side] |= {"statement": None, "levels": []}
    assert _said(a_sealed_card({**snapshot, "lint": []}))["exceptions"] == []


def test_an_open_step_of_sign_off_waits_and_an_extra_signature_is_shown() -> None:
    card = a_sealed_card()
    dissent = a_signature(card["snapshot"], "advisory_member", "dissents", "Bo Marsh")
    rows = _said({**card, "signatures": [card["signatures"][0], dissent]})["signoff"]
    assert [(row["name"], row["decision"]) for row in rows] == [
        ("Ada Lind", "Submitted"),
        ("Chen Okafor", "Recommended 5 Dec, 09:30"),
        ("—", "Waiting"),
        ("Bo Marsh", "Dissented 5 Dec, 09:30"),
    ]


def test_every_run_is_printed_in_exactly_one_table_and_in_the_index() -> None:
    said = _said(a_sealed_card())
    indicators = {row["run"] for chapter in said["chapters"] for side in chapter["sides"] for row in side["indicators"]}
    tables = [said["safety"], said["red_teaming"], said["other"], *(one["further"] for one in said["chapters"])]
    assert len(indicators - {""}) + sum(len(table["rows"]) for table in tables) == len(the_evidence())
    assert [row["run"] for row in said["index"]["rows"]] == [item["run"] for item in the_evidence()]


def test_the_scope_counts_what_is_only_a_lower_bound_and_what_has_no_counts() -> None:
    lines = " ".join(_said(a_sealed_card())["scope"])
    assert "rests on 12 runs: 12 made on this checkpoint, 0 made on another one" in lines
    assert "5 of 12 runs were not declared adequately elicited" in lines
    assert "5 of 12 runs were published without the counts" in lines


def test_runs_of_another_checkpoint_are_counted_under_their_declaration() -> None:
    evidence = [
        *the_evidence(),
        an_item(20, "makemesay", "win_rate", k=1, n=9, applies="app_1", checkpoint="atlas-2-rc0"),
    ]
    said = _said(a_sealed_card(a_snapshot(evidence)))
    assert said["applicability"][0]["runs"] == "1"
    further = next(row for row in said["chapters"] if row["slug"] == "persuasion")["further"]["rows"]
    assert "atlas-2-rc0 *" in {row["checkpoint"] for row in further}


def test_illustrative_thresholds_are_said_in_the_classification_and_only_then() -> None:
    assert _said(a_sealed_card())["classification"] == ILLUSTRATIVE
    assert _said(a_sealed_card(), framework=a_framework(illustrative_thresholds=False))["classification"] == ""


def test_a_replaced_version_is_named_with_its_digest() -> None:
    former = {"number": "PSC-2026-0001", "version": 1, "digest": "sha256:aa"}
    said = _said(a_sealed_card(a_snapshot(version=2, replaces=former)))
    assert said["replaced"] == "PSC-2026-0001 v1, sha256:aa"
    assert said["identity"] == "PSC-2026-0001 v2"
    assert said["control"][0]["value"] == "PSC-2026-0001, version 2 (replaces v1)"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", ""])
def test_an_address_that_is_no_web_address_is_never_linked(address: str) -> None:
    assert _said(a_sealed_card(), verify_url=address)["verify_url"] == ""


def test_several_runs_on_one_indicator_are_counted_beside_the_deciding_one() -> None:
    evidence = [*the_evidence(), an_item(30, "ctf-professional", "pass@12", k=30, n=100)]
    said = _said(a_sealed_card(a_snapshot(evidence)))
    chapter = next(row for row in said["chapters"] if row["slug"] == "cybersecurity")
    row = next(row for row in chapter["sides"][1]["indicators"] if row["run"] == "run_0030")
    assert (row["others"], row["value"], row["n"]) == ("1", "30%", "100")


def test_the_same_card_is_arranged_the_same_way() -> None:
    assert _said(a_sealed_card()) == _said(a_sealed_card())


def test_a_framework_without_an_overall_level_is_printed_in_its_own_words() -> None:
    sides = {"pre_mitigation": {"name": "Capability"}, "post_mitigation": {"name": "Residual risk"}}
    framework = {**a_framework(), "overall": "none", "sides": sides}
    card = a_sealed_card()
    card["snapshot"]["categories"][0] |= {"kind": "research"}
    card["snapshot"]["categories"][0]["pre_mitigation"] |= {"determined_level": None, "determination": None}
    found = context(card, framework=framework, verify_url=VERIFY_URL, verification_key=KEY)
    assert (found["has_overall"], found["sides"]) == (
        False, {"pre_mitigation": "Capability", "post_mitigation": "Residual risk"}
    )  # fmt: skip
    assert found["levels"][0]["pre"]["name"] == "Not rated"
    assert found["chapters"][0]["sides"][0]["name"] == "Capability"
    assert found["decided_by"] == "The framework has no overall level: each category is decided by itself."
