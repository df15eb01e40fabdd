"""Rows of numbers that wait until all is known: a million of them on disk, because memory is for what is looked up."""

from __future__ import annotations

import struct
import tempfile
import weakref
from collections.abc import Iterator
from typing import Any

IN_MEMORY = 1024 * 1024
PIECE = 64 * 1024
"""Bytes that are written or read at once."""


class Rows:
    """Rows of one form (the format characters of `struct`), in the order in which they were added."""

    def __init__(self, form: str) -> None:
        self._row = struct.Struct(f"<{form}")
        self._waiting = bytearray()
        # Closed with the rows themselves, because whoever reads a log may stop anywhere.
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def add(self, *cells: float) -> None:
        """Add a row."""
        self._waiting += self._row.pack(*cells)
        if len(self._waiting) >= PIECE:
            self._write()

    def _write(self) -> None:
        self._file.seek(0, 2)
        self._file.write(self._waiting)
        self._waiting.clear()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows; several readers may take turns."""
        self._write()
        size, offset = PIECE // self._row.size * self._row.size, 0
        while True:
            self._file.seek(offset)
            if not (piece := self._file.read(size)):
                return
            offset += len(piece)
            yield from self._row.iter_unpack(piece)
