"""Log sources from bytes or from a file, as the worker makes them."""

from __future__ import annotations

import io
from pathlib import Path

from evaluations.logs.budget import Budget
from evaluations.logs.source import LogSource
from evaluations.logs.unpacking import unpacked


def source_of(data: bytes, name: str = "", **limits: int) -> LogSource:
    """A received file of these bytes; `limits` are fields of the budget."""
    return LogSource(io.BytesIO(data), name, len(data), Budget(**limits))


def source_at(path: Path, **limits: int) -> LogSource:
    """A received file as it lies on the disk, held in memory; one in gzip as what is inside, as the worker has it."""
    with unpacked(source_of(path.read_bytes(), str(path), **limits)) as inside:
        return source_of(inside.whole(), inside.name, **limits)
