"""The table behind the cache that all processes share, where no Redis is at hand."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command


def make_table(using: str = "default", **kwargs: Any) -> None:
    """Make the table if the settings ask for one and it is missing; called after each migration."""
    call_command("createcachetable", database=using, verbosity=0)
