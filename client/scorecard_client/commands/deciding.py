"""`scorecard gate` and `wait`: may a pipeline go on?"""

from __future__ import annotations

from typing import Annotated

import typer

from scorecard_client import asking
from scorecard_client.answers import Job
from scorecard_client.commands.options import AsJson, NoInput, Url, Within, connected
from scorecard_client.errors import CheckFailed, Misused
from scorecard_client.exit_codes import ExitCode
from scorecard_client.gating import signature_fault
from scorecard_client.offline_verifier import NoteFaulty
from scorecard_client.terminal import Terminal, ended, faults_end


def gate(
    checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT")],
    action: Annotated[str, typer.Option("--action", metavar="ACTION", help="deploy, develop, ...")],
    key: Annotated[str, typer.Option(envvar="SCORECARD_LEDGER_KEY", help="The key that must have signed.")] = "",
    url: Url = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
) -> None:
    """Ask whether a checkpoint may be deployed or developed further: exit 0 allow, 3 deny. Every error denies too."""
    terminal = Terminal(as_json)
    with faults_end(terminal), connected(url, terminal) as client:
        answer = client.gate(checkpoint, action=action)
        try:
            fault = signature_fault(answer, key=key.strip()) if key.strip() else ""
        except NoteFaulty as malformed:
            raise Misused(f"--key: {malformed}.") from None
        if fault:
            raise CheckFailed(f"The gate's answer must not be trusted: {fault}.", remedy="Treat it as denied.")
        decision = "allow" if answer.allowed else "deny"
        terminal.line(f"{decision}  {action}  {checkpoint}  {answer.scorecard or '-'}")
        for reason in answer.reasons:
            terminal.line(f"  {reason}")
        if not key.strip():
            terminal.say("The signature was not checked; --key or SCORECARD_LEDGER_KEY names the laboratory's key.")
        code = ExitCode.OK if answer.allowed else ExitCode.DENIED
        terminal.document({**answer.model_dump(mode="json"), "exit_code": int(code)})
        ended(code)


def wait(
    job: Annotated[str, typer.Argument(metavar="JOB", help="A job's id, or its path as an answer names it.")],
    within: Within = asking.LONG_ENOUGH,
    url: Url = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
) -> None:
    """Wait until a job is done: exit 0 done, 1 failed or not done in time."""
    terminal = Terminal(as_json)

    def watching(found: Job) -> None:
        if found.progress.total:
            terminal.progress(found.progress.done, found.progress.total)

    with faults_end(terminal), connected(url, terminal) as client:
        found = client.perform(asking.finished_job(job, within=within, watching=watching))
        terminal.line(f"{found.state}  {found.id}  {found.kind}")
        terminal.document(found.model_dump(mode="json"))
