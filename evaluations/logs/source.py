"""One received file as adapters see it: a seekable stream, its name, and bounded ways to read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from evaluations.logs.budget import Budget
from evaluations.logs.refusal import LogRefused

HEAD_BYTES = 64 * 1024
CHUNK = 256 * 1024


@dataclass
class LogSource:
    """A received log file. `name` is what the sender called it (untrusted, may be empty); `size` is in bytes."""

    stream: BinaryIO
    name: str
    size: int
    budget: Budget = field(default_factory=Budget)
    names: list[str] | None = field(default=None, init=False, repr=False)
    """Member names of an archive, once `archive.listed_names` was asked for them."""
    _head: bytes | None = field(default=None, init=False, repr=False)

    @property
    def base_name(self) -> str:
        """The last part of the name, whatever the sender's separators."""
        return PurePosixPath(self.name.replace("\\", "/")).name

    @property
    def suffix(self) -> str:
        """The last suffix in lower case, e.g. `.eval`; empty without one."""
        return PurePosixPath(self.base_name).suffix.lower()

    def head(self) -> bytes:
        """Return the first 64 KiB, for recognising."""
        if self._head is None:
            self.stream.seek(0)
            self._head = self.stream.read(HEAD_BYTES)
        return self._head

    def open(self) -> BinaryIO:
        """Return the stream at its start; the caller does not close it."""
        self.stream.seek(0)
        return self.stream

    def whole(self) -> bytes:
        """Return all bytes of a file that fits into memory. Raises LogRefused beyond the budget of one part."""
        self.budget.member(self.size, place=self.base_name)
        data = self.open().read(self.budget.member_bytes + 1)
        self.budget.member(len(data), place=self.base_name)
        self.budget.spend(len(data), place=self.base_name)
        return data

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (number from 1, line without its end) of every line that is not blank.

        The last line of a file cut in the middle is yielded like any other. Raises LogRefused for a line beyond the
        budget of one part.
        """
        readline, budget, most = self.open().readline, self.budget, self.budget.member_bytes + 1
        for number, line in enumerate(iter(lambda: readline(most), b""), 1):
            budget.line(len(line), number)
            if stripped := line.strip():
                yield number, stripped

    def refuse_empty(self) -> None:
        """Raise LogRefused for a file without a byte."""
        if self.size == 0:
            raise LogRefused("empty", "The file is empty.", remedy="Send the log after the run has written it.")
