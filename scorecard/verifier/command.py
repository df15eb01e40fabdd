"""The auditor's command: one line per check, and an exit code that means something."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import Callable, List, Optional, Tuple

from scorecard.ledger.note import NoteFaulty, parse_head, parse_note, parse_vkey

from .carried import check_carried
from .credit_checks import check_credits
from .informing_checks import check_informing
from .ledger_checks import check_ledger, check_recorded
from .opened import Difference, Opened, check_documents, check_manifest, open_path
from .plan_checks import check_plan
from .recompute import check_decisions, check_evidence, check_levels
from .signature_checks import check_signatures
from .validity_checks import check_validity

USAGE = """Verify a preparedness scorecard offline: python3 -I verify.py DIR|ZIP|PDF [--key KEY] [--head OLDER_HEAD]

Exit 0: every check passed. 1: the first difference is named. 2: nothing contradicts, but something could not be
decided (without --key: who signed). 3: usage."""

MALFORMED = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)
"""What reading a document of another shape raises; the checks expect the product's own shapes."""


def printable(text: str) -> str:
    """Return text that cannot steer a terminal."""
    shown = (character if character.isprintable() else "\\u%04x" % ord(character) for character in text)
    return "".join(shown)


def checks_of(key: Optional[str], older: str) -> List[Tuple[str, Callable[[Opened], str]]]:
    """Return every check with its title, in order."""
    return [
        ("manifest", check_manifest),
        ("documents", check_documents),
        ("ledger", lambda opened: check_ledger(opened, key, older)),
        ("recorded", check_recorded),
        ("signatures", check_signatures),
        ("evidence", check_evidence),
        ("validity", check_validity),
        ("plan", check_plan),
        ("informing", check_informing),
        ("levels", check_levels),
        ("credits", check_credits),
        ("decisions", check_decisions),
        ("carried", lambda opened: check_carried(opened, key)),
    ]


def verify(path: Path, key: Optional[str], older: str, say: Callable[[str], None]) -> Tuple[int, Optional[Opened]]:
    """Run every check, saying one line each; return the exit code and what was opened. Raises OSError."""
    opened = None
    title = "file"
    try:
        opened = open_path(path, key)
        for title, check in checks_of(key, older):
            say("ok   %-10s %s" % (title, printable(check(opened))))
    except Difference as difference:
        say("FAIL %-10s %s" % (title, printable(str(difference))))
        return 1, opened
    except MALFORMED as error:
        say("FAIL %-10s malformed: %s %s" % (title, type(error).__name__, printable(str(error))))
        return 1, opened
    if key is None:
        say("??   %-10s self-consistent; the signer is not verified (give --key)" % "signer")
    else:
        say("ok   %-10s the ledger head is signed by %s" % ("signer", printable(opened.signer or "")))
    for line in opened.undecided:
        say("??   %-10s %s" % ("growth", printable(line)))
    say(
        "     %-10s README.txt, and whether the card was superseded or revoked after ledger entry #%d"
        % ("unchecked", opened.size - 1)
    )
    return (2 if key is None or opened.undecided else 0), opened


def read_arguments(options: argparse.Namespace) -> str:
    """Return the older head's text, or an empty one. Raises OSError, UnicodeDecodeError or NoteFaulty."""
    if options.key is not None:
        parse_vkey(options.key)
    if not options.path.exists():
        raise OSError("%s does not exist" % options.path)
    if options.head is None:
        return ""
    older = str(options.head.read_bytes().decode("utf-8"))
    parse_head(parse_note(older).text)
    return older


def main(arguments: List[str]) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="verify.py", usage=USAGE, add_help=True)
    parser.add_argument("path", type=Path)
    parser.add_argument("--key")
    parser.add_argument("--head", type=Path)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name in another script must not stop the last line
    try:
        options = parser.parse_args(arguments)
        older = read_arguments(options)
        code, opened = verify(options.path, options.key, older, print)
    except SystemExit as stop:
        return 0 if stop.code == 0 else 3
    except (OSError, UnicodeDecodeError, NoteFaulty) as error:
        print("cannot read: %s" % printable(str(error)), file=sys.stderr)
        return 3
    if opened is not None and opened.file_digest:
        print("     %-10s sha256:%s" % ("file", opened.file_digest))
    return code
