"""A JSON document read as a stream of bytes: wanted values are taken, all others are passed over without being held.

Inspect's own streaming reader fails on bare NaN and Infinity (inspect_ai #4580); here tokens between brackets are not
looked at until a value is taken, so they may stand anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

import pydantic_core

from evaluations.logs.budget import Budget
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import CHUNK
from evaluations.logs.values import tolerant_json

BLANKS = re.compile(rb"[ \t\r\n]*+")
STRETCH = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL)
"""Everything up to the next bracket, whole strings included."""
INSIDE = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
SCALAR = re.compile(rb'[^,\]}\s"\[{:]*+')
LONGEST_KEY = 10_000
QUOTE, BACKSLASH = 0x22, 0x5C
OPEN, CLOSE = frozenset(b"{["), frozenset(b"}]")


def parsed(data: bytes, *, place: str, depth: int) -> Any:
    """Return the value of a JSON text in which NaN and Infinity may stand bare. Raises LogRefused."""
    try:
        return pydantic_core.from_json(data, allow_inf_nan=True)
    except ValueError:
        # What the fast parser refuses may still be readable: lone surrogates, very long numerals.
        return tolerant_json(data, place=place, depth=depth)


class JsonStream:
    """A cursor in a JSON text. `members` and `elements` walk a container; the caller takes or skips each value."""

    def __init__(self, stream: IO[bytes], budget: Budget, *, place: str, counted: bool) -> None:
        """`counted` says that the stream itself spends the budget."""
        self._stream, self._budget, self.place, self._counted = stream, budget, place, counted
        self._data, self._at = b"", 0
        self._more(keep_from=0)
        if self._data.startswith(b"\xef\xbb\xbf"):
            self._at = 3

    def members(self) -> Iterator[str]:
        """Yield the keys of the object at the cursor; before the next one its value must be taken or skipped."""
        self._expect(b"{", "an object")
        if self._closed(b"}"):
            return
        while True:
            if self.peek() != b'"':
                raise self._broken("a key was expected")
            key = parsed(self.take(limit=LONGEST_KEY), place=self.place, depth=1)
            self._expect(b":", "a colon")
            yield str(key)
            if self._closed(b"}"):
                return
            self._expect(b",", "a comma")

    def elements(self) -> Iterator[int]:
        """Yield the indices of the array at the cursor; before the next one its value must be taken or skipped."""
        self._expect(b"[", "an array")
        if self._closed(b"]"):
            return
        index = 0
        while True:
            yield index
            index += 1
            if self._closed(b"]"):
                return
            self._expect(b",", "a comma")

    def peek(self) -> bytes:
        """Return the first byte of what comes next. Raises LogRefused at the end of the file."""
        while True:
            found = BLANKS.match(self._data, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._more(keep_from=self._at):
                raise self._cut()

    def take(self, *, limit: int | None = None) -> bytes:
        """Return the bytes of the value at the cursor. Raises LogRefused beyond the budget of one part."""
        return b"".join(self._value(limit or self._budget.member_bytes))

    def skip(self) -> None:
        """Pass over the value at the cursor; its brackets and quotes must match, the rest is not looked at."""
        for _ in self._value(None):
            pass

    def finish(self) -> None:
        """Raise LogRefused when anything but blanks follows."""
        try:
            self.peek()
        except LogRefused:
            return
        raise self._broken("something follows the document")

    def _value(self, limit: int | None) -> Iterator[bytes]:
        first, size = self.peek()[0], 0
        pieces = self._container() if first in OPEN else self._string() if first == QUOTE else self._scalar()
        for piece in pieces:
            size += len(piece)
            if limit is not None and size > limit:
                self._budget.member(size, place=self.place)
                raise self._broken("a name is too long")
            yield piece

    def _container(self) -> Iterator[bytes]:
        start, depth = self._at, 0
        while True:
            found = STRETCH.match(self._data, self._at)
            self._at = found.end() if found else self._at
            if self._at == len(self._data):
                yield self._data[start:]
                start = self._next_piece()
                continue
            byte = self._data[self._at]
            if byte == QUOTE:
                yield self._data[start : self._at]
                yield from self._string()
                start = self._at
                continue
            self._at += 1
            depth += 1 if byte in OPEN else -1
            if depth == 0:
                yield self._data[start : self._at]
                return

    def _string(self) -> Iterator[bytes]:
        start = self._at
        self._at += 1
        while True:
            found = INSIDE.match(self._data, self._at)
            self._at = found.end() if found else self._at
            if self._at == len(self._data):
                yield self._data[start:]
                start = self._next_piece()
            elif self._data[self._at] == BACKSLASH:
                yield self._data[start : self._at]
                # The byte that it escapes is in the next piece.
                if not self._more(keep_from=self._at):
                    raise self._cut()
                start = 0
            else:
                self._at += 1
                yield self._data[start : self._at]
                return

    def _scalar(self) -> Iterator[bytes]:
        start, empty = self._at, True
        while True:
            found = SCALAR.match(self._data, self._at)
            self._at = found.end() if found else self._at
            empty = empty and self._at == start
            if empty:
                raise self._broken("a value was expected")
            yield self._data[start : self._at]
            if self._at < len(self._data) or not self._more(keep_from=self._at):
                return
            start = 0

    def _next_piece(self) -> int:
        if not self._more(keep_from=self._at):
            raise self._cut()
        return 0

    def _more(self, *, keep_from: int) -> bool:
        chunk = self._stream.read(CHUNK)
        if not self._counted:
            self._budget.spend(len(chunk), place=self.place)
        self._data, self._at = self._data[keep_from:] + chunk, 0
        return bool(chunk)

    def _expect(self, byte: bytes, words: str) -> None:
        if self.peek() != byte:
            raise self._broken(f"{words} was expected")
        self._at += 1

    def _closed(self, byte: bytes) -> bool:
        closed = self.peek() == byte
        self._at += closed
        return closed

    def _broken(self, words: str) -> LogRefused:
        return LogRefused("not-json", f"The document is not JSON: {words}.", pointer=self.place)

    def _cut(self) -> LogRefused:
        remedy = "Send the complete file; of a run that was killed, the .eval file keeps the finished samples."
        return LogRefused("truncated", "The file ends inside the document.", pointer=self.place, remedy=remedy)
