"""One attempt at a sample as lists show it, with the address of its page."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any
from urllib.parse import urlencode

from evaluations.sample_queries import sample_row
from evaluations.samples import SampleColumns


def twins_of(columns: SampleColumns, sample: str) -> list[tuple[int, int]]:
    """Return (place, index) of every attempt at a sample in canonical order, which goes by the id first."""
    order = columns.order()
    found = []
    for place in range(bisect_left(order, sample, key=columns.ids.__getitem__), len(order)):
        if columns.ids[order[place]] != sample:
            break
        found.append((place, order[place]))
    return found


def address_of(columns: SampleColumns, index: int, shown: str = "") -> str:
    """Return the query string of an attempt's page, `shown` being that of the list it was chosen from.

    The place stands in it only for a superseded attempt, because that may share its number with the live one.
    """
    said: dict[str, Any] = {"id": columns.ids[index], "attempt": columns.attempts[index]}
    if columns.superseded[index]:
        said["place"] = next(place for place, twin in twins_of(columns, columns.ids[index]) if twin == index)
    return "?" + urlencode(said | ({"list": shown} if shown else {}))


def listed_row(columns: SampleColumns, index: int, shown: str = "") -> dict[str, Any]:
    """Return an attempt with what is kept beside its score, and its address."""
    return {**sample_row(columns, index), "address": address_of(columns, index, shown)}
