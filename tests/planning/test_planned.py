"""Planned against done, on plain rows."""

from __future__ import annotations

from typing import Any

import pytest

from evaluations.estimates.tally import tally_from_counts
from scorecard.framework.planned import locked_since, planned_against_done, unplanned
from tests.xray.world import World

ITEM = {"evaluation": "ctf", "stratum": None, "metric": "pass@1", "mitigation": "post_mitigation"}
LOCKED = "2026-01-05T00:00:00.000000Z"


def run(**changes: Any) -> dict[str, Any]:
    return {
        **ITEM, "run": "run-1", "tested_at": "2026-01-10T08:00:00.000000Z", "dataset_digest": "sha256:1",
        "version": "1", "tally": tally_from_counts(5, 100, None).to_dict(), **changes,
    }  # fmt: skip


def deviations(planned: dict[str, Any], **changes: Any) -> list[str]:
    (row,) = planned_against_done([{**ITEM, "since": LOCKED, **planned}], [run(**changes)])
    assert row["state"] == ("deviates" if row["runs"][0]["deviations"] else "done")
    found: list[str] = row["runs"][0]["deviations"]
    return found


@pytest.mark.parametrize(
    ("planned", "changes", "words"),
    [
        ({}, {}, None),
        ({}, {"tested_at": LOCKED}, "it was run on 2026-01-05, and the plan was locked on 2026-01-05"),
        ({}, {"tested_at": "2026-01-05T00:00:01Z"}, None),
        ({"dataset_digest": "sha256:1"}, {}, None),
        ({"dataset_digest": "sha256:2"}, {}, "the run was made on another dataset"),
        ({"dataset_digest": "sha256:2"}, {"dataset_digest": None}, "the run states no dataset digest"),
        ({"version": "2"}, {}, "version 2 was planned, and 1 was run"),
        ({"planned_samples": 100}, {}, None),
        ({"planned_samples": 101}, {}, "101 samples were planned, and 100 were scored"),
        ({"planned_samples": 1}, {"tally": None}, "1 samples were planned, and no count of samples is known"),
        ({"elicitation": {"tools": True}}, {}, "tools was planned, and the run does not declare it"),
        ({"elicitation": {"tools": True}}, {"elicitation": {"tools": True}}, None),
        ({"elicitation": {"attempts": 12}}, {"elicitation": {"attempts": 1}},
         "attempts 12 was planned, and 1 is declared"),
    ],
)  # fmt: skip
def test_a_deviation_says_what_was_planned_and_what_was_done(
    planned: dict[str, Any], changes: dict[str, Any], words: str | None
) -> None:
    assert deviations(planned, **changes) == ([words] if words else [])


def test_one_run_as_planned_is_enough_and_none_is_not_done() -> None:
    item = {**ITEM, "since": LOCKED, "planned_samples": 50}
    early = run(run="run-0", tested_at="2026-01-01T00:00:00Z")
    assert planned_against_done([item], [early, run()])[0]["state"] == "done"
    assert planned_against_done([item], [early])[0]["state"] == "deviates"
    assert planned_against_done([item], [run(mitigation="pre_mitigation")])[0]["state"] == "not_done"


def test_an_amendment_dates_only_what_it_changes() -> None:
    kept, moved = {**ITEM, "planned_samples": 100}, {**ITEM, "mitigation": "pre_mitigation", "planned_samples": 100}
    versions = [
        {"locked_at": "2026-01-01T00:00:00Z", "items": [kept, moved]},
        {"locked_at": "2026-02-01T00:00:00Z", "items": [kept, {**moved, "planned_samples": 20}]},
        {"locked_at": "2026-03-01T00:00:00Z", "items": [kept, moved]},
    ]
    found = {row["mitigation"]: row["since"] for row in locked_since(versions)}
    assert found == {"post_mitigation": "2026-01-01T00:00:00Z", "pre_mitigation": "2026-03-01T00:00:00Z"}


def test_only_evidence_that_decides_can_be_unplanned() -> None:
    rows = [run(), run(run="run-2", mitigation="pre_mitigation"), run(run="run-3", evaluation="refusals")]
    assert unplanned(World().framework, [ITEM], rows) == ["run-2"]
