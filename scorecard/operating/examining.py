"""What works on this installation, what does not, and how to repair it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection

from evaluations.jobs import last_worker_beat
from evaluations.models import Job, JobState
from scorecard import guarding
from scorecard.operating.preparing import pending_migrations
from scorecard.pdf.availability import REMEDY, missing_libraries
from scorecard.signing_key import KeyUnusable, load_key

OK, WARNING, FAILED = "ok", "warning", "failed"
SILENCE = timedelta(seconds=60)
LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True)
class Examined:
    """One thing looked at: its state, what was found, and the remedy if something is wrong."""

    name: str
    state: str
    found: str
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def python() -> Examined:
    """The interpreter; the packages refuse to install on one that is too old, so this only names it."""
    return Examined("python", OK, f"{'.'.join(str(part) for part in sys.version_info[:3])} at {sys.executable}")


def database() -> Examined:
    """Whether the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Examined("database", OK, f"{connection.vendor} answers")


def migrations() -> Examined:
    """Whether the tables are those of this version."""
    pending = pending_migrations()
    if pending:
        return Examined("migrations", FAILED, f"{len(pending)} to apply", "python manage.py migrate --skip-checks")
    return Examined("migrations", OK, "all applied")


def triggers() -> Examined:
    """Whether history is guarded by the database itself."""
    missing = guarding.missing()
    if missing:
        return Examined(
            "triggers", FAILED, f"{len(missing)} missing, first {missing[0]}", "python manage.py migrate --skip-checks"
        )
    return Examined("triggers", OK, "history is append-only")


def ledger_key() -> Examined:
    """Whether the key that signs heads can be used; named by its public part."""
    path = Path(settings.LEDGER_KEY_FILE)
    if not path.exists():
        return Examined("ledger_key", FAILED, f"{path} does not exist", "python manage.py up makes one at its start")
    return Examined("ledger_key", OK, load_key(path, name=settings.LEDGER_ORIGIN).verification_key)


def broker() -> Examined:
    """Whether messages can be sent; jobs wait in the database while they cannot."""
    with current_app.connection_for_write() as link:
        link.ensure_connection(max_retries=1, interval_start=0, timeout=3)
        return Examined("broker", OK, f"{link.transport_cls} answers")


def worker(now: datetime) -> Examined:
    """Whether a worker was heard of lately, and how many jobs wait."""
    waiting = Job.objects.filter(state=JobState.QUEUED).count()
    newest = last_worker_beat()
    remedy = "python manage.py up, or python manage.py worker beside a running web process"
    if newest is None:
        return Examined("worker", WARNING, f"none was ever heard of; {waiting} jobs wait", remedy)
    silent = now - newest
    if silent > SILENCE:
        return Examined("worker", WARNING, f"last heard of at {newest:%d %b %H:%M:%S} UTC; {waiting} jobs wait", remedy)
    return Examined("worker", OK, f"heard of {silent.total_seconds():.0f} s ago; {waiting} jobs wait")


def pdf() -> Examined:
    """Whether scorecards can be printed; everything else works without."""
    missing = missing_libraries()
    if missing:
        return Examined("pdf", WARNING, f"not found: {', '.join(missing)}", REMEDY)
    return Examined("pdf", OK, "Pango and HarfBuzz are there")


def disk() -> Examined:
    """Whether the data folder can still grow."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    found = f"{free / 1e9:.1f} GB free in {settings.DATA_DIR}"
    if free < LEAST_FREE_BYTES:
        return Examined("disk", WARNING, found, "Free some space, or move the data with SCORECARD_DATA_DIR.")
    return Examined("disk", OK, found)


def _safely(name: str, look: Callable[[], Examined], remedy: str) -> Examined:
    try:
        return look()
    except (DatabaseError, KeyUnusable, OSError, ValueError) as error:
        return Examined(name, FAILED, f"{type(error).__name__}: {error}", remedy)


def examine(now: datetime) -> list[Examined]:
    """Look at everything; a fault in one place never hides the others."""
    migrate_first = "python manage.py migrate --skip-checks"
    return [
        python(),
        _safely("database", database, "Check DATABASE_URL, and that the server runs."),
        _safely("migrations", migrations, "Check DATABASE_URL, and that the server runs."),
        _safely("triggers", triggers, migrate_first),
        _safely("ledger_key", ledger_key, f"chmod 600 {settings.LEDGER_KEY_FILE}"),
        _safely("broker", broker, "Check BROKER_URL, and that the broker runs; jobs wait in the database until then."),
        _safely("worker", lambda: worker(now), migrate_first),
        _safely("pdf", pdf, REMEDY),
        _safely("disk", disk, "Check SCORECARD_DATA_DIR."),
    ]


def healthy(results: list[Examined]) -> bool:
    """Whether nothing failed; warnings leave an installation usable."""
    return all(result.state != FAILED for result in results)
