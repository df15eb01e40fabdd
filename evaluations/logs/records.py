"""Logs of one JSON object a line, whose last line a killed run leaves cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import tolerant_json


def records(source: LogSource) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield (line, record), and at the end (0, None) where the last line was cut.

    Raises LogRefused for a line that is no object, and for damage that lines follow: then it was not the end.
    """
    broken: LogRefused | None = None
    for line, data in source.lines():
        if broken is not None:
            raise broken
        try:
            record = tolerant_json(data, place=f"line {line}")
        except LogRefused as refused:
            broken = refused
            continue
        if not isinstance(record, dict):
            raise LogRefused("wrong-type", "The line is no record.", pointer=f"line {line}")
        yield line, record
    if broken is not None:
        yield 0, None
