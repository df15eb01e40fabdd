"""Options that several commands share, so that they are spelt and explained once; and the way to the server."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from scorecard_client.asking import LONG_ENOUGH
from scorecard_client.client import Client
from scorecard_client.configuration import configured
from scorecard_client.terminal import Terminal

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
NoInput: TypeAlias = Annotated[bool, typer.Option("--no-input", help="Never wait for a person to type.")]
Url: TypeAlias = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="The server; otherwise SCORECARD_URL or a settings file.")
]
Within: TypeAlias = Annotated[
    float,
    typer.Option("--timeout", min=0.0, metavar="SECONDS", help=f"Wait at most so long; {LONG_ENOUGH:.0f} by default."),
]


def connected(url: str | None, terminal: Terminal) -> Client:
    """Return a client, having said which server and where the token came from. Raises ScorecardError."""
    found = configured(url=url)
    terminal.say(found.words())
    for warning in found.warnings:
        terminal.say(warning)
    return Client(url=found.address(), token=found.secret())
