"""What can be compared, what must be known of it, and what differs, on plain rows."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from evaluations.estimates.tally import tally_from_counts
from scorecard.contrast import (
    counts_of,
    decision_rows,
    figures_of,
    finding_rows,
    flags_of,
    level_rows,
    reason_rows,
    refusal_of,
    threshold_rows,
)
from tests.xray.world import World


def item(**changes: Any) -> dict[str, Any]:
    return {
        "run": "run-1", "evaluation": "ctf", "stratum": None, "metric": "pass@1", "mitigation": "post_mitigation",
        "unit": "proportion", "dataset_digest": "sha256:1", "version": "1", "scaffold": None, "qualifier": "=",
        "elicitation_adequate": True, "tested_at": "2026-01-01T00:00:00Z", "form": "tally",
        "tally": tally_from_counts(5, 100, None).to_dict(), **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"unit": "percent"}, "the units differ: proportion and percent"),
        ({"dataset_digest": "sha256:2"}, "the dataset digests differ"),
        ({"version": "2"}, "the versions of the evaluation differ: 1 and 2"),
        ({"dataset_digest": None, "version": None}, ""),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason(changes: dict[str, Any], words: str) -> None:
    assert refusal_of(item(), item(**changes)) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"dataset_digest": None}, ["that the dataset is the same is not stated"]),
        ({"version": None}, ["only one states the version of the evaluation"]),
        ({"scaffold": "AIDE", "elicitation": {"attempts": 12}}, ["elicitation differs: attempts, scaffold"]),
        ({"elicitation_adequate": None}, ["elicitation was not declared adequate"]),
        ({"qualifier": "~"}, ["a figure is a bound or approximate"]),
        ({"expired": [{"kind": "age", "words": "w"}]}, ["a figure has ended as evidence"]),
    ],
)
def test_what_must_be_known_is_flagged(changes: dict[str, Any], words: list[str]) -> None:
    assert flags_of(item(), item(**changes)) == words


def test_only_counts_of_independent_samples_give_an_interval() -> None:
    assert counts_of(item()) == (5, 100)
    assert counts_of(item(tally=None)) is None
    assert counts_of(item(unit="minutes")) is None
    assert counts_of(item(tally={**item()["tally"], "total": 5.5})) is None
    assert counts_of(item(tally={**item()["tally"], "units": 10})) is None


def test_the_last_run_of_a_measurement_stands_for_it() -> None:
    rows = [item(run="run-2"), item(run="run-1", tested_at="2026-02-01T00:00:00Z"), item(run="run-3", stratum="easy")]
    assert [row["run"] for row in figures_of(rows).values()] == ["run-1", "run-3"]


def test_two_cards_differ_where_they_were_made_to_differ() -> None:
    one, other = World(), World()
    other.levels["cybersecurity", "post_mitigation"] = "medium"
    other.reasons["persuasion", "pre_mitigation"] = "another reason"
    other.figure("run-b")["tally"] = tally_from_counts(300, 400, None).to_dict()
    other.framework["indicators"][0]["value"] = 0.6
    first, second = one.document()["card"], other.document()["card"]
    moved = [(row["category"], row["side"]) for row in level_rows([first, second]) if row["moved"]]
    assert moved == [("cybersecurity", "post_mitigation")]
    assert ("ctf-medium", "post_mitigation", "ruled_out", "reached") in {
        (row["indicator"], row["side"], row["a"], row["b"]) for row in finding_rows(first, second)
    }
    (threshold,) = threshold_rows(one.framework, other.framework)
    assert (threshold["indicator"], threshold["a"]["value"], threshold["b"]["value"]) == ("ctf-medium", 0.5, 0.6)
    assert {(row["category"], row["side"]) for row in reason_rows(first, second)} >= {("persuasion", "pre_mitigation")}
    gated = {"action": "deploy", "decision": "allow"}
    denied = deepcopy(gated) | {"decision": "deny"}
    assert decision_rows({**first, "gates": [gated]}, {**second, "gates": [denied]}) == [
        {"kind": "gates", "name": "deploy", "a": "allow", "b": "deny"}
    ]


def test_a_card_does_not_differ_from_itself() -> None:
    card = World().document()["card"]
    assert finding_rows(card, card) == decision_rows(card, card) == reason_rows(card, card) == []
    assert not any(row["moved"] for row in level_rows([card, card, card]))
