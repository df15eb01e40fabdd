"""`scorecard show`, `diff` and `export`: read scorecards."""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from scorecard_client import asking
from scorecard_client.answers import Scorecard, Side, Snapshot, snapshot_at
from scorecard_client.client import Client
from scorecard_client.commands.options import AsJson, NoInput, Url, connected
from scorecard_client.comparing import differences
from scorecard_client.errors import CheckFailed, Misused, ScorecardError
from scorecard_client.exit_codes import ExitCode
from scorecard_client.terminal import Terminal, ended, faults_end

EXPORTED = {
    "scorecard.json": ".json", "bundle.zip": "-bundle.zip", "document.pdf": ".pdf", "evidence.csv": "-evidence.csv",
}  # fmt: skip
STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _level_words(side: Side) -> str:
    if side.determined_level is None:
        return f"{side.indicated_level} (indicated)" if side.indicated_level else "no level"
    if side.indicated_level in (None, side.determined_level):
        return side.determined_level
    return f"{side.determined_level} (indicated {side.indicated_level})"


def _card_lines(card: Scorecard) -> list[str]:
    flags = [name for name in ("stale", "contested", "lapsed") if getattr(card, name)]
    subject = card.subject.get("slug", "")
    # A draft's decision is shown as one that binds nobody, because the gate itself denies until a card is sealed.
    force = "" if card.state == "sealed" and not card.stale and not card.lapsed else " (not in force)"
    rows: list[tuple[str, ...]] = [("category", "pre_mitigation", "post_mitigation")]
    rows += [
        (row.category, _level_words(row.pre_mitigation), _level_words(row.post_mitigation)) for row in card.categories
    ]
    rows.append(("overall", *(card.overall.get(side) or "no level" for side in rows[0][1:])))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        f"{card}  {card.checkpoint}  {subject}  {', '.join([card.state, *flags])}",
        f"framework {card.framework.slug} {card.framework.version}  digest {card.digest}",
        *("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows),
        *(f"gate {gate.action}: {gate.decision}{force}  {' '.join(gate.reasons)}" for gate in card.gates),
        *(f"changed since: {change.words} ({change.mitigation})" for change in card.changes),
    ]


def show(
    name: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A checkpoint, or a scorecard's number or id.")],
    url: Url = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
) -> None:
    """Print the newest scorecard of a checkpoint: its levels, its gates, and what changed since."""
    terminal = Terminal(as_json)
    with faults_end(terminal), connected(url, terminal) as client:
        card = client.perform(asking.card_of(name))
        for text in _card_lines(card):
            terminal.line(text)
        terminal.document(card.model_dump(mode="json"))


def _record(name: str, client: Client | None) -> Snapshot:
    if client is not None:
        return client.scorecards.snapshot(name)
    try:
        return snapshot_at(Path(name))
    except OSError as fault:
        raise Misused(f"{name} cannot be read: {fault.strerror or fault}.") from None


def diff(
    before: Annotated[
        str, typer.Argument(metavar="A", help="A scorecard's number, id or scorecard.json; a checkpoint.")
    ],
    after: Annotated[str, typer.Argument(metavar="B", help="What to compare with.")],
    url: Url = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
) -> None:
    """Compare two scorecards: levels, findings, gates, framework and evidence, with - and +."""
    terminal = Terminal(as_json)
    with faults_end(terminal), ExitStack() as open_until_the_end:
        on_disk = [Path(name).is_file() for name in (before, after)]
        client = None if all(on_disk) else open_until_the_end.enter_context(connected(url, terminal))
        names = zip((before, after), on_disk, strict=True)
        former, now = (_record(name, None if local else client) for name, local in names)
        found = differences(former, now)
        terminal.line(f"--- {former}  {former.checkpoint}")
        terminal.line(f"+++ {now}  {now.checkpoint}")
        for index, row in enumerate(found):
            if not index or found[index - 1].section != row.section:
                terminal.line(f"@@ {row.section}")
            for text in row.lines():
                terminal.line(text)
        if not found:
            terminal.say("No difference.")
        rows = [vars(row) for row in found]
        terminal.document({"before": str(former), "after": str(now), "differences": rows})


def _stem(card: Scorecard) -> str:
    """Return the name of the files; the server's text never becomes a path as it is."""
    stem = f"{card.number}-v{card.version}"
    return stem if STEM.fullmatch(stem) else "scorecard"


def _check_record(path: Path, card: Scorecard) -> None:
    digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    if card.digest and digest != card.digest:
        raise CheckFailed(
            f"{path.name} has the digest {digest}, the server names {card.digest}.", remedy="Export again."
        )


def _exported(client: Client, card: Scorecard, out: Path, terminal: Terminal) -> list[dict[str, Any]]:
    rows = []
    for kind, ending in EXPORTED.items():
        path = out / f"{_stem(card)}{ending}"
        try:
            client.scorecards.download(card.id, kind, into=path)
            if kind == "scorecard.json":
                _check_record(path, card)
        except ScorecardError as fault:
            if fault.exit_code in (ExitCode.AUTHENTICATION, ExitCode.USAGE):
                raise
            terminal.say(f"{kind}: {fault.detail}")
            rows.append({"document": kind, "file": None, "error": fault.to_dict()})
            continue
        terminal.line(str(path))
        rows.append({"document": kind, "file": str(path), "error": None})
    return rows


def export(
    name: Annotated[str, typer.Argument(metavar="SCORECARD", help="A scorecard's number or id, or a checkpoint.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")],
    url: Url = None,
    no_input: NoInput = False,
    as_json: AsJson = False,
) -> None:
    """Download a scorecard's PDF, record, bundle and evidence; exit 1 when one of them is not to be had."""
    terminal = Terminal(as_json)
    with faults_end(terminal), connected(url, terminal) as client:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise Misused(f"{out} cannot be made: {fault.strerror or fault}.") from None
        card = client.perform(asking.card_of(name))
        rows = _exported(client, card, out, terminal)
        code = ExitCode.CHECK_FAILED if any(row["error"] for row in rows) else ExitCode.OK
        terminal.document({"scorecard": str(card), "files": rows, "exit_code": int(code)})
        ended(code)
