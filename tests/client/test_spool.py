"""The spool: an evaluation never fails because reporting failed, and nothing that was measured is lost."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scorecard_client.errors import CheckFailed, Misused
from scorecard_client.parcels import Binding, log_parcel
from scorecard_client.spool import Spool

from tests.client.api import SECRET, Api, problem

Write = Callable[..., Path]


@pytest.fixture
def nobody(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address where nobody listens is in the environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        monkeypatch.setenv("SCORECARD_URL", address)
        yield address


def entries(folder: Path) -> list[Path]:
    return Spool(folder).entries()


def test_without_a_server_the_file_is_kept_and_the_evaluation_goes_on(
    scorecard: Any, nobody: str, folder: Path, log: Write
) -> None:
    path = log()
    result = scorecard("push", path, "--checkpoint", "atlas-2-rc1", "--spool")
    assert result.exit_code == 0
    assert "waits in" in result.stderr
    (entry,) = entries(folder)
    assert (entry / "content").read_bytes() == path.read_bytes()
    kept = json.loads((entry / "parameters.json").read_text())
    assert (kept["name"], kept["url"]) == ("first.eval", nobody)
    assert kept["binding"]["checkpoint"] == "atlas-2-rc1"


def test_the_spool_holds_no_token_and_is_nobody_else_s_and_not_committed(
    scorecard: Any, nobody: str, folder: Path, log: Write
) -> None:
    scorecard("push", log(), "--spool")
    for path in folder.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    assert stat.S_IMODE(Spool(folder).place.stat().st_mode) == 0o700
    assert (folder / ".scorecard" / ".gitignore").read_text() == "*\n"


def test_without_spool_an_unreachable_server_is_an_error_and_nothing_is_kept(
    scorecard: Any, nobody: str, folder: Path, log: Write
) -> None:
    assert scorecard("push", log()).exit_code == 4
    assert entries(folder) == []


def test_a_later_push_sends_what_waits_in_order_with_its_parameters_and_empties_the_spool(
    scorecard: Any, api: Api, folder: Path, log: Write, report: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SCORECARD_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        first = log(b"one", "one.eval")
        assert scorecard("push", first, report(), "--checkpoint", "atlas-2-rc1", "--spool").exit_code == 0
    first.unlink()
    monkeypatch.setenv("SCORECARD_URL", api.url)
    result = scorecard("push", "--spool")
    assert result.exit_code == 0
    assert api.paths() == ["/api/v1/logs/", "/api/v1/runs/"]
    assert api.asked[0].query["checkpoint"] == "atlas-2-rc1"
    assert api.asked[0].headers["x-filename"] == "one.eval"
    assert entries(folder) == []
    assert "was spooled for" in result.stderr


def test_what_waits_goes_before_what_is_new(scorecard: Any, api: Api, folder: Path, log: Write) -> None:
    Spool(folder).keep(log_parcel(log(b"old", "old.eval"), binding=Binding()), url=api.url, reason="")
    result = scorecard("push", log(b"new", "new.eval"), "--spool", "--json")
    assert [asked.headers["x-filename"] for asked in api.asked] == ["old.eval", "new.eval"]
    found = json.loads(result.stdout)
    assert [row["file"] for row in found["from_spool"]] == ["old.eval"]


def test_what_is_refused_stays_and_the_rest_goes(scorecard: Any, api: Api, folder: Path, log: Write) -> None:
    spool = Spool(folder)
    for name in ("a.eval", "b.eval"):
        spool.keep(log_parcel(log(name.encode(), name), binding=Binding()), url=api.url, reason="")
    api.failures.append(problem(422, "log-refused", "Not a log.", remedy="Name the format."))
    result = scorecard("push", "--spool")
    assert result.exit_code == 1
    assert "Name the format." in result.stderr
    (left,) = entries(folder)
    assert (left / "content").read_bytes() == b"a.eval"


def test_a_spool_that_nobody_can_be_sent_from_says_so_with_exit_code_4(
    scorecard: Any, nobody: str, folder: Path, log: Write
) -> None:
    Spool(folder).keep(log_parcel(log(), binding=Binding()), url=nobody, reason="")
    assert scorecard("push", "--spool").exit_code == 4
    assert len(entries(folder)) == 1


def test_after_one_failure_the_others_are_kept_without_trying(
    scorecard: Any, nobody: str, folder: Path, log: Write, pauses: list[float]
) -> None:
    result = scorecard("push", log(b"a", "a.eval"), log(b"b", "b.eval"), "--spool")
    assert result.exit_code == 0
    assert len(pauses) == 4, "the patience for one file"
    assert len(entries(folder)) == 2


def test_a_wrong_token_keeps_the_file_but_needs_a_person(
    scorecard: Any, api: Api, folder: Path, log: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORECARD_TOKEN", "psc_wrong")
    assert scorecard("push", log(), "--spool").exit_code == 5
    monkeypatch.delenv("SCORECARD_TOKEN")
    assert scorecard("push", log(), "--spool").exit_code == 5
    assert len(entries(folder)) == 1


def test_a_gate_does_not_open_because_the_server_was_away(
    scorecard: Any, nobody: str, folder: Path, log: Write
) -> None:
    result = scorecard("push", log(), "--spool", "--fail-on", "high")
    assert result.exit_code == 4
    assert len(entries(folder)) == 1


def test_the_same_file_waits_once(folder: Path, log: Write) -> None:
    spool, parcel = Spool(folder), log_parcel(log(), binding=Binding())
    first = spool.keep(parcel, url="", reason="", at=datetime(2026, 1, 1, tzinfo=UTC))
    assert spool.keep(parcel, url="", reason="") == first
    other = log_parcel(log(), binding=Binding(checkpoint="x"))
    assert spool.keep(other, url="", reason="") != first
    assert spool.entries()[0] == first


def test_an_entry_is_complete_or_not_there(folder: Path, log: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(folder)

    def full(source: object, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scorecard_client.spool.shutil.copyfile", full)
    with pytest.raises(Misused, match="No space left"):
        spool.keep(log_parcel(log(), binding=Binding()), url="", reason="")
    assert list(spool.place.iterdir()) == []


def test_an_entry_gets_its_name_when_all_of_it_is_on_the_disk(
    folder: Path, log: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, seen = Spool(folder), []
    monkeypatch.setattr("scorecard_client.spool._sync", lambda path: seen.append((path.name, len(spool.entries()))))
    spool.keep(log_parcel(log(), binding=Binding()), url="", reason="")
    assert seen == [("content", 0), ("parameters.json", 0), ("spool", 1)]
    assert [path.name for path in spool.place.iterdir()] == [spool.entries()[0].name]


def test_what_already_waits_fails_nobody_s_evaluation(scorecard: Any, nobody: str, folder: Path, log: Write) -> None:
    assert scorecard("push", log(b"a", "a.eval"), "--spool").exit_code == 0
    assert scorecard("push", log(b"b", "b.eval"), "--spool").exit_code == 0
    assert len(entries(folder)) == 2


@pytest.mark.parametrize("file", ["content", "parameters.json"])
def test_an_entry_that_was_changed_is_named_and_not_sent(
    scorecard: Any, api: Api, folder: Path, log: Write, file: str
) -> None:
    spool = Spool(folder)
    entry = spool.keep(log_parcel(log(), binding=Binding()), url="", reason="")
    (entry / file).write_bytes(b"{}")
    with pytest.raises(CheckFailed):
        spool.opened(entry)
    result = scorecard("push", "--spool")
    assert (result.exit_code, api.asked) == (1, [])
    assert entry.name in result.stderr


def test_a_place_that_cannot_be_written_is_named(scorecard: Any, nobody: str, folder: Path, log: Write) -> None:
    path = log()
    (folder / ".scorecard").write_text("in the way")
    result = scorecard("push", path, "--spool")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
