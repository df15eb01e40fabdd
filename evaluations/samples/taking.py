"""Samples as they come turned into columns, and checked column by column: a fraction of the cost of one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from evaluations.report.document import Sample
from evaluations.report.values import are_plain_names

Table = dict[str, Sequence[Any]]
"""Values by the name of their field, one for each sample; a field that no sample has is left out."""
ABSENT: dict[str, Any] = {"attempt": 1, "status": "scored", "superseded": False}
"""What an absent field means, where it does not mean null."""
NAMES = frozenset({"id", "uuid"})
"""Fields of which hardly two samples have the same."""


def _checks(hint: Any) -> TypeAdapter[Any]:
    one = get_args(hint)[0] if get_origin(hint) is NotRequired else hint
    return TypeAdapter(list[one], config=ConfigDict(strict=True))  # type: ignore[valid-type]


CHECKS = {name: _checks(hint) for name, hint in get_type_hints(Sample, include_extras=True).items()}
"""For each field of a sample, what must hold of a list of its values."""


def table_of(samples: Sequence[Sample]) -> Table:
    """Return the columns of samples. Raises KeyError when one has no id."""
    rows: Sequence[Any] = samples
    present = set[str]().union(*rows)
    table: Table = {"id": [row["id"] for row in rows]}
    for name in present - {"id"}:
        absent = ABSENT.get(name)
        table[name] = [row.get(name, absent) for row in rows]
    return table


def sound_table(samples: Sequence[Any]) -> Table | None:
    """Return the columns of samples that are what `Sample` says, or None when one of them may not be.

    The samples come from strict JSON. What a score must say together with its status is not looked at.
    """
    if set(map(type, samples)) != {dict}:
        return None
    try:
        table = table_of(samples)
        return {name: _checked(name, column) for name, column in table.items()}
    except (KeyError, TypeError, ValidationError):
        return None


def _checked(name: str, column: Sequence[Any]) -> Sequence[Any]:
    if name in NAMES and _are_plain(column):
        return column
    checked: Sequence[Any] = CHECKS[name].validate_python(column)
    return checked


def _are_plain(column: Sequence[Any]) -> bool:
    try:
        return are_plain_names(column)
    except TypeError:
        return False
