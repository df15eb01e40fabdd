"""How the command speaks: data on standard output, talk on standard error, and nothing from outside is ever executed.

Text of the server or of a file may hold terminal escapes and marks that turn the reading direction; they are shown as
codes.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

import typer

from scorecard_client.errors import ScorecardError
from scorecard_client.exit_codes import ExitCode

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that a terminal does not show as themselves."""
COLOURS = {"low": "green", "medium": "yellow", "high": "red", "critical": "red", "allow": "green", "deny": "red"}


def shown(text: str) -> str:
    """Return text of one line with every invisible or steering character as its code."""
    return "".join(_code(sign) if unicodedata.category(sign) in HIDDEN else sign for sign in text)


def _code(sign: str) -> str:
    point = ord(sign)
    return f"\\x{point:02x}" if point < 256 else f"\\u{point:04x}" if point < 65536 else f"\\U{point:08x}"


def _interactive(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


@dataclass
class Terminal:
    """One command's way of speaking. With `as_json` the data is one JSON object and lines are not printed."""

    as_json: bool = False

    def line(self, text: str) -> None:
        """Print one line of data."""
        if not self.as_json:
            typer.echo(self._coloured(shown(text)))

    def document(self, value: Any) -> None:
        """Print the data as one JSON object, in ASCII, so that no control character is in it."""
        if self.as_json:
            typer.echo(json.dumps(value, ensure_ascii=True))

    def say(self, text: str) -> None:
        """Print one line of talk."""
        typer.echo(shown(text), err=True)

    def progress(self, done: int, total: int) -> None:
        """Show how much has arrived, on a terminal only."""
        if _interactive(sys.stderr) and not self.as_json:
            end = "\n" if done >= total else ""
            typer.echo(f"\r{100 * done // max(total, 1):3d} % of {total:,} bytes{end}", err=True, nl=False)

    def _coloured(self, text: str) -> str:
        if os.environ.get("NO_COLOR") or not _interactive(sys.stdout):
            return text
        words = text.split(" ")
        return " ".join(typer.style(word, fg=COLOURS[word]) if word in COLOURS else word for word in words)

    def fault(self, error: ScorecardError) -> None:
        """Print an error as talk."""
        for text in error.lines():
            self.say(text)


@contextmanager
def faults_end(terminal: Terminal) -> Iterator[None]:
    """End the command with an error's words and exit code, never with a traceback."""
    try:
        yield
    except ScorecardError as error:
        terminal.fault(error)
        terminal.document({"error": error.to_dict(), "exit_code": int(error.exit_code)})
        raise typer.Exit(error.exit_code) from None


def ended(code: ExitCode) -> None:
    """End the command with a code."""
    raise typer.Exit(int(code))
