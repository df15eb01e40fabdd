"""Bounds on what is printed: long texts and lists are cut with words that say so, because layout costs time per row.

The attached files stay complete; only the paper is shortened.
"""

from __future__ import annotations

from typing import Any

TEXT_LIMIT = 4_000
LIST_LIMIT = 500
ROW_LIMIT = 200
UNBOUNDED = frozenset({"evidence"})
"""Lists that are counted and cut where they become tables, by ROW_LIMIT."""


def bounded(value: Any, cuts: list[str], *, name: str = "") -> Any:
    """Return a copy with every text cut to 4,000 characters and every list to 500 entries; `cuts` is told of each."""
    if isinstance(value, str):
        if len(value) <= TEXT_LIMIT:
            return value
        cuts.append(f"a text of {name or 'the record'}: first {TEXT_LIMIT} of {len(value)} characters")
        return f"{value[:TEXT_LIMIT]}… (first {TEXT_LIMIT} of {len(value)} characters)"
    if isinstance(value, dict):
        return {key: bounded(item, cuts, name=str(key)[:60]) for key, item in value.items()}
    if isinstance(value, list):
        kept = value
        if len(value) > LIST_LIMIT and name not in UNBOUNDED:
            cuts.append(f"{name or 'a list'}: first {LIST_LIMIT} of {len(value)}")
            kept = value[:LIST_LIMIT]
        return [bounded(item, cuts, name=name) for item in kept]
    return value


def first_rows(rows: list[Any], limit: int = ROW_LIMIT, *, attached: str = "evidence.csv") -> tuple[list[Any], str]:
    """Return at most `limit` rows and the sentence that says what was left out; empty when nothing was."""
    if len(rows) <= limit:
        return rows, ""
    return rows[:limit], f"First {limit} of {len(rows)} rows; the full list is attached as {attached}."
