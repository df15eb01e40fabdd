"""The records of the canonical CSV, some thousand at a time, as `estimates.scores.scores_to_csv` writes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import add

from evaluations.estimates.scores import scores_to_csv

HEADING = scores_to_csv([])
TO_QUOTE = '",\r\n'
Key = tuple[int, int, float | None, int, int]
"""Attempt, status, score, cluster and whether superseded; statuses and clusters by their codes."""


def quoted(text: str) -> str:
    """Return a cell as the canonical CSV writes it."""
    if not any(character in text for character in TO_QUOTE):
        return text
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerow([text])
    return target.getvalue()[:-1]


class Tails(dict[Key, str]):
    """What follows the id in a record, made once for all rows that have the same of it."""

    def __init__(self, statuses: Sequence[str], clusters: Sequence[str | None]) -> None:
        self._statuses, self._clusters = statuses, clusters

    def __missing__(self, key: Key) -> str:
        attempt, status, score, code, superseded = key
        named = self._clusters[code]
        cluster = "" if named is None else quoted(":" + named)
        shown = "" if score is None else repr(score)
        tail = f",{attempt},{self._statuses[status]},{shown},{cluster},{superseded:d}"
        self[key] = tail
        return tail


def records_of(ids: list[str], keys: Iterable[Key], tails: Tails) -> list[str]:
    """Return the records of rows, without their line ends."""
    joined = "".join(ids)
    if any(character in joined for character in TO_QUOTE):
        ids = [quoted(text) for text in ids]
    return list(map(add, ids, map(tails.__getitem__, keys)))


def bytes_of(records: list[str]) -> bytes:
    """Return records with their line ends."""
    return ("\n".join(records) + "\n").encode("utf-8")


def lines_of(data: bytes, records: list[str]) -> Iterable[bytes]:
    """Return each record's bytes; a quoted text may hold line ends, and then the records tell them apart."""
    if data.count(b"\n") == len(records):
        return islice(data.split(b"\n"), len(records))
    return (record.encode("utf-8") for record in records)
