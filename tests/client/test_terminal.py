"""How the command speaks: streams, colour, progress and characters that steer a terminal."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest
from scorecard_client import main
from scorecard_client.terminal import Terminal, shown


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def a_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Make standard output and error one terminal."""
    stream = Screen()
    for name in ("NO_COLOR", "TERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain – ü 模型", "plain – ü 模型"), ("\x1b[31m", "\\x1b[31m"), ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\u202e\u2066", "\\u202e\\u2066"), ("\ufeff\u200b", "\\ufeff\\u200b"), ("\udcff", "\\udcff"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("\U000e0041", "\\U000e0041"), ("\u2028", "\\u2028"),
    ],
)  # fmt: skip
def test_what_steers_or_hides_is_shown_as_its_code(text: str, printed: str) -> None:
    assert shown(text) == printed


def test_levels_are_coloured_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = a_screen(monkeypatch)
    Terminal().line("cybersecurity  high")
    assert "\x1b[31mhigh\x1b[0m" in screen.getvalue()
    screen = a_screen(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    Terminal().line("cybersecurity  high")
    assert "\x1b" not in screen.getvalue()


def test_without_a_terminal_there_is_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().line("cybersecurity  high")
    assert capsys.readouterr().out == "cybersecurity  high\n"


def test_progress_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = a_screen(monkeypatch)
    Terminal().progress(50, 100)
    assert "50 %" in screen.getvalue()
    screen = a_screen(monkeypatch)
    Terminal(as_json=True).progress(50, 100)
    monkeypatch.setenv("TERM", "dumb")
    Terminal().progress(50, 100)
    assert screen.getvalue() == ""


def test_no_progress_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().progress(50, 100)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_json_is_ascii_and_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(as_json=True)
    terminal.line("not printed")
    terminal.document({"text": "\x1b\x9b\u202e"})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    assert json.loads(printed) == {"text": "\x1b\x9b\u202e"}


COMMANDS = {
    "push": ["FILE"], "wait": ["JOB"], "show": ["CHECKPOINT"], "gate": ["CHECKPOINT", "--action"], "diff": ["A", "B"],
    "export": ["SCORECARD", "--out"], "verify": ["FILE|DIR", "--key"],
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_contract_and_speaks_json(scorecard: Any, name: str) -> None:
    printed = scorecard(name, "--help").stdout
    for word in (*COMMANDS[name], "--json", "--no-input"):
        assert word in printed


def test_the_commands_are_those_of_the_contract() -> None:
    assert {command.callback.__name__ for command in main.app.registered_commands if command.callback} == set(COMMANDS)


def test_no_input_does_not_wait_for_a_person(scorecard: Any, folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scorecard("push", "-", "--no-input", "--dry-run", input=b"{}").exit_code == 0
    monkeypatch.setattr("scorecard_client.commands.push._is_terminal", lambda stream: True)
    result = scorecard("push", "-", "--no-input", "--dry-run", input=b"{}")
    assert result.exit_code == 2
    assert "--no-input" in result.stderr
