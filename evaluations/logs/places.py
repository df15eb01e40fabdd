"""From a place in a log back to its bytes: a line, a member, a JSON pointer or an XML element, as adapters write them.

Adapters note where each sample stands, cut to a length and with names as readers see them; this reads such a place
again without trusting it, and holds no more in memory than a bounded part.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from evaluations.logs.archive import Archive, is_tar, is_zip, open_archive
from evaluations.logs.pointers import Unfound, value_at
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import CHUNK, LogSource
from evaluations.logs.values import tolerant_json
from evaluations.logs.xml_places import element_at, is_xml

HELD = 4 * 1024 * 1024
"""Bytes of a part that are held; of longer ones only so much is returned."""
LINE = re.compile(r"line ([0-9]{1,12})(/.*)?", re.DOTALL)
IN_MEMBER = re.compile(r"(?:#?(?P<pointer>/.*)|, line (?P<line>[0-9]{1,12}))", re.DOTALL)
SHORTENED = (200, 1000)
"""Lengths to which adapters cut the name of a member."""
DELIMITERS = ",;\t|"
__all__ = ["HELD", "Part", "Unfound", "part_at", "whole"]


@dataclass(frozen=True)
class Part:
    """What stands at a place: its first `HELD` bytes at most, and how many bytes it has in all.

    `rewritten` says that a value of a larger JSON document was written out again, so its spacing is ours.
    """

    data: bytes
    size: int
    rewritten: bool = False


class _Inside(LogSource):
    """A member of an archive as a source that is read once, from its start."""

    def open(self) -> BinaryIO:
        """Return the member's stream, which cannot be sought."""
        return self.stream


def part_at(source: LogSource, place: str) -> Part:
    """Return what stands at a place that an adapter noted. Raises Unfound, and LogRefused for what cannot be read."""
    if is_zip(source) or is_tar(source):
        return _of_archive(source, place)
    if place in ("", source.base_name, source.base_name[: SHORTENED[0]]):
        return _whole_of(source.open(), source)
    if found := LINE.fullmatch(place):
        part = _line(source, int(found[1]))
        return part if not found[2] else _written(_inside_line(part, found[2], source))
    if is_xml(source):
        text = element_at(source, place).encode()
        return Part(text[:HELD], len(text))
    if place.startswith("/"):
        return _written(value_at(source, place))
    raise Unfound(place)


def whole(source: LogSource) -> Part:
    """Return the beginning of a file as it is, or the names of an archive's members, one in a line."""
    if is_zip(source) or is_tar(source):
        names = "\n".join(open_archive(source).names()).encode("utf-8", "replace")
        return Part(names[:HELD], len(names), rewritten=True)
    return _whole_of(source.open(), source)


def _whole_of(stream: IO[bytes], source: LogSource) -> Part:
    kept, size = b"", 0
    while part := stream.read(CHUNK):
        source.budget.spend(len(part), place=source.base_name)
        kept, size = kept + part[: HELD - len(kept)], size + len(part)
    return Part(kept, size)


def _written(value: object) -> Part:
    text = json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace")
    return Part(text[:HELD], len(text), rewritten=True)


def _inside_line(part: Part, pointer: str, source: LogSource) -> object:
    source.budget.member(part.size, place="the line")
    if part.size > len(part.data):
        raise LogRefused("part-too-large", f"The line holds more than {HELD} bytes.", pointer=pointer)
    document = tolerant_json(part.data, place="the line", depth=source.budget.depth)
    return value_at(document, pointer)


def _line(source: LogSource, number: int) -> Part:
    if source.head().lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return _numbered(source.open(), number, source)
    try:
        return _record_ending_at(source, number)
    except csv.Error:
        return _numbered(source.open(), number, source)


def _numbered(stream: IO[bytes], number: int, source: LogSource) -> Part:
    """Return one line without its end; only its beginning is held, and of the lines before it nothing."""
    here, kept, size, last = 1, b"", 0, b""
    while here <= number and (piece := stream.readline(CHUNK)):
        source.budget.spend(len(piece), place=f"line {here}")
        if here == number:
            kept, size, last = kept + piece[: HELD - len(kept)], size + len(piece), piece
        here += piece.endswith(b"\n")
    if not size:
        raise Unfound(f"line {number}")
    return Part(kept.rstrip(b"\r\n"), size - (len(last) - len(last.rstrip(b"\r\n"))))


def _record_ending_at(source: LogSource, number: int) -> Part:
    """Return the record of a table that ends in a line: a quoted cell may hold line ends, and tables name the last."""
    held: list[bytes] = []

    def lines() -> Iterator[str]:
        stream, size = source.open(), 0
        while line := stream.readline(source.budget.member_bytes + 1):
            size = size * bool(held) + len(line)
            held.append(line)
            source.budget.spend(len(line), place=f"line {number}")
            source.budget.member(size, place=f"line {number}")
            yield line.decode("utf-8", "replace")

    first = source.head().partition(b"\n")[0].decode("utf-8", "replace")
    reader = csv.reader(lines(), delimiter=max(DELIMITERS, key=first.count))
    for _ in reader:
        if reader.line_num >= number:
            text = b"".join(held).rstrip(b"\r\n")
            return Part(text[:HELD], len(text))
        held.clear()
    raise Unfound(f"line {number}")


def _of_archive(source: LogSource, place: str) -> Part:
    archive = open_archive(source)
    name, rest = _member(archive, place)
    stream = archive.stream(name)
    if not rest:
        return _whole_of(stream, source)
    found = IN_MEMBER.fullmatch(rest)
    if found is None:
        raise Unfound(place)
    if found["line"]:
        return _numbered(stream, int(found["line"]), source)
    inside = _Inside(cast(BinaryIO, stream), name, source.size, source.budget)
    return _written(value_at(inside, found["pointer"]))


def _member(archive: Archive, place: str) -> tuple[str, str]:
    """Return the member that a place starts with, and what follows its name; a cut name must mean one member only."""
    names = archive.names()
    known: dict[str, str | None] = {}
    for length in SHORTENED:
        for name in names:
            if len(name) > length:
                known[name[:length]] = None if name[:length] in known else name
    known |= {name: name for name in names}
    if (exact := known.get(place)) is not None:
        return exact, ""
    fitting = [start for start in known if place.startswith(start) and IN_MEMBER.fullmatch(place[len(start) :])]
    start = max(fitting, key=len, default="")
    member = known.get(start)
    if member is None:
        raise Unfound(place)
    return member, place[len(start) :]
