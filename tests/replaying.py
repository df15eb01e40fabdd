"""What many tests begin with: made once by the product's own deeds, afterwards written again statement by statement.

Publishing a framework and opening a card take a third of a second of Python and a millisecond of SQL. The rows are the
same each time, so the second test of a process repeats the SQL that the first one caused.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from scorecard.models.ledger import LedgerFrontier

Statement = tuple[str, Any]
Deed = Callable[[], str]
_MADE: dict[Hashable, tuple[str, list[Statement]]] = {}


def replayed(deed: Deed, *given: Hashable) -> str:
    """Do the deed and return the id it returns, or write the rows again that it wrote before from the same beginning.

    `given` are the rows and words that the deed builds upon; what else was done before is told by the ledger's end.
    Outside a test's transaction the deed is always done afresh, because the messages that it sends on commit cannot be
    sent again; so it is on PostgreSQL, whose sequences never go back.
    """
    if not connection.in_atomic_block or connection.vendor != "sqlite":
        return deed()
    beginning = (deed.__qualname__, given, settings.LEDGER_ORIGIN, *_counts())
    if beginning not in _MADE:
        _MADE[beginning] = _kept(deed)
        return _MADE[beginning][0]
    named, statements = _MADE[beginning]
    with connection.cursor() as cursor:
        for sql, parameters in statements:
            cursor.execute(sql, parameters)
    return named


def _kept(deed: Deed) -> tuple[str, list[Statement]]:
    statements: list[Statement] = []

    def listen(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        assert not many, f"cannot be written again: {sql}"
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            statements.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(listen):
        named = deed()
    return named, statements


def _counts() -> tuple[Hashable, ...]:
    """How many rows each table holds, the numbers given to rows so far, and the end of the ledger."""
    tables = [connection.ops.quote_name(model._meta.db_table) for model in apps.get_models() if model._meta.managed]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {table})" for table in tables))
        rows = cursor.fetchone()
        cursor.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name")
        numbers = tuple(cursor.fetchall())
    return rows, numbers, LedgerFrontier.objects.values_list("size", "last_leaf").first()
