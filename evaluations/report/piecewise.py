"""A posted report read piece by piece: its samples are handed on some thousand at a time and never held together.

What is accepted and refused, and with which words, is what `strict_json.parse_json` says of the whole document. Only a
document that is refused is looked at as a whole, because what is wrong with its form is told before any faulty value.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from evaluations.report.reading import normalised
from evaluations.strict_json import (
    DECODER,
    DEFAULT_MAX_BYTES,
    DEFAULT_MAX_DEPTH,
    StrictJSONError,
    check_form,
    check_text,
    parse_if_sound,
    parse_json,
    scan_depth,
    unique_object,
)

PIECE = 64 * 1024
"""Characters that are looked at together; some thousand samples."""
LONGEST_CUT = 2
"""Characters of a number that the end of a window may cut off and leave a number: `1e+` begins like `1`."""
BLANKS = re.compile(r"[ \t\n\r]*")
OPENING = re.compile(r'\{[ \t\n\r]*"[^"\\]*"')
BOUNDARY = re.compile(r"\}[ \t\n\r]*,[ \t\n\r]*\Z")
LONGEST_GAP = 200
"""Characters between two samples, blanks mostly; beyond it they are read one by one."""
STREAMED = "samples"
Take = Callable[[list[Any]], None]


def _no_object() -> StrictJSONError:
    # Never seen: `check_form` finds the same and names its line.
    return StrictJSONError("not-json", "The document is no JSON object.")


class _Window:
    """The part of a document that is in memory, and a place in it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._dropped = 0
        self.text = ""
        self.at = 0
        self.ended = False

    @property
    def place(self) -> int:
        """The place counted from the start of the document."""
        return self._dropped + self.at

    def more(self, least: int) -> None:
        """Let go of what is behind the place, and look at `least` more characters if there are so many."""
        self._dropped += self.at
        parts, self.at = [self.text[self.at :]], 0
        while least > 0 and not self.ended:
            data = self._stream.read(least)
            self.ended = not data
            parts.append(self._decoder.decode(data, final=self.ended))
            least -= len(parts[-1])
        self.text = "".join(parts)

    def next(self) -> str:
        """Pass over blanks and return the character there, or nothing at the end."""
        while True:
            found = BLANKS.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more(PIECE)

    def passed(self, character: str) -> None:
        """Pass over this character. Raises StrictJSONError for any other."""
        if self.next() != character:
            raise _no_object()
        self.at += 1

    def value(self, *, max_depth: int) -> Any:
        """Pass over one value and return it; what is faulty in it stands there as `check_text` finds it."""
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError:
                if self.ended:
                    raise _no_object() from None
            else:
                if self.ended or len(self.text) - end > LONGEST_CUT:
                    break
            self.more(len(self.text) - self.at + PIECE)
        scan_depth(self.text[self.at : end], max_depth)
        self.at = end
        return value


@dataclass
class Streamed:
    """Stands in the document for the samples that were handed on."""

    take: Take
    count: int = 0
    faults: list[StrictJSONError] = field(default_factory=list)
    """The first faulty value, if there is one."""
    twins: list[StrictJSONError] = field(default_factory=list)
    """The first object in which two keys are one in Unicode NFC; told after all faulty values."""

    def add(self, samples: list[Any], *, normal: bool) -> None:
        """Hand samples on, unless one before them is faulty; `normal` says that their texts are in Unicode NFC."""
        self.count += len(samples)
        if self.faults or self.twins:
            return
        try:
            self.take(samples if normal else normalised(samples))
        except StrictJSONError as twin:
            self.twins.append(twin)

    def add_carefully(self, sample: Any) -> None:
        """The same with one sample that may hold faulty values."""
        try:
            if not self.faults:
                check_text(sample, f"/{STREAMED}/{self.count}")
        except StrictJSONError as fault:
            self.faults.append(fault)
        self.add([sample], normal=False)


def read_piecewise(stream: BinaryIO, take: Take) -> dict[str, Any]:
    """Return the object in the stream, read from its start, in Unicode NFC, with `Streamed` in place of its samples.

    `take` is called with the samples, some thousand at a time, until one is faulty. Raises StrictJSONError as
    `parse_json` and `normalised` would, and with the code `not-an-object` for a sound document of another kind.
    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    try:
        if size > DEFAULT_MAX_BYTES:
            raise _no_object()
        return _checked(unique_object(_members(_Window(stream), take)))
    except (StrictJSONError, UnicodeDecodeError, RecursionError):
        stream.seek(0)
        _refuse_form(stream.read(DEFAULT_MAX_BYTES + 1))
        raise


def _refuse_form(data: bytes) -> None:
    check_form(data)
    if not data.lstrip(b" \t\n\r").startswith(b"{"):
        normalised(parse_json(data))
        raise StrictJSONError("not-an-object", "The document is not a JSON object.")


def _members(window: _Window, take: Take) -> list[tuple[str, Any]]:
    window.passed("{")
    found: list[tuple[str, Any]] = []
    closed = window.next() == "}"
    while not closed:
        if window.next() != '"':
            raise _no_object()
        key = window.value(max_depth=0)
        window.passed(":")
        if key == STREAMED and window.next() == "[" and all(name != STREAMED for name, _ in found):
            value: Any = _samples(window, take)
        else:
            window.next()
            value = window.value(max_depth=DEFAULT_MAX_DEPTH - 1)
        found.append((key, value))
        closed = window.next() == "}"
        window.passed("}" if closed else ",")
    window.at += not found
    if window.next():
        raise _no_object()
    return found


def _samples(window: _Window, take: Take) -> Streamed:
    window.passed("[")
    streamed, careful_until = Streamed(take), 0
    if window.next() == "]":
        window.at += 1
        return streamed
    while True:
        if window.place < careful_until or not _taken_together(window, streamed):
            # Not all of the piece can be taken at once, so each of its samples is looked at for itself.
            careful_until = max(careful_until, window.place + PIECE)
            window.next()
            streamed.add_carefully(window.value(max_depth=DEFAULT_MAX_DEPTH - 2))
        if window.next() == "]":
            window.at += 1
            return streamed
        window.passed(",")
        window.next()


def _taken_together(window: _Window, streamed: Streamed) -> bool:
    """Take the samples up to the last that surely begins within a piece; False when that cannot be done."""
    if len(window.text) - window.at < PIECE:
        window.more(PIECE)
    end = _boundary(window.text, window.at)
    if end < 0:
        return False
    piece = window.text[window.at : end]
    try:
        samples = parse_if_sound(f"[{piece}]", DEFAULT_MAX_DEPTH - 1)
    except (ValueError, RecursionError):
        return False
    # A part of a text in NFC is in NFC too; only an escape may hide a text that is not.
    streamed.add(samples, normal="\\u" not in piece and unicodedata.is_normalized("NFC", piece))
    window.at = end
    return True


def _boundary(text: str, start: int) -> int:
    """Return where the comma is before the last sample of a piece that begins like the first one, or -1."""
    opening = OPENING.match(text, start)
    if opening is None:
        return -1
    last = text.rfind(opening[0], start + 1, start + PIECE)
    before = BOUNDARY.search(text, max(start, last - LONGEST_GAP), last) if last > 0 else None
    return -1 if before is None else text.index(",", before.start(), last)


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    streamed = document.get(STREAMED)
    for key, value in document.items():
        check_text({key: value})
        if isinstance(value, Streamed) and value.faults:
            raise value.faults[0]
    if isinstance(streamed, Streamed) and streamed.twins:
        raise streamed.twins[0]
    normal: dict[str, Any] = normalised(document)
    return normal
