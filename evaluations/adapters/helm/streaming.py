"""The elements of one large JSON array, one at a time, with bare NaN allowed, which streaming parsers refuse."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import IO, Any

from evaluations.logs.budget import Budget
from evaluations.logs.refusal import LogRefused

CHUNK = 64 * 1024
LONGEST_INTEGER = 300
BLANKS = re.compile(r"[\s,]*")
KEPT_FOR_OPENING = 256
WHOLE_DOCUMENT = re.compile(r"\[")
"""The opening of a document that is itself the array."""


def _integer(text: str) -> float:
    # int() of a very long numeral is quadratic, and no count or score is that long.
    return int(text) if len(text) <= LONGEST_INTEGER else math.inf


DECODER = json.JSONDecoder(parse_int=_integer)


class _Text:
    """The decoded part of the stream; what lies before `at` is consumed."""

    def __init__(self, stream: IO[bytes], place: str, budget: Budget) -> None:
        self._stream, self._place, self._budget = stream, place, budget
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self.text, self.at, self.ended = "", 0, False

    def more(self) -> None:
        """Append the next chunk; chunks grow with the text, so that retrying a long element stays linear."""
        left = self.text[self.at :]
        chunk = self._stream.read(max(CHUNK, len(left)))
        self.ended = not chunk
        try:
            self.text, self.at = left + self._decode.decode(chunk, final=self.ended), 0
        except UnicodeDecodeError as error:
            raise LogRefused("not-utf-8", f"The text is not UTF-8: {error.reason}.", pointer=self._place) from None
        self._budget.member(len(self.text), place=self._place)

    def open(self, opening: re.Pattern[str]) -> None:
        """Consume everything up to the end of the opening. Raises LogRefused where it does not come."""
        while (match := opening.search(self.text, self.at)) is None:
            if self.ended or (opening is WHOLE_DOCUMENT and self.text.strip()):
                break
            self.at = max(self.at, len(self.text) - KEPT_FOR_OPENING)
            self.more()
        if match is None or (opening is WHOLE_DOCUMENT and self.text[: match.start()].strip()):
            words = "The array that this file is made of does not begin."
            raise LogRefused("not-helm", words, pointer=self._place, remedy="Send the file as HELM wrote it.")
        self.at = match.end()

    def next_character(self) -> str:
        """Skip blanks and commas; return the character there, empty at the end of the file."""
        while True:
            match = BLANKS.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()

    def element(self, place: str) -> Any:
        """Return the next element. Raises LogRefused where the file breaks off or is nested too deeply."""
        while True:
            try:
                value, self.at = DECODER.raw_decode(self.text, self.at)
            except RecursionError:
                raise LogRefused("too-deep", "The element is nested too deeply.", pointer=place) from None
            except json.JSONDecodeError as error:
                if self.ended:
                    raise LogRefused("not-json", f"{error.msg}; the file may be cut.", pointer=place) from None
                self.more()
            else:
                return value


def array_items(stream: IO[bytes], opening: re.Pattern[str], *, place: str, budget: Budget) -> Iterator[dict[str, Any]]:
    """Yield the objects of the array that begins after `opening`. Raises LogRefused for damage and other elements."""
    text, index = _Text(stream, place, budget), 0
    text.open(opening)
    while text.next_character() != "]":
        where = f"{place}, element {index}"
        value = text.element(where)
        if not isinstance(value, dict):
            raise LogRefused("not-helm", "The element is no JSON object.", pointer=where)
        yield value
        index += 1
