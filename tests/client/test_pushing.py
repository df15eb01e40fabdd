"""`scorecard push`: what goes where, what is safe to repeat, and what a refusal says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.api import PART_BYTES, SECRET, Api, named, problem

Write = Callable[..., Path]
BOUND = ("--subject", "atlas-2", "--checkpoint", "atlas-2-rc1", "--mitigation", "post_mitigation")


def test_a_run_report_goes_to_the_runs_as_it_is(scorecard: Any, api: Api, report: Write) -> None:
    path = report()
    result = scorecard("push", path)
    assert result.exit_code == 0
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/runs/")
    assert asked.body == path.read_bytes()
    assert asked.headers["idempotency-key"] == named(path.read_bytes())
    assert result.stdout.split() == ["received", f"run_{1:026d}", "run.json"]


def test_any_other_file_goes_to_the_logs_with_its_name_and_binding(scorecard: Any, api: Api, log: Write) -> None:
    path = log(name="lög 1.eval")
    result = scorecard("push", path, *BOUND, "--evaluation", "ctf-professional")
    assert result.exit_code == 0
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/logs/")
    assert asked.query == {
        "format": "auto", "subject": "atlas-2", "checkpoint": "atlas-2-rc1", "mitigation": "post_mitigation",
        "evaluation": "ctf-professional",
    }  # fmt: skip
    assert asked.headers["x-filename"] == "l%C3%B6g%201.eval"
    assert asked.headers["content-length"] == str(path.stat().st_size)
    assert asked.body == path.read_bytes()


def test_a_json_log_without_the_schema_is_no_report(scorecard: Any, api: Api, log: Write) -> None:
    scorecard("push", log(b'{"eval": {"task": "x"}, "note": "run-report/1"}', "log.json"))
    assert api.paths() == ["/api/v1/logs/"]


def test_a_format_that_is_named_decides_the_door(scorecard: Any, api: Api, report: Write) -> None:
    scorecard("push", report(), "--format", "inspect")
    assert (api.asked[0].path, api.asked[0].query) == ("/api/v1/logs/", {"format": "inspect"})


def test_the_same_file_again_is_known_and_changes_nothing(scorecard: Any, api: Api, report: Write) -> None:
    path = report()
    first, second = scorecard("push", path, "--json"), scorecard("push", path, "--json")
    rows = [json.loads(result.stdout)["files"][0] for result in (first, second)]
    assert [row["state"] for row in rows] == ["received", "known"]
    assert rows[0]["id"] == rows[1]["id"]
    assert second.exit_code == 0


def test_the_same_log_bound_otherwise_is_another_request(scorecard: Any, api: Api, log: Write) -> None:
    path = log()
    scorecard("push", path, "--checkpoint", "atlas-2-rc1")
    scorecard("push", path, "--checkpoint", "atlas-2-rc2")
    first, second = (asked.headers["idempotency-key"] for asked in api.asked)
    assert first != second


def test_standard_input_is_sent_like_a_file(scorecard: Any, api: Api, report: Write) -> None:
    result = scorecard("push", "-", input=report().read_bytes())
    assert result.exit_code == 0
    assert api.paths() == ["/api/v1/runs/"]
    assert result.stdout.split()[-1] == "stdin"


def test_several_files_go_in_their_order_and_a_refused_one_holds_nothing_up(
    scorecard: Any, api: Api, report: Write, log: Write
) -> None:
    broken = report("broken.json", successes=14, trials=13)
    result = scorecard("push", broken, report(), log())
    assert api.paths() == ["/api/v1/runs/", "/api/v1/runs/", "/api/v1/logs/"]
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["refused", "received", "received"]
    assert result.exit_code == 1


def test_a_refusal_says_place_remedy_and_request_and_exits_1(scorecard: Any, api: Api, report: Write) -> None:
    result = scorecard("push", report(successes=14, trials=13))
    assert result.exit_code == 1
    assert "/tally/successes: 14 of 13" in result.stderr
    assert "Check both counts." in result.stderr
    assert "request req-7" in result.stderr


def test_a_report_that_is_no_json_is_refused_by_the_server_with_its_place(scorecard: Any, api: Api, log: Write) -> None:
    result = scorecard("push", log(b'{"schema": "run-report/1", "tally": ', "run.json"))
    assert result.exit_code == 1
    assert "line 1 is not JSON" in result.stderr


def test_a_report_that_contradicts_the_flags_is_not_sent(scorecard: Any, api: Api, report: Write) -> None:
    result = scorecard("push", report(), "--checkpoint", "atlas-2-rc9")
    assert result.exit_code == 2
    assert "atlas-2-rc1" in result.stderr
    assert api.asked == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["push"], "No file is named"),
        (["push", "missing.eval"], "There is no file missing.eval"),
        (["push", "."], "is a folder"),
        (["push", "run.json", "--mitigation", "none"], "pre_mitigation"),
        (["push", "run.json", "--token", "x"], "No such option"),
    ],
)
def test_wrong_usage_exits_2_and_sends_nothing(
    scorecard: Any, api: Api, report: Write, arguments: list[str], words: str
) -> None:
    report()
    result = scorecard(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert api.asked == []


def test_an_empty_file_is_refused_here_and_the_others_go(scorecard: Any, api: Api, log: Write, report: Write) -> None:
    result = scorecard("push", log(b"", "killed.eval"), report())
    assert result.exit_code == 1
    assert "killed.eval is empty" in result.stderr
    assert api.paths() == ["/api/v1/runs/"]


def test_a_dry_run_prints_the_mapping_and_sends_nothing(
    scorecard: Any, api: Api, report: Write, log: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SCORECARD_TOKEN")
    result = scorecard("push", report(), log(), *BOUND, "--dry-run", "--json")
    assert (result.exit_code, api.asked) == (0, [])
    first, second = json.loads(result.stdout)["dry_run"]
    assert (first["kind"], first["route"]) == ("run", "POST /api/v1/runs/")
    assert first["mapping"] == {
        "subject": "atlas-2", "checkpoint": "atlas-2-rc1", "mitigation": "post_mitigation", "metric": "pass@12",
        "evaluation": "ctf-professional", "form": "tally",
    }  # fmt: skip
    assert second["route"] == (
        "POST /api/v1/logs/?format=auto&subject=atlas-2&checkpoint=atlas-2-rc1&mitigation=post_mitigation"
    )
    assert "evaluation=ctf-professional" in scorecard("push", "run.json", "--dry-run").stdout


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file above 2,500 bytes counts as too large for one request."""
    monkeypatch.setattr("scorecard_client.parcels.WHOLE_UP_TO", 2500)


@pytest.mark.usefixtures("small_parts")
def test_a_large_log_goes_in_parts_and_arrives_whole(scorecard: Any, api: Api, log: Write) -> None:
    data = hashlib.sha256(b"seed").digest() * 80 + b"tail"
    result = scorecard("push", log(data), *BOUND)
    assert result.exit_code == 0, result.stderr
    (received,) = api.logs.values()
    assert received["data"] == data
    assert received["name"] == "first.eval"
    assert received["binding"]["checkpoint"] == "atlas-2-rc1"
    sizes = [len(asked.body) for asked in api.asked if asked.method == "PUT"]
    assert sizes == [PART_BYTES, PART_BYTES, len(data) - 2 * PART_BYTES]


@pytest.mark.usefixtures("small_parts")
def test_an_upload_that_the_server_forgot_begins_anew(scorecard: Any, api: Api, log: Write) -> None:
    path = log(b"x" * 3000)
    begun = api._put_uploads
    api._put_uploads = lambda asked, rest: problem(503, "not-available", "Full.")  # type: ignore[method-assign]
    assert scorecard("push", path).exit_code == 4
    api._put_uploads = begun  # type: ignore[method-assign]
    api.uploads.clear()
    assert scorecard("push", path).exit_code == 0
    assert len(api.logs) == 1


@pytest.mark.usefixtures("small_parts")
def test_a_completion_whose_answer_was_lost_is_asked_for_again(scorecard: Any, api: Api, log: Write) -> None:
    complete = api._post_uploads

    def deaf(asked: Any, rest: list[str]) -> Any:
        answer = complete(asked, rest)
        return problem(503, "not-available", "Lost.") if len(rest) > 1 else answer

    api._post_uploads = deaf  # type: ignore[method-assign]
    assert scorecard("push", log(b"x" * 3000)).exit_code == 4
    api._post_uploads = complete  # type: ignore[method-assign]
    sent = len(api.paths("PUT"))
    assert scorecard("push", "first.eval").exit_code == 0
    assert len(api.paths("PUT")) == sent


@pytest.mark.usefixtures("small_parts")
def test_an_interrupted_upload_goes_on_where_it_stopped(scorecard: Any, api: Api, log: Write) -> None:
    path = log(b"x" * 3000)
    unchanged = api._put_uploads
    api._put_uploads = lambda asked, rest: (  # type: ignore[method-assign]
        unchanged(asked, rest) if rest[2] == "1" else problem(503, "not-available", "The store is full.")
    )
    assert scorecard("push", path).exit_code == 4
    api._put_uploads = unchanged  # type: ignore[method-assign]
    api.asked.clear()
    assert scorecard("push", path).exit_code == 0
    assert [path.rstrip("/").rsplit("/", 1)[1] for path in api.paths("PUT")] == ["2", "3"]


def test_a_log_that_grows_while_it_is_sent_is_named(scorecard: Any, api: Api, log: Write) -> None:
    path = log(b"first")
    received = api._receive

    def other(asked: Any, prefix: str, document: dict[str, Any], fingerprint: str) -> Any:
        return received(asked, prefix, {**document, "digest": named(b"other bytes")}, fingerprint)

    api._receive = other  # type: ignore[method-assign]
    result = scorecard("push", path)
    assert result.exit_code == 1
    assert "changed while it was sent" in result.stderr


def test_the_source_of_the_token_is_said_and_the_token_never(scorecard: Any, api: Api, report: Write) -> None:
    result = scorecard("push", report())
    assert f"{api.url} (SCORECARD_URL), token from SCORECARD_TOKEN" in result.stderr
    assert SECRET not in result.output


def test_with_json_standard_output_is_one_object_even_when_it_fails(scorecard: Any, api: Api, report: Write) -> None:
    result = scorecard("push", report(successes=14, trials=13), "--json")
    found = json.loads(result.stdout)
    assert found["exit_code"] == result.exit_code == 1
    assert found["files"][0]["error"]["problem"]["code"] == "more-successes-than-trials"
    assert json.loads(scorecard("push", "missing", "--json").stdout)["exit_code"] == 2
