"""Large JSON and XML logs read as a stream: part by part, so that memory follows the largest part and not the file."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

import ijson
from ijson.common import ObjectBuilder

from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import cleaned, text_of, tolerant_json

Path = tuple[str, ...]
MEMBER = "*"
"""In a path: every member of a list."""
OPENING, CLOSING = frozenset({"start_map", "start_array"}), frozenset({"end_map", "end_array"})


class Rationed(io.RawIOBase):
    """A log's bytes, at most the budget of one part between two renewals: a parser holds a part before it tells."""

    def __init__(self, source: LogSource) -> None:
        self._stream, self._source = source.open(), source
        self._taken, self.place = 0, source.base_name

    def readable(self) -> bool:
        return True

    def renew(self) -> None:
        """Start a new part, when what was parsed is told or dropped."""
        self._taken = 0

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(target))
        self._taken += len(data)
        self._source.budget.spend(len(data), place=self.place)
        self._source.budget.member(self._taken, place=self.place)
        target[: len(data)] = data
        return len(data)


def json_parts(source: LogSource, wanted: Collection[Path]) -> Iterator[tuple[Path, Any]]:
    """Yield (path, value) of every part under the wanted paths, in the order of the file.

    A path is keys from the root, `*` for the members of a list, e.g. `("results", "*")`. Numbers are int or float.
    Raises LogRefused for what is no JSON, is cut, nested too deep, or has a part beyond the budget.
    """
    stream = Rationed(source)
    try:
        yield from _parts(stream, wanted, source.budget.depth)
    except LogRefused:
        raise
    except (ijson.JSONError, ValueError, OverflowError, ArithmeticError) as error:
        words = f"{text_of(str(error)) or 'The document ends early'}; the file may be cut."
        raise LogRefused("not-json", words, pointer=stream.place, remedy="Send the complete file.") from None


def _parts(stream: Rationed, wanted: Collection[Path], deepest: int) -> Iterator[tuple[Path, Any]]:
    stack: list[str] = []
    longest = max(map(len, wanted))
    builder: ObjectBuilder | None = None
    path: Path = ()
    for event, value in ijson.basic_parse(stream):
        if isinstance(value, Decimal):
            value = float(value)
        if event == "map_key":
            stack[-1] = value
        elif event in CLOSING:
            stack.pop()
        elif builder is None and len(stack) <= longest and tuple(stack) in wanted:
            path = tuple(stack)
            if event not in OPENING:
                yield path, cleaned(value)
                continue
            builder = ObjectBuilder()
        if event in OPENING:
            stack.append(MEMBER)
            if len(stack) > deepest:
                raise LogRefused("too-deep", f"The document is nested deeper than {deepest} levels.")
        if builder is None:
            stream.renew()
            continue
        builder.event(event, value)
        if event in CLOSING and len(stack) == len(path):
            yield path, cleaned(builder.value)
            builder = None
            stream.renew()


def parts_of(source: LogSource, wanted: Collection[Path]) -> Iterator[tuple[Path, Any]]:
    """Yield the same as `json_parts`, of a file that fits into one part with bare NaN and Infinity allowed.

    Python writes such numbers, and the stream parser refuses them. Raises LogRefused.
    """
    if source.size > source.budget.member_bytes:
        yield from json_parts(source, wanted)
        return
    document = tolerant_json(source.whole(), place=source.base_name, depth=source.budget.depth)
    for path in wanted:
        yield from ((path, value) for value in _under(document, path))


def _under(value: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == MEMBER:
        for member in value if isinstance(value, list) else ():
            yield from _under(member, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _under(value[path[0]], path[1:])
