"""When the client asks again, how long it waits, and how it gives up."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from scorecard_client.retrying import Patience, asked_wait

from tests.client.api import Api, problem

Write = Callable[..., Path]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FAILED = problem(500, "server-failed", "The server failed; nothing was changed.")
BUSY = problem(429, "throttled", "Too many requests.", headers={"Retry_After": "7"})


def test_a_server_error_is_tried_again_and_the_success_counts(
    scorecard: Any, api: Api, report: Write, pauses: list[float]
) -> None:
    api.failures.extend([FAILED, None])
    result = scorecard("push", report())
    assert result.exit_code == 0
    assert len(api.asked) == 3
    assert len({asked.body for asked in api.asked}) == 1
    assert len(pauses) == 2


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(
    scorecard: Any, api: Api, report: Write, pauses: list[float]
) -> None:
    api.failures.append(BUSY)
    assert scorecard("push", report()).exit_code == 0
    (waited,) = pauses
    assert 7 < waited < 8


def test_a_server_that_asks_for_an_hour_is_not_asked_again(
    scorecard: Any, api: Api, report: Write, pauses: list[float]
) -> None:
    api.failures.append(problem(503, "not-available", "Maintenance.", headers={"Retry_After": "3600"}))
    result = scorecard("push", report())
    assert (result.exit_code, len(api.asked), pauses) == (4, 1, [])
    assert "asks to wait 3600 s" in result.stderr


def test_after_the_last_attempt_the_server_s_words_stand_and_the_exit_code_is_4(
    scorecard: Any, api: Api, report: Write, pauses: list[float]
) -> None:
    api.failures.extend([FAILED] * 9)
    result = scorecard("push", report())
    assert (result.exit_code, len(api.asked), len(pauses)) == (4, 5, 4)
    assert "nothing was changed" in result.stderr


def test_a_request_that_is_still_being_answered_is_asked_for_again(scorecard: Any, api: Api, report: Write) -> None:
    api.failures.append(problem(409, "request-in-flight", "The first request is still being answered."))
    assert scorecard("push", report()).exit_code == 0


@pytest.mark.parametrize(("status", "code"), [(401, 5), (403, 5), (404, 2), (409, 1), (413, 1), (422, 1)])
def test_a_final_refusal_is_not_repeated(scorecard: Any, api: Api, report: Write, status: int, code: int) -> None:
    api.failures.append(problem(status, "some-code", "Refused for a reason."))
    result = scorecard("push", report())
    assert (result.exit_code, len(api.asked)) == (code, 1)
    assert "Refused for a reason." in result.stderr


def test_a_wrong_token_exits_5_and_nothing_more_is_sent(
    scorecard: Any, api: Api, report: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARD_TOKEN", "psc_wrong")
    result = scorecard("push", report("a.json"), report("b.json"))
    assert (result.exit_code, len(api.asked)) == (5, 1)
    assert "issue a new one" in result.stderr
    assert "psc_wrong" not in result.output


def test_nobody_listening_exits_4_with_a_remedy(
    scorecard: Any, api: Api, report: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SCORECARD_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        result = scorecard("push", report())
    assert result.exit_code == 4
    assert "cannot be reached" in result.stderr
    assert "Check the address" in result.stderr


def test_a_redirect_is_not_followed_because_the_token_would_travel(scorecard: Any, api: Api, report: Write) -> None:
    api.failures.append((302, {"Location": "https://elsewhere.invalid/"}, b""))
    result = scorecard("push", report())
    assert (result.exit_code, len(api.asked)) == (2, 1)
    assert "https://elsewhere.invalid/" in result.stderr


@pytest.mark.parametrize("body", [b"<html>a proxy</html>", b"[]", b'{"id": 7}', b"[" * 100_000])
def test_an_answer_of_something_else_is_named_and_no_traceback(
    scorecard: Any, api: Api, report: Write, body: bytes
) -> None:
    api.failures.append((200, {"Content-Type": "text/html"}, body))
    result = scorecard("push", report())
    assert result.exit_code == 1
    assert "Is this the address of a scorecard?" in result.stderr


def test_waits_grow_up_to_a_limit_with_jitter() -> None:
    low, high = Patience(chance=lambda: 0.0), Patience(chance=lambda: 1.0)
    assert [low.delay(attempt, None) for attempt in range(6)] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert [high.delay(attempt, None) for attempt in range(6)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_a_wait_is_never_shorter_than_the_server_asks() -> None:
    assert Patience(chance=lambda: 0.0).delay(0, 30.0) == 30.25
    assert Patience().delay(0, 61.0) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), (format_datetime(NOW.replace(minute=2), usegmt=True), 120.0),
        (format_datetime(NOW.replace(hour=3), usegmt=True), 0.0), ("soon", None), ("", None),
        ("-1", None), ("nan", None), ("9" * 40, None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    assert asked_wait({"retry-after": text}, now=NOW) == seconds
