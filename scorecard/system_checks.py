"""What must hold before the product may serve, and what may be missing but has to be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import connections

from scorecard import guarding
from scorecard.pdf.availability import remedy

MIGRATED_TABLE = guarding.LEDGER


@checks.register(checks.Tags.database)
def history_is_guarded(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Error when a trigger that keeps history unchanged is missing; silent on a database that is not migrated yet."""
    return [
        checks.Error(
            f"{len(missing)} database triggers that keep history unchanged are missing, first {missing[0]}.",
            hint="Run: python manage.py migrate --skip-checks (it reinstalls them).",
            id="scorecard.E001",
        )
        for alias in databases or []
        if MIGRATED_TABLE in connections[alias].introspection.table_names() and (missing := guarding.missing(alias))
    ]


@checks.register()
def scorecards_can_be_printed(**kwargs: Any) -> list[checks.CheckMessage]:
    """Warn, in the words used everywhere else, when this machine lacks the libraries of the PDF writer."""
    words = remedy()
    return [checks.Warning(words, id="scorecard.W001")] if words else []
