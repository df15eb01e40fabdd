"""Two writers in each other's way: which database errors pass by themselves, and trying again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, transaction

Result = TypeVar("Result")
PASSING = ("40P01", "40001", "55P03")
"""PostgreSQL's deadlock, serialisation failure and lock not available."""
MOST_TRIES = 5
PAUSE = 0.05


def passes(error: OperationalError) -> bool:
    """Whether the same transaction may succeed a moment later."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in PASSING or "database is locked" in str(error)


def insisting(deed: Callable[[], Result]) -> Result:
    """Return what `deed` returns, trying again while it only met another writer.

    `deed` opens and ends its own transaction. Inside a transaction of the caller it is tried once, because there a
    failed statement spoils everything before it.
    """
    tries = 1 if transaction.get_connection().in_atomic_block else MOST_TRIES
    for tried in range(1, tries + 1):
        try:
            return deed()
        except OperationalError as error:
            if tried == tries or not passes(error):
                raise
            time.sleep(PAUSE * tried * (1 + random.random()))  # noqa: S311 - only spreads the tries
    raise AssertionError("the last try returns or raises")
