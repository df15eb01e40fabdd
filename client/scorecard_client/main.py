"""The command `scorecard`: data on standard output, talk on standard error, exit codes as documented."""

from __future__ import annotations

from typing import Annotated

import typer

from scorecard_client.commands import deciding, reading
from scorecard_client.commands.push import push
from scorecard_client.commands.verify import verify
from scorecard_client.version import __version__

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scorecard {__version__}")
        raise typer.Exit


@app.callback()
def scorecard(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Send evidence, read scorecards, ask the gate, and verify without the server that made them.

    Exit codes: 0 ok, 1 a check failed, 2 usage, 3 gate denied or --fail-on reached, 4 network, 5 authentication.
    """


for command in (push, deciding.wait, reading.show, deciding.gate, reading.diff, reading.export, verify):
    app.command()(command)


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="scorecard")
