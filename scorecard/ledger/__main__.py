"""Verify an exported ledger offline: `python -m scorecard.ledger FILE --note HEAD [--key KEY] [--head OLDER_HEAD]`.

FILE holds one JSON line per entry: the canonical envelope alone, or {"envelope", "leaf"}, or {"leaf", "seq"} for one
that was withheld from whoever exported, or {"envelope", "proof"} for a selection with its inclusion proofs. A folder
stands for its entries.jsonl and head.txt. Exit 0: every check passed; 1: the first difference is named; 2: nothing
contradicts, but something could not be decided (without --key: who signed); 3: usage. The folder of this module also
runs alone: `python3 -I -S scorecard/ledger FILE --note HEAD`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, List, Tuple

if not __package__:
    # Run as a folder, which has no package name: give it one, so that the relative imports below mean the same.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    __package__ = Path(__file__).resolve().parent.name

from .canonical import NotCanonical, canonical_bytes
from .chain import (
    ChainBroken,
    check_inclusion,
    check_links,
    check_older_head,
    check_whole_ledger,
    is_withheld,
    proof_parts,
    verified_head,
)
from .note import NoteFaulty, parse_head, parse_note, parse_vkey

WRAPPED = (["envelope", "leaf"], ["envelope", "proof"])


def visible(text: str) -> str:
    """Return text that cannot steer a terminal."""
    return "".join(character if character.isprintable() else "\\x%02x" % ord(character) for character in text)


def read_rows(data: bytes) -> List[Any]:
    """Return the JSON value of each line. Raises ChainBroken for a line that is not in canonical form."""
    if not data.endswith(b"\n"):
        raise ChainBroken("the export does not end with a line end")
    rows = []
    for number, line in enumerate(data[:-1].split(b"\n"), start=1):
        try:
            row = json.loads(line.decode("utf-8"))
            exact = canonical_bytes(row) == line
        except (ValueError, NotCanonical, RecursionError):
            exact = False
        if not exact:
            raise ChainBroken("line %d: not canonical JSON" % number)
        rows.append(row)
    return rows


def _check_selection(rows: List[Any], origin: str, head: Tuple[int, bytes]) -> List[Tuple[int, bytes, List[bytes]]]:
    envelopes = [row["envelope"] for row in rows]
    leaves = [check_inclusion(row["envelope"], row["proof"], origin, *head) for row in rows]
    check_links(envelopes, leaves)
    return [
        (row["envelope"]["seq"], leaf, proof_parts(row["envelope"], row["proof"])) for row, leaf in zip(rows, leaves)
    ]


def _unwrapped(rows: List[Any], origin: str, head: Tuple[int, bytes]) -> List[bytes]:
    envelopes = [row["envelope"] if isinstance(row, dict) and sorted(row) in WRAPPED else row for row in rows]
    leaves = check_whole_ledger(envelopes, origin, *head)
    for row, leaf in zip(rows, leaves):
        if sorted(row) == WRAPPED[0] and row["leaf"] != leaf.hex():
            raise ChainBroken("ledger entry #%d: its leaf hash is another one" % row["envelope"]["seq"])
    return leaves


def _growth(line: str, decided: bool) -> str:
    return (
        "ok   grown from %s" if decided else "??   growth from %s: the entries here do not suffice to decide"
    ) % line


def check_export(data: bytes, note: str, key: str, older: str) -> List[str]:
    """Return one line per check, "ok" or "??" for what could not be decided. Raises ChainBroken at a difference."""
    origin, size, root, signer = verified_head(note, key or None)
    rows = read_rows(data) if data else []
    lines = []
    if rows and all(isinstance(row, dict) and sorted(row) == WRAPPED[1] for row in rows):
        proven = _check_selection(rows, origin, (size, root))
        lines.append("ok   %d entries, each proven in the head of %d" % (len(rows), size))
    else:
        leaves = _unwrapped(rows, origin, (size, root))
        proven = [(seq, leaf, []) for seq, leaf in enumerate(leaves[:size])]
        lines.append("ok   %d entries, chained, with the root of the head" % size)
        hidden = sum(is_withheld(row) for row in rows)
        if hidden:
            lines.append(
                "??   %d entries are withheld from this export: their hashes were checked, not their words" % hidden
            )
        if len(leaves) > size:
            lines.append("??   %d later entries are chained, but the head does not cover them" % (len(leaves) - size))
    if older:
        _, old_size, old_root, _ = verified_head(older, key or None, "older head")
        decided = check_older_head((old_size, old_root), (size, root), proven)
        words = (
            "ok   grown from the older head of %d" if decided else "??   growth from the older head of %d: undecided"
        )
        lines.append(words % old_size)
    lines.append("ok   head signed by %s" % signer if signer else "??   self-consistent; the signer is not verified")
    return lines


def read_inputs(options: argparse.Namespace) -> Tuple[bytes, str, str]:
    """Return the export, its head and the older head. Raises OSError, UnicodeDecodeError or NoteFaulty."""
    folder = options.file.is_dir()
    note_path = options.note or (options.file / "head.txt" if folder else None)
    if note_path is None:
        raise NoteFaulty("a file needs --note, its signed head")
    data = (options.file / "entries.jsonl" if folder else options.file).read_bytes()
    older = options.head.read_bytes().decode("utf-8") if options.head else ""
    if options.key is not None:
        parse_vkey(options.key)
    if options.head:
        parse_head(parse_note(older).text)
    return data, note_path.read_bytes().decode("utf-8"), older


def ledger_main(arguments: List[str]) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m scorecard.ledger", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--note", type=Path)
    parser.add_argument("--key")
    parser.add_argument("--head", type=Path)
    try:
        options = parser.parse_args(arguments)
        data, note, older = read_inputs(options)
    except SystemExit as stop:
        return 0 if stop.code == 0 else 3
    except (OSError, UnicodeDecodeError, NoteFaulty) as error:
        print("cannot read: %s" % visible(str(error)), file=sys.stderr)
        return 3
    try:
        lines = check_export(data, note, options.key or "", older)
    except ChainBroken as broken:
        print("FAIL %s" % visible(str(broken)))
        return 1
    print("\n".join(visible(line) for line in lines))
    return 2 if any(line.startswith("??") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(ledger_main(sys.argv[1:]))
