"""`manage.py ledger_verify`: recompute the ledger from its rows; exit 1 names the first entry that differs."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from scorecard.operating.rehashing import read_ledger
from scorecard.signing_key import load_key


class Command(BaseCommand):
    """Exit 0 when every row, the frontier and every signed head agree."""

    help = "Recompute the ledger's hashes, frontier and signed heads from the rows."
    requires_system_checks: list[str] = []  # it must run on a damaged database too

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, report, exit."""
        key = load_key(Path(settings.LEDGER_KEY_FILE), name=settings.LEDGER_ORIGIN)
        reading = read_ledger(key)
        if options["json"]:
            self.stdout.write(json.dumps(reading.to_dict()))
        elif reading.fault is None:
            self.stdout.write(f"Intact: {reading.entries} entries, {reading.heads} signed heads, root {reading.root}")
        else:
            where = f"#{reading.seq}: " if reading.seq is not None else ""
            self.stdout.write(f"The ledger differs. {where}{reading.fault}.")
        if reading.fault is not None:
            sys.exit(1)
