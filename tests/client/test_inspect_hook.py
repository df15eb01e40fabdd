"""The hook for Inspect, run by a minimal stand-in for Inspect: it hurries logs, and never disturbs an evaluation."""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scorecard_client.spool import Spool

from tests.client.api import SECRET, Api, problem

Write = Callable[..., Path]
STAND_IN = '''
"""As much of Inspect's hooks as an extension sees: registration keeps an instance of the class."""

REGISTERED = {}


class Hooks:
    def enabled(self):
        return True


class RunEnd:
    pass


class TaskEnd:
    pass


def hooks(name, description):
    def register(kind):
        assert issubclass(kind, Hooks)
        REGISTERED[name] = kind()
        return kind

    return register
'''


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The hook as Inspect registers it."""
    package = tmp_path / "stand-in" / "inspect_ai"
    (package / "hooks").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "hooks" / "__init__.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(package.parent))
    names = ("inspect_ai", "inspect_ai.hooks", "scorecard_client.inspect_hook")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.import_module("scorecard_client.inspect_hook")
    yield importlib.import_module("inspect_ai.hooks").REGISTERED["scorecard"]
    for name in names:
        sys.modules.pop(name, None)


def entry(location: object) -> SimpleNamespace:
    return SimpleNamespace(location=str(location), status="success")


def task_end(hook: Any, *locations: object) -> None:
    for location in locations:
        asyncio.run(hook.on_task_end(SimpleNamespace(log=entry(location))))


def run_end(hook: Any, *locations: object) -> None:
    data = SimpleNamespace(logs=[entry(location) for location in locations], exception=RuntimeError("interrupted"))
    asyncio.run(hook.on_run_end(data))


def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SCORECARD_URL", f"http://127.0.0.1:{free.getsockname()[1]}")


def test_two_variables_switch_it_on_and_nothing_else(hook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "scorecard.toml").write_text(f'url = "http://127.0.0.1:1"\ntoken = "{SECRET}"\n')
    assert not hook.enabled()
    monkeypatch.setenv("SCORECARD_URL", "http://127.0.0.1:1")
    assert not hook.enabled()
    monkeypatch.setenv("SCORECARD_TOKEN", SECRET)
    assert hook.enabled()


def test_a_finished_task_s_log_is_sent_as_it_is(hook: Any, api: Api, log: Write) -> None:
    path = log(b"PK finished")
    task_end(hook, path)
    (asked,) = api.asked
    assert (asked.path, asked.query, asked.body) == ("/api/v1/logs/", {"format": "auto"}, b"PK finished")
    assert asked.headers["x-filename"] == "first.eval"


def test_the_log_of_a_failed_task_is_sent_when_the_run_ends(hook: Any, api: Api, log: Write) -> None:
    finished, failed = log(b"finished", "a.eval"), log(b"failed", "b.eval")
    task_end(hook, finished)
    run_end(hook, finished, failed)
    assert [asked.headers["x-filename"] for asked in api.asked] == ["a.eval", "b.eval"]


def test_a_log_that_was_written_to_since_is_sent_again(hook: Any, api: Api, log: Write) -> None:
    path = log(b"header only")
    task_end(hook, path)
    log(b"header and samples")
    run_end(hook, path)
    assert [asked.body for asked in api.asked] == [b"header only", b"header and samples"]


@pytest.mark.parametrize("form", ["file://{}", "{}"])
def test_a_log_is_found_by_path_or_file_address(hook: Any, api: Api, log: Write, form: str) -> None:
    path = log(name="with blank.eval")
    location = form.format(str(path).replace(" ", "%20") if form.startswith("file") else path)
    run_end(hook, location)
    assert [asked.headers["x-filename"] for asked in api.asked] == ["with%20blank.eval"]


def test_a_log_elsewhere_is_named_and_left_to_the_server(hook: Any, api: Api, caplog: pytest.LogCaptureFixture) -> None:
    run_end(hook, "s3://bucket/logs/a.eval")
    assert api.asked == []
    assert "s3://bucket/logs/a.eval is not on this machine" in caplog.text


def test_without_a_server_the_log_waits_in_the_spool(
    hook: Any, api: Api, folder: Path, log: Write, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nobody(monkeypatch)
    path = log(b"kept")
    task_end(hook, path)
    run_end(hook, path)
    (kept,) = Spool(folder).entries()
    assert (kept / "content").read_bytes() == b"kept"
    assert "push --spool" in caplog.text
    assert SECRET not in caplog.text


def test_it_holds_an_evaluation_up_for_seconds_at_most(
    hook: Any, api: Api, log: Write, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    nobody(monkeypatch)
    task_end(hook, log())
    assert sum(pauses) < 2


@pytest.mark.parametrize(
    "failure",
    [problem(401, "authentication-failed", "Unknown token."), problem(422, "log-refused", "Not a log."),
     (200, {}, b"<html>"), (200, {}, b"{}"), None],
)  # fmt: skip
def test_whatever_the_server_answers_the_evaluation_goes_on(
    hook: Any, api: Api, log: Write, caplog: pytest.LogCaptureFixture, failure: Any
) -> None:
    api.failures.extend([failure] * 2)
    with caplog.at_level(logging.WARNING, logger="scorecard_client.inspect"):
        task_end(hook, log())
    assert "first.eval" in caplog.text


def test_whatever_it_is_given_the_evaluation_goes_on(
    hook: Any, api: Api, folder: Path, log: Write, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good = log()
    run_end(hook, folder / "missing.eval", folder, "", log(b"", "empty.eval"), "\0", "http://[", good)
    assert [asked.headers["x-filename"] for asked in api.asked] == ["first.eval"], "one fault keeps no other log back"
    asyncio.run(hook.on_task_end(SimpleNamespace()))
    asyncio.run(hook.on_run_end(SimpleNamespace(logs=7)))
    monkeypatch.setenv("SCORECARD_URL", "nonsense")
    task_end(hook, log(b"other", "other.eval"))
    monkeypatch.delenv("SCORECARD_TOKEN")
    task_end(hook, log(b"another", "another.eval"))
    assert caplog.text.count("was not sent") >= 3


def test_an_interrupted_evaluation_is_not_kept_from_ending(hook: Any, api: Api, log: Write) -> None:
    async def cancelled() -> None:
        task = asyncio.ensure_future(hook.on_run_end(SimpleNamespace(logs=[entry(log())])))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
