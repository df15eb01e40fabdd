"""Writing and reading the ledger, against hashing the same bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from benchmarks.timing import Line, cpu
from evaluations.actors import SYSTEM
from scorecard.models.ledger import LedgerEntry
from scorecard.operating.rehashing import read_ledger
from scorecard.recording import record
from scorecard.signing_key import load_key

ENTRIES = 500


def append(count: int) -> None:
    """Write entries, each in a transaction of its own, as deeds do."""
    for number in range(count):
        with transaction.atomic():
            record("token.issued", subject=("token", str(number)), data={"prefix": "x"}, by=SYSTEM, at=timezone.now())


def insert_plainly(count: int) -> None:
    """The floor of writing: one committed statement each, without a ledger."""
    for number in range(count):
        with transaction.atomic():
            PlainTable.write(number)


class PlainTable:
    """A table of the same width without chain, tree or triggers."""

    @staticmethod
    def prepare() -> None:
        """Make the table."""
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS bench_plain (kind TEXT, at TEXT, body TEXT)")

    @staticmethod
    def write(number: int) -> None:
        """Insert one row."""
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("INSERT INTO bench_plain VALUES (%s, %s, %s)", ["token.issued", "now", f"{number}" * 100])


def lines(folder: Path, *, largest: int) -> list[Line]:
    """Measure appending and the whole reading."""
    del folder, largest
    PlainTable.prepare()
    appended = cpu(lambda: append(ENTRIES), rounds=3) / ENTRIES
    plain = cpu(lambda: insert_plainly(ENTRIES), rounds=3) / ENTRIES
    key = load_key(Path(settings.LEDGER_KEY_FILE), name=settings.LEDGER_ORIGIN)
    size = LedgerEntry.objects.count()
    reading = cpu(lambda: read_ledger(key)) / size
    envelopes = [row.encode() for row in LedgerEntry.objects.values_list("envelope", flat=True)]
    hashing = cpu(lambda: [hashlib.sha256(b"\0" + row).digest() for row in envelopes]) / size
    return [
        Line("append one ledger entry", appended, "one plain committed insert", plain),
        Line(f"re-read one entry of {size}", reading, "SHA-256 of its bytes", hashing),
    ]
