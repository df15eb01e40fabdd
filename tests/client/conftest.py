"""The command as a person runs it: in a folder of its own, with the server's address and a token in the environment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scorecard_client import main, transport
from typer.testing import CliRunner

from tests.client.api import SECRET, Api, served
from tests.client.cards import card

OUTSIDE = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "SCORECARD_LEDGER_KEY")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, with nothing of this machine's own settings."""
    for name in (*OUTSIDE, "SCORECARD_URL", "SCORECARD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    place = tmp_path / "pipeline"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def api(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A server with one scorecard of atlas-2-rc1, named in the environment with its token."""
    with served() as api:
        monkeypatch.setenv("SCORECARD_URL", api.url)
        monkeypatch.setenv("SCORECARD_TOKEN", SECRET)
        first = card()
        api.cards[first["id"]] = first
        yield api


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the client would have waited; no test waits for real."""
    waited: list[float] = []

    async def later(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(transport, "sleep", waited.append)
    monkeypatch.setattr(transport, "asynchronous_sleep", later)
    return waited


@pytest.fixture
def scorecard() -> Callable[..., Any]:
    """Run the command: `scorecard("push", "run.json")` returns exit code, stdout and stderr."""

    def run(*arguments: object, **more: Any) -> Any:
        result = CliRunner().invoke(main.app, [str(argument) for argument in arguments], **more)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert SECRET not in result.output
        return result

    return run


@pytest.fixture
def report(folder: Path) -> Callable[..., Path]:
    """Write a run report: `report(successes=14)` returns its path."""

    def written(name: str = "run.json", *, successes: int = 13, trials: int = 110, **changes: Any) -> Path:
        document = {
            "schema": "run-report/1", "subject": "atlas-2", "checkpoint": "atlas-2-rc1",
            "mitigation": "post_mitigation", "evaluation": {"slug": "ctf-professional"}, "metric": "pass@12",
            "tally": {"successes": successes, "trials": trials}, "provenance": {"source": "tests"},
        }  # fmt: skip
        path = folder / name
        path.write_text(json.dumps(document | changes))
        return path

    return written


@pytest.fixture
def log(folder: Path) -> Callable[..., Path]:
    """Write the log of some harness: `log(b"...")` returns its path."""

    def written(data: bytes = b"PK\x03\x04 a log", name: str = "first.eval") -> Path:
        path = folder / name
        path.write_bytes(data)
        return path

    return written
