"""Columns of texts in one stretch of UTF-8: a fifth of the memory that a list of a million short texts takes."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import Any

import numpy as np

PIECE = 8192
"""Texts that are decoded at once."""
LONGEST_KEY = 64
"""Bytes of the longest text up to which all are sorted as columns of that width."""


class Texts:
    """A growing column of texts. Lone surrogates have no UTF-8 form and raise UnicodeEncodeError."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, text: str) -> None:
        """Add one text."""
        self.extend([text])

    def extend(self, texts: Sequence[str]) -> None:
        """Add texts."""
        joined = "".join(texts)
        lengths = map(len, texts) if joined.isascii() else (len(text.encode("utf-8")) for text in texts)
        self._ends.extend(array("Q", islice(accumulate(lengths, initial=len(self._bytes)), 1, None)))
        self._bytes += joined.encode("utf-8")

    def key(self, index: int) -> bytes:
        """Return the text's bytes, which stand in the same order as the texts themselves."""
        return bytes(self._bytes[self._ends[index] : self._ends[index + 1]])

    def __getitem__(self, index: int) -> str:
        return self.key(index).decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), PIECE):
            yield from self.at(range(start, min(start + PIECE, len(self))))

    def at(self, indices: Sequence[int]) -> list[str]:
        """Return the texts at these places; they are decoded together."""
        lengths, data = self.packed(indices)
        return _cut(data, [0, *np.cumsum(lengths).tolist()])

    def packed(self, indices: Sequence[int]) -> tuple[Any, bytes]:
        """Return the lengths in UTF-8 of the texts at these places as an array, and their bytes one after another."""
        ends = np.asarray(self._ends)
        if isinstance(indices, range) and indices.step == 1:
            here = ends[indices.start : indices.stop + 1].astype(np.int64)
            return np.diff(here), bytes(self._bytes[int(here[0]) : int(here[-1])])
        places = np.asarray(indices, dtype=np.int64)
        starts = ends[places].astype(np.int64)
        lengths = ends[places + 1].astype(np.int64) - starts
        before = np.cumsum(lengths) - lengths
        wanted = np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
        return lengths, np.frombuffer(self._bytes, dtype=np.uint8)[wanted].tobytes()

    def ordered(self) -> tuple[array[int], bool]:
        """Return the places in the order of their texts, equal ones as they stand, and whether all are different.

        The texts hold no NUL character.
        """
        widest = self._widest()
        if widest > LONGEST_KEY:
            order = sorted(range(len(self)), key=self.key)
            return array("q", order), all(self.key(before) != self.key(here) for before, here in pairwise(order))
        keys = self._of_width(widest)
        places = np.argsort(keys, kind="stable")
        order_found = array("q")
        order_found.frombytes(places.data.cast("B"))
        return order_found, _all_differ(keys, places)

    def _lengths(self, start: int, stop: int) -> Any:
        return np.diff(np.asarray(self._ends[start : stop + 1]).astype(np.int64))

    def _widest(self) -> int:
        pieces = range(0, len(self), PIECE)
        return max((int(self._lengths(at, min(at + PIECE, len(self))).max()) for at in pieces), default=1) or 1

    def _of_width(self, width: int) -> Any:
        """Return the texts filled up with NUL to one width: they are compared without an object for each.

        Piece by piece, because what a million texts need in between is more than the texts.
        """
        keys = np.zeros((len(self), width), dtype=np.uint8)
        for start in range(0, len(self), PIECE):
            stop = min(start + PIECE, len(self))
            data = np.frombuffer(self._bytes, dtype=np.uint8)[self._ends[start] : self._ends[stop]]
            keys[start:stop][np.arange(width) < self._lengths(start, stop)[:, None]] = data
        return keys.view(f"S{width}").ravel()


def _all_differ(keys: Any, places: Any) -> bool:
    """Whether no two neighbours in sorted order are equal."""
    for start in range(0, len(places), PIECE):
        here = keys[places[start : start + PIECE + 1]]
        if (here[1:] == here[:-1]).any():
            return False
    return True


def _cut(data: bytes, marks: list[int]) -> list[str]:
    if not data.isascii():
        return [data[here:there].decode("utf-8") for here, there in pairwise(marks)]
    text = data.decode("ascii")
    return [text[here:there] for here, there in pairwise(marks)]


class SparseTexts:
    """A column in which texts may be absent."""

    def __init__(self, absent: int = 0) -> None:
        """Start with so many places that hold no text."""
        self._texts, self._there = Texts(), bytearray(absent)
        self._texts.extend([""] * absent)

    def __len__(self) -> int:
        return len(self._there)

    def extend(self, texts: Sequence[str | None]) -> None:
        """Add texts and absences."""
        self._there.extend(text is not None for text in texts)
        self._texts.extend([text or "" for text in texts])

    def __getitem__(self, index: int) -> str | None:
        return self._texts[index] if self._there[index] else None

    def at(self, indices: Sequence[int]) -> list[str | None]:
        """Return what stands at these places."""
        there = self._there
        return [text if there[index] else None for index, text in zip(indices, self._texts.at(indices), strict=True)]

    def packed(self, indices: Sequence[int]) -> tuple[Any, Any, bytes]:
        """Return at which of these places a text stands, the lengths of those in UTF-8, and their bytes."""
        there = np.fromiter(map(self._there.__getitem__, indices), dtype=np.bool_, count=len(indices))
        return there, *self._texts.packed([index for index in indices if self._there[index]])


class Named:
    """A column of texts of which few are different: a number for each, and the texts once."""

    def __init__(self) -> None:
        self.codes = array("i")
        self.texts: list[str | None] = [None]
        self._known: dict[str | None, int] = {None: 0}

    def extend(self, texts: Iterable[str | None]) -> None:
        """Add texts and absences."""
        self.codes.extend([self._code(text) for text in texts])

    def extend_absent(self, count: int) -> None:
        """Add so many absences."""
        self.codes.frombytes(bytes(count * self.codes.itemsize))

    def _code(self, text: str | None) -> int:
        code = self._known.get(text)
        if code is None:
            code = self._known[text] = len(self.texts)
            self.texts.append(text)
        return code

    def __getitem__(self, index: int) -> str | None:
        return self.texts[self.codes[index]]

    def at(self, indices: Sequence[int]) -> list[str | None]:
        """Return what stands at these places."""
        texts, codes = self.texts, self.codes
        return [texts[codes[index]] for index in indices]
