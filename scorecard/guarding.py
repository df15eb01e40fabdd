"""Database triggers that refuse every change of a written history row, on SQLite and on PostgreSQL.

They are installed after every migration because Django's SQLite schema edits rebuild tables and drop triggers
silently. They stop the application, not the owner of the database: that is what signed heads kept elsewhere are for.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

LEDGER = "scorecard_ledgerentry"
APPEND_ONLY = (
    LEDGER,
    "scorecard_ledgerhead",
    "scorecard_assessment",
    "scorecard_determination",
    "scorecard_sealedcard",
    "scorecard_rendering",
    "scorecard_frameworkversion",
    "scorecard_safeguard",
    "scorecard_evaluationplan",
)
NEVER_DELETED = (
    "scorecard_signature", "scorecard_scorecard", "scorecard_user", "evaluations_evaluationrun", "evaluations_logfile",
    "evaluations_evidencedocument", "evaluations_evidencebinding", "scorecard_forecast", "scorecard_invocation",
    "scorecard_applicability", "scorecard_systemchange",
)  # fmt: skip


def _names() -> list[tuple[str, str, str]]:
    rows = [(table, "UPDATE", f"{table}_keeps_update") for table in APPEND_ONLY]
    rows += [(table, "DELETE", f"{table}_keeps_delete") for table in APPEND_ONLY + NEVER_DELETED]
    return [*rows, (LEDGER, "INSERT", f"{LEDGER}_in_sequence")]


def _sqlite_statements() -> list[str]:
    statements = []
    for table, event, name in _names():
        # INSERT OR REPLACE walks around a delete trigger, so inserts are guarded by sequence as well.
        when = f"WHEN NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM {LEDGER})" if event == "INSERT" else ""
        statements.append(f"DROP TRIGGER IF EXISTS {name}")
        statements.append(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    return statements


def _postgresql_statements() -> list[str]:
    statements = [
        "CREATE OR REPLACE FUNCTION scorecard_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        "CREATE OR REPLACE FUNCTION scorecard_in_sequence() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM {LEDGER}) THEN "
        "RAISE EXCEPTION 'ledger entries are written in sequence'; END IF; RETURN NEW; END $$",
    ]
    for table, event, name in _names():
        function = "scorecard_in_sequence" if event == "INSERT" else "scorecard_refuse"
        statements.append(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        statements.append(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
        statements.append(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    for table in APPEND_ONLY:
        statements.append(f"DROP TRIGGER IF EXISTS {table}_keeps_truncate ON {table}")
        statements.append(
            f"CREATE TRIGGER {table}_keeps_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION scorecard_refuse()"
        )
    return statements


def install(using: str = "default", **kwargs: Any) -> None:
    """Install (or reinstall) every trigger on the database `using`; called after each migration."""
    connection = connections[using]
    statements = _sqlite_statements() if connection.vendor == "sqlite" else _postgresql_statements()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def lift(using: str = "default") -> None:
    """Drop every trigger; only for emptying a test database."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for table, _, name in _names():
            place = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{place}")
        if connection.vendor != "sqlite":
            for table in APPEND_ONLY:
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_keeps_truncate ON {table}")


def missing(using: str = "default") -> list[str]:
    """Return the names of triggers that should be in the database and are not."""
    connection = connections[using]
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('A', 'O')"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        present = {row[0] for row in cursor.fetchall()}
    return sorted(name for _, _, name in _names() if name not in present)
