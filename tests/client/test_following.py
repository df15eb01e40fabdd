"""`--wait`, `--fail-on` and `scorecard wait`: when the level is settled, and when a pipeline must stop."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.api import Api, problem
from tests.client.cards import card

Write = Callable[..., Path]
RUN, JOB = f"run_{1:026d}", f"job_{1:026d}"


def assess_job(state: str, **more: Any) -> dict[str, Any]:
    return {"id": f"job_{9:026d}", "kind": "assess", "state": state, "payload": {"cause": RUN}, **more}


def test_wait_lasts_until_the_job_is_done(scorecard: Any, api: Api, pauses: list[float]) -> None:
    api.jobs[JOB] = deque([{"state": "queued"}, {"state": "running"}, {"state": "done"}])
    result = scorecard("wait", f"/api/v1/jobs/{JOB}/")
    assert (result.exit_code, len(pauses)) == (0, 2)
    assert result.stdout == f"done  {JOB}  measure\n"


def test_a_failed_job_exits_1_with_its_reason(scorecard: Any, api: Api) -> None:
    api.jobs[JOB] = deque([{"state": "failed", "error": "the scores are not the ones\x1b[2J"}])
    result = scorecard("wait", JOB)
    assert result.exit_code == 1
    assert "the scores are not the ones\\x1b[2J" in result.stderr


def test_a_job_that_nobody_works_on_exits_1_and_asks_for_a_worker(scorecard: Any, api: Api) -> None:
    api.jobs[JOB] = deque([{"state": "queued"}])
    result = scorecard("wait", JOB, "--timeout", "0")
    assert result.exit_code == 1
    assert "Is a worker running?" in result.stderr


@pytest.mark.parametrize("name", ["run_1", "job_", "job_1/../../gate", ""])
def test_what_names_no_job_is_wrong_usage(scorecard: Any, api: Api, name: str) -> None:
    assert scorecard("wait", name).exit_code == 2
    assert api.asked == []


def test_a_push_waits_for_the_job_and_for_the_assessment_it_causes(
    scorecard: Any, api: Api, report: Write, pauses: list[float]
) -> None:
    states = deque(["running", "done", "done"])
    listed = api._get_jobs

    def changing(asked: Any, rest: list[str]) -> Any:
        if not rest:
            api.job_list = [assess_job(states.popleft())]
        return listed(asked, rest)

    api._get_jobs = changing  # type: ignore[method-assign]
    assert scorecard("push", report(), "--wait").exit_code == 0
    assert list(states) == []
    assert [path for path in api.paths("GET") if path.endswith("/jobs/")] == ["/api/v1/jobs/"] * 3


def test_a_failed_assessment_fails_the_push(scorecard: Any, api: Api, report: Write) -> None:
    api.job_list = [assess_job("failed", error="no framework")]
    result = scorecard("push", report(), "--wait")
    assert result.exit_code == 1
    assert "no framework" in result.stderr


def test_a_token_that_may_not_watch_exits_5_and_names_the_scope(scorecard: Any, api: Api, report: Write) -> None:
    listed = api._get_jobs
    api._get_jobs = lambda asked, rest: (  # type: ignore[method-assign]
        listed(asked, rest)
        if rest
        else problem(403, "permission-denied", "This needs a token with the scope evidence:read.")
    )
    result = scorecard("push", report(), "--wait")
    assert result.exit_code == 5
    assert "evidence:read" in result.stderr


@pytest.mark.parametrize(
    ("indicated", "determined", "asked", "code"),
    [
        ("low", None, "high", 0), ("medium", None, "high", 0), ("high", None, "high", 3),
        ("low", "high", "high", 3), ("high", "low", "high", 3), ("low", "medium", "high", 0),
        ("medium", None, "low", 3), ("critical", None, "high", 3),
        (None, None, "high", 0), (None, None, "low", 0), (None, "critical", "critical", 3),
    ],
)  # fmt: skip
def test_a_level_after_mitigation_at_or_above_the_asked_one_exits_3(
    scorecard: Any, api: Api, report: Write, indicated: str | None, determined: str | None, asked: str, code: int
) -> None:
    api.cards = {"card_1": card(cyber=indicated, determined=determined, id="card_1")}
    result = scorecard("push", report(), "--fail-on", asked)
    assert result.exit_code == code, result.stderr


def test_before_mitigation_and_other_checkpoints_do_not_count(scorecard: Any, api: Api, report: Write) -> None:
    above = card(id="card_2")
    above["categories"][0]["pre_mitigation"] = card(cyber="critical")["categories"][0]["post_mitigation"]
    api.cards = {"card_1": card(cyber="critical", id="card_1", checkpoint="other"), "card_2": above}
    assert scorecard("push", report(), "--fail-on", "medium").exit_code == 0


def test_evidence_that_came_after_a_card_was_frozen_counts(scorecard: Any, api: Api, report: Write) -> None:
    change = {"category": "cybersecurity", "mitigation": "post_mitigation", "now_level": "high", "words": "Low -> High"}
    api.cards = {"card_1": card(id="card_1", state="sealed", determined="low", changes=[change])}
    result = scorecard("push", report(), "--fail-on", "high", "--json")
    assert result.exit_code == 3
    (verdict,) = json.loads(result.stdout)["levels"]
    assert verdict["reached"] is True
    assert verdict["standings"] == [{"category": "cybersecurity", "level": "high", "source": "evidence since"}]


def test_a_category_without_a_level_is_named(scorecard: Any, api: Api, report: Write) -> None:
    api.cards = {"card_1": card(cyber=None, id="card_1")}
    assert "no level yet: cybersecurity" in scorecard("push", report(), "--fail-on", "high").stderr


def test_a_level_that_the_framework_does_not_have_is_wrong_usage(scorecard: Any, api: Api, report: Write) -> None:
    result = scorecard("push", report(), "--fail-on", "catastrophic")
    assert result.exit_code == 2
    assert "low, medium, high, critical" in result.stderr


def test_without_a_scorecard_nothing_is_let_through(scorecard: Any, api: Api, report: Write) -> None:
    api.cards = {}
    assert scorecard("push", report(), "--fail-on", "high").exit_code == 1


def test_a_card_of_another_checkpoint_that_counts_this_evidence_is_judged_too(
    scorecard: Any, api: Api, report: Write
) -> None:
    api.cards = {"card_1": card(cyber="high", id="card_1", checkpoint="atlas-2-release")}
    api.links = {"scorecards": ["/scorecards/PSC-2026-0001/v1/", "/scorecards/../admin/", 7]}
    result = scorecard("push", report(), "--fail-on", "high")
    assert result.exit_code == 3
    assert "PSC-2026-0001 v1: cybersecurity is high (indicated)" in result.stderr


def test_a_refused_report_is_not_followed(scorecard: Any, api: Api, report: Write) -> None:
    result = scorecard("push", report(successes=14, trials=13), "--fail-on", "high")
    assert result.exit_code == 1
    assert api.paths("GET") == []


def test_a_log_is_followed_to_its_runs(scorecard: Any, api: Api, log: Write) -> None:
    read = {"id": RUN, "outcome": "created", "checkpoint": "atlas-2-rc1"}
    api.log_state = {"runs": [read], "warnings": ["2 samples had no score"]}
    api.cards = {"card_1": card(cyber="high", id="card_1")}
    result = scorecard("push", log(), "--fail-on", "high")
    assert result.exit_code == 3
    assert "2 samples had no score" in result.stderr


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"state": "unbound"}, "bound to nothing yet"),
        ({"state": "quarantined", "faults": [{"pointer": "/a", "code": "x", "detail": "cut off", "remedy": "Resend."}]},
         "is quarantined: /a: cut off Resend."),
        ({"runs": [{"id": RUN}], "faults": [{"pointer": "/b", "detail": "NaN"}]}, "read in part: /b: NaN"),
    ],
)  # fmt: skip
def test_a_log_that_is_no_evidence_exits_1_when_waited_for(
    scorecard: Any, api: Api, log: Write, state: dict[str, Any], words: str
) -> None:
    api.log_state = state
    result = scorecard("push", log(), "--wait")
    assert result.exit_code == 1
    assert words in result.stderr
    assert scorecard("push", log()).exit_code == 0
