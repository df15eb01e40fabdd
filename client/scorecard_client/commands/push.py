"""`scorecard push`: send run reports and logs, wait for their level, and stop a pipeline that reached one."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from scorecard_client.asking import LONG_ENOUGH
from scorecard_client.client import Client
from scorecard_client.commands.options import AsJson, NoInput, Url, Within
from scorecard_client.configuration import Configuration, configured
from scorecard_client.errors import Misused, ScorecardError
from scorecard_client.exit_codes import ExitCode, gravest
from scorecard_client.following import Following
from scorecard_client.parcels import Binding, Parcel, parcel_of
from scorecard_client.pushing import Courier, Delivery, code_of
from scorecard_client.spool import Spool
from scorecard_client.terminal import Terminal, ended, faults_end

STDIN = "-"


class Mitigation(StrEnum):
    """Side of the mitigations."""

    PRE = "pre_mitigation"
    POST = "post_mitigation"


@dataclass(frozen=True)
class Order:
    """What the command was asked to do."""

    files: list[str]
    binding: Binding
    dry_run: bool = False
    wait: bool = False
    fail_on: str | None = None
    spool: bool = False
    no_input: bool = False
    within: float = LONG_ENOUGH


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty()


@contextmanager
def _files(order: Order) -> Iterator[list[tuple[Path, str]]]:
    """Yield path and shown name of every file; standard input becomes a file for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="scorecard-") as folder:
        found = []
        for name in order.files:
            path = Path(name)
            if name == STDIN:
                if order.no_input and _is_terminal(sys.stdin):
                    raise Misused("Standard input is a terminal, and --no-input forbids waiting for it.")
                path, name = Path(folder) / "stdin", "stdin"
                with path.open("wb") as file:
                    shutil.copyfileobj(sys.stdin.buffer, file)
            elif path.is_dir():
                raise Misused(f"{name} is a folder.", remedy=f"Name the files: {name.rstrip('/')}/*.eval")
            elif not path.exists():
                raise Misused(f"There is no file {name}.", remedy="Nothing was sent.")
            found.append((path, path.name if name != "stdin" else name))
        yield found


def _prepared(
    files: list[tuple[Path, str]], order: Order, defaults: Mapping[str, str]
) -> tuple[list[Parcel], list[Delivery]]:
    """Return what can be sent, and what cannot with the reason."""
    parcels, refused = [], []
    for path, name in files:
        try:
            parcels.append(parcel_of(path, binding=order.binding, defaults=defaults, name=name))
        except ScorecardError as fault:
            if fault.exit_code == ExitCode.USAGE:
                raise
            refused.append(Delivery(name, "file", "", "refused", fault=fault))
    return parcels, refused


def _print_plan(parcels: list[Parcel], refused: list[Delivery], terminal: Terminal) -> ExitCode:
    for parcel in parcels:
        plan = parcel.plan()
        terminal.line(f"{plan['file']}  {plan['kind']}  {plan['bytes']} bytes  {plan['digest']}")
        terminal.line(f"  -> {plan['route']}")
        terminal.line("  " + "  ".join(f"{name}={value}" for name, value in plan["mapping"].items() if value))
    for delivery in refused:
        if delivery.fault is not None:
            terminal.fault(delivery.fault)
    code = gravest(code_of(refused))
    rows = [delivery.to_dict() for delivery in refused]
    terminal.document({"dry_run": [parcel.plan() for parcel in parcels], "refused": rows, "exit_code": int(code)})
    terminal.say("Nothing was sent.")
    return code


@contextmanager
def _courier(found: Configuration, order: Order, terminal: Terminal) -> Iterator[Courier]:
    """Yield who sends. Without address or token nothing can be sent, and only a spool makes that bearable."""
    terminal.say(found.words())
    for warning in found.warnings:
        terminal.say(warning)
    spool = Spool() if order.spool else None
    address = found.url.value if found.url else ""
    try:
        client = Client(url=found.address(), token=found.secret())
    except ScorecardError as fault:
        if spool is None:
            raise
        yield Courier(None, spool, address, terminal.say, broken=fault)
        return
    with client:
        yield Courier(client, spool, address, terminal.say, terminal.progress)


def _followed(
    courier: Courier, deliveries: list[Delivery], order: Order, terminal: Terminal
) -> tuple[list[ExitCode], list[dict[str, Any]]]:
    """Wait for what was sent and judge the levels; return the exit codes that this asks for, and the verdicts."""
    unknown = [delivery for delivery in deliveries if delivery.receipt is None]
    codes = [ExitCode.NETWORK] if order.fail_on and any(row.state == "spooled" for row in unknown) else []
    if courier.client is None or len(unknown) == len(deliveries):
        return codes, []
    following = Following(courier.client, terminal.say, order.within)
    following.follow(deliveries)
    for fault in following.faults:
        terminal.fault(fault)
    codes += [fault.exit_code for fault in following.faults]
    if not order.fail_on:
        return codes, []
    try:
        verdicts = following.verdicts(order.fail_on)
    except ScorecardError as fault:
        terminal.fault(fault)
        return [*codes, fault.exit_code], []
    for row in verdicts:
        clauses = [f"{met['category']} is {met['level']} ({met['source']})" for met in row["standings"]]
        standing = f"{', '.join(clauses)}: at or above {order.fail_on}" if clauses else f"nothing at {order.fail_on}"
        bare = f"; no level yet: {', '.join(row['without_level'])}" if row["without_level"] else ""
        terminal.say(f"{row['scorecard']}: {standing}{bare}")
    return [*codes, *(ExitCode.DENIED for row in verdicts if row["reached"])], verdicts


def _sent(
    courier: Courier, parcels: list[Parcel], refused: list[Delivery], order: Order, terminal: Terminal
) -> ExitCode:
    waited = courier.flush() if order.spool else []
    deliveries = [*refused, *courier.deliver(parcels)]
    for delivery in [*waited, *deliveries]:
        terminal.line(delivery.line())
        if delivery.fault is not None:
            terminal.fault(delivery.fault)
    # What waited longer is still safe in the spool, so a server that cannot be reached fails nobody's evaluation.
    bearable = ExitCode.NETWORK if order.files else None
    codes = [code for code in code_of(waited) if code != bearable] + code_of(deliveries)
    verdicts: list[dict[str, Any]] = []
    if order.wait or order.fail_on:
        followed, verdicts = _followed(courier, [*waited, *deliveries], order, terminal)
        codes += followed
    code = gravest(codes)
    terminal.document(
        {"files": [row.to_dict() for row in deliveries], "from_spool": [row.to_dict() for row in waited],
         "levels": verdicts, "exit_code": int(code)}
    )  # fmt: skip
    return code


def _carry_out(order: Order, url: str | None, terminal: Terminal) -> ExitCode:
    if not order.files and not order.spool:
        raise Misused("No file is named.", remedy="Name files, or - for standard input.")
    found = configured(url=url)
    defaults = {name: setting.value for name, setting in found.defaults.items()}
    with _files(order) as files:
        parcels, refused = _prepared(files, order, defaults)
        if order.dry_run:
            return _print_plan(parcels, refused, terminal)
        with _courier(found, order, terminal) as courier:
            return _sent(courier, parcels, refused, order, terminal)


def push(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE...", help="Reports or logs; - is stdin.")] = None,
    subject: Annotated[str | None, typer.Option(help="Subject of a log.")] = None,
    checkpoint: Annotated[str | None, typer.Option(help="Model checkpoint that a log is evidence of.")] = None,
    mitigation: Annotated[Mitigation | None, typer.Option(help="Side of the mitigations.")] = None,
    evaluation: Annotated[str | None, typer.Option(metavar="SLUG", help="Evaluation, where the log names it.")] = None,
    log_format: Annotated[str, typer.Option("--format", help="The log's format; auto lets the server see.")] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be sent, and send nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the levels are settled.")] = False,
    fail_on: Annotated[str | None, typer.Option(metavar="LEVEL", help="Exit 3 at or above this level.")] = None,
    spool: Annotated[bool, typer.Option("--spool", help="Keep here what cannot be sent; send what waits.")] = False,
    within: Within = LONG_ENOUGH,
    url: Url = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
) -> None:
    """Send run reports and logs; safe to repeat, because the server knows the same bytes again."""
    side = mitigation.value if mitigation else None
    binding = Binding(subject, checkpoint, side, evaluation, log_format)
    order = Order(files or [], binding, dry_run, wait, fail_on, spool, no_input, within)
    terminal = Terminal(as_json)
    with faults_end(terminal):
        ended(_carry_out(order, url, terminal))
