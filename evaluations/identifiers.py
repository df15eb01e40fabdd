"""Public identifiers: a prefix that says what the thing is, and a ULID, which sorts by time."""

from __future__ import annotations

from ulid import ULID


def new_id(prefix: str) -> str:
    """Return a new identifier such as `run_01J...`.

    Time-ordered rather than random because random keys make every insert touch another page of the index.
    """
    return f"{prefix}_{ULID()}"
