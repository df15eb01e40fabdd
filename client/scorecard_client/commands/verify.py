"""`scorecard verify`: recompute a scorecard anywhere, without the server that made it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scorecard_client.commands.options import NoInput
from scorecard_client.terminal import shown
from scorecard_client.verifying import Unusable, verify_path


def verify(
    path: Annotated[Path, typer.Argument(metavar="FILE|DIR", exists=True, help="PDF, bundle.zip or unpacked bundle.")],
    key: Annotated[str, typer.Option(envvar="SCORECARD_LEDGER_KEY", help="The laboratory's verification key.")] = "",
    head: Annotated[Path | None, typer.Option(exists=True, help="A signed ledger head kept from earlier.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    no_input: NoInput = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="One line per check, on standard error.")] = False,
) -> None:
    """Recompute a scorecard from the evidence inside the file: exit 0 agrees, 1 altered, 2 usage or no key."""
    try:
        older = head.read_text(encoding="utf-8") if head else ""
        outcome = verify_path(path, key=key.strip() or None, older_head=older)
    except (OSError, UnicodeDecodeError, Unusable) as fault:
        raise typer.BadParameter(str(fault)) from None
    if verbose:
        for check in outcome.checks:
            typer.echo(shown(check), err=True)
    typer.echo(json.dumps(outcome.to_dict()) if as_json else shown(outcome.line()))
    raise typer.Exit(outcome.exit_code)
