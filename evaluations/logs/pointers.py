"""JSON pointers as adapters write them: keys unescaped and shortened for readers, resolved in a stream or a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import ijson
from ijson.common import ObjectBuilder

from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.streaming import CLOSING, OPENING, Rationed
from evaluations.logs.values import cleaned, text_of, tolerant_json

SHORTENED = (80, 100, 200)
"""Lengths to which adapters cut a key in a pointer."""


class Unfound(LookupError):
    """There is nothing at this place of the log."""


def value_at(where: Any, pointer: str) -> Any:
    """Return the value at a pointer of a parsed document, or of a source, which is read as a stream.

    A text on the way that is JSON itself is read as such. Raises Unfound, and LogRefused for what is no JSON.
    """
    if not isinstance(where, LogSource):
        return _within(where, pointer)
    try:
        return _streamed(where, pointer)
    except LogRefused as refusal:
        # The stream parser refuses bare NaN and Infinity, which Python writes; a file of one part is read whole.
        if refusal.fault.code != "not-json" or where.size > where.budget.member_bytes or not where.stream.seekable():
            raise
    return _within(tolerant_json(where.whole(), place=where.base_name, depth=where.budget.depth), pointer)


def _spellings(key: str) -> set[str]:
    shown = (text_of(key, limit=length) for length in SHORTENED)
    return {key, key.replace("~", "~0").replace("/", "~1"), *(name for name in shown if name)}


def _after(rests: list[str], names: Iterable[str]) -> list[str]:
    """Return what is left of each pointer once a key of one of these spellings was stepped into."""
    starts = [f"/{name}" for name in names]
    return [
        rest[len(start) :]
        for rest in rests
        for start in starts
        if rest.startswith(start) and rest[len(start) : len(start) + 1] in ("", "/")
    ]


def _within(value: Any, pointer: str) -> Any:
    if not pointer:
        return value
    if isinstance(value, str):
        return _within(tolerant_json(value.encode("utf-8", "replace"), place="the text"), pointer)
    for inner, rest in _steps(value, pointer):
        try:
            return _within(inner, rest)
        except Unfound:
            continue
    raise Unfound(pointer)


def _steps(value: Any, pointer: str) -> Iterator[tuple[Any, str]]:
    if isinstance(value, list):
        index, slash, rest = pointer[1:].partition("/")
        if index.isascii() and index.isdigit() and int(index[:9]) < len(value):
            yield value[int(index[:9])], slash + rest
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from ((inner, rest) for rest in _after([pointer], _spellings(str(key))))


def _streamed(source: LogSource, pointer: str) -> Any:
    stream = Rationed(source)
    try:
        for rest, value in _candidates(stream, pointer, source.budget.depth):
            if not rest:
                return value
            try:
                return _within(value, rest)
            except (Unfound, LogRefused):
                continue
    except LogRefused:
        raise
    except (ijson.JSONError, ValueError, OverflowError, ArithmeticError) as error:
        words = f"{text_of(str(error)) or 'The document ends early'}; the file may be cut."
        raise LogRefused("not-json", words, pointer=source.base_name) from None
    raise Unfound(pointer)


class _Level:
    """One open object or list: what may be left of the pointer inside it, and the index of a list's last member."""

    def __init__(self, rests: list[str], *, listed: bool) -> None:
        self.rests, self.listed, self.index, self.left = rests, listed, -1, rests

    def key(self, name: str) -> None:
        """Step to a key of an object."""
        self.left = _after(self.rests, _spellings(name)) if self.rests else []

    def member(self) -> None:
        """Step to the next member of a list; keys have said where they are before their value comes."""
        if self.listed:
            self.index += 1
            self.left = _after(self.rests, (str(self.index),)) if self.rests else []


def _candidates(stream: Rationed, pointer: str, deepest: int) -> Iterator[tuple[str, Any]]:
    """Yield (what is left of the pointer, value) of values at the pointer, and of texts on the way to it."""
    levels = [_Level([pointer], listed=False)]
    builder, start = ObjectBuilder(), 0  # the builder is fed while `start`, the depth of a wanted value, is set
    for event, value in ijson.basic_parse(stream):
        if not start:
            stream.renew()
        if event == "map_key":
            levels[-1].key(value)
        elif event in CLOSING:
            levels.pop()
        else:
            levels[-1].member()
            left = levels[-1].left
            if event in OPENING:
                if "" in left and not start:
                    builder, start = ObjectBuilder(), len(levels)
                levels.append(_Level(left, listed=event == "start_array"))
                if len(levels) > deepest:
                    raise LogRefused("too-deep", f"The document is nested deeper than {deepest} levels.")
            elif not start:
                yield from ((rest, _plain(value)) for rest in left if not rest or event == "string")
        if start:
            builder.event(event, _plain(value))
            if event in CLOSING and len(levels) == start:
                yield "", cleaned(builder.value)
                start = 0


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else cleaned(value)
