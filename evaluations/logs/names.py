"""Names by number: what a dictionary of a million sample ids holds in 200 MiB stands here in less than 50."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice

import numpy as np

YOUNG = 65_536
"""Names that are kept in a dictionary before they are merged into the sorted arrays."""
BUCKET_BITS = 12
"""Leading bits of a hash by which its place in the sorted array is looked up before it is searched for."""


class Names:
    """Texts, each once, numbered from 0 in the order of their first appearance; found again by their text.

    The newest stand in a dictionary; of the others there are hash and number in sorted arrays. What hashes alike is
    compared in full, so no two texts are ever taken for one. A text costs its UTF-8 and 16 bytes; all of them together
    have at most 4 GiB, which a million names of 200 characters do not reach.
    """

    def __init__(self) -> None:
        self._young: dict[str, int] = {}
        self._fresh: list[str] = []
        self._bytes, self._ends = bytearray(), array("I", [0])
        self._hashes, self._numbers = array("q"), array("I")
        self._buckets = [0] * (2**BUCKET_BITS + 1)
        self._sealed = False

    def __len__(self) -> int:
        return len(self._ends) - 1 + len(self._fresh)

    def __getitem__(self, number: int) -> str:
        if number >= len(self._ends) - 1:
            return self._fresh[number - len(self._ends) + 1]
        return bytes(self._bytes[self._ends[number] : self._ends[number + 1]]).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def number(self, text: str) -> int:
        """Return the number of a text, which is a new one where the text has not been met."""
        found = self._young.get(text)
        if found is None:
            found = self._old(text) if self._hashes else None
        if found is None:
            if self._sealed:
                raise RuntimeError("sealed names take no other name")
            found = self._young[text] = len(self._ends) - 1 + len(self._fresh)
            self._fresh.append(text)
            if len(self._fresh) >= YOUNG:
                self._merge()
        return found

    def add(self, text: str) -> bool:
        """Give a text a number; False where it has one already."""
        before = len(self)
        return self.number(text) == before

    def find(self, text: str) -> int | None:
        """Return the number of a text, or None where it has not been met."""
        found = self._young.get(text)
        return self._old(text) if found is None and self._hashes else found

    def seal(self) -> None:
        """Give up what finds a name, which is most of the memory; names are still told by their number."""
        self._merge()
        self._hashes, self._numbers, self._sealed = array("q"), array("I"), True

    def _old(self, text: str) -> int | None:
        wanted, hashes = hash(text), self._hashes
        bucket = (wanted >> (64 - BUCKET_BITS)) + 2 ** (BUCKET_BITS - 1)
        place = bisect_left(hashes, wanted, self._buckets[bucket], self._buckets[bucket + 1])
        while place < len(hashes) and hashes[place] == wanted:
            if self[self._numbers[place]] == text:
                return self._numbers[place]
            place += 1
        return None

    def _merge(self) -> None:
        """Move the newest names into the arrays."""
        hashes = np.fromiter(map(hash, self._fresh), dtype=np.int64, count=len(self._fresh))
        order = np.argsort(hashes, kind="stable")
        former, hashes = np.frombuffer(self._hashes, dtype=np.int64), hashes[order]
        places = np.searchsorted(former, hashes)
        numbers = np.insert(np.frombuffer(self._numbers, dtype=np.uint32), places, order + (len(self._ends) - 1))
        merged = np.insert(former, places, hashes)
        self._hashes, self._numbers = array("q", merged.tobytes()), array("I", numbers.tobytes())
        bounds = np.arange(-(2 ** (BUCKET_BITS - 1)), 2 ** (BUCKET_BITS - 1), dtype=np.int64) << (64 - BUCKET_BITS)
        self._buckets = [*np.searchsorted(merged, bounds).tolist(), len(merged)]
        encoded = [text.encode("utf-8", "surrogatepass") for text in self._fresh]
        self._ends.extend(islice(accumulate(map(len, encoded), initial=len(self._bytes)), 1, None))
        self._bytes += b"".join(encoded)
        self._young.clear()
        self._fresh.clear()


class Repeated:
    """A column of texts that may repeat: each stands once, and in every row its number."""

    def __init__(self) -> None:
        self._names, self._rows = Names(), array("I")

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> str:
        return self._names[self._rows[row]]

    def __iter__(self) -> Iterator[str]:
        return map(self._names.__getitem__, self._rows)

    def append(self, text: str) -> int:
        """Add a row and return the number of its text."""
        number = self._names.number(text)
        self._rows.append(number)
        return number

    def repeats(self, rows: Iterable[int]) -> Iterator[int]:
        """Yield for each of these rows how often its text has come among them by then, 1 at the first time."""
        counts = array("I", bytes(4 * len(self._names)))
        for row in rows:
            counts[self._rows[row]] += 1
            yield counts[self._rows[row]]

    def distinct(self, rows: Iterable[int]) -> int:
        """Return how many different texts stand in these rows."""
        met = bytearray(len(self._names))
        for row in rows:
            met[self._rows[row]] = True
        return met.count(True)

    def count(self, text: str) -> int:
        """Return in how many rows a text stands."""
        number = self._names.find(text)
        return 0 if number is None else self._rows.count(number)


class Counts:
    """How often each text came: `again` counts it and says how often it has come by now."""

    def __init__(self) -> None:
        self._names = Names()
        self._counts = array("I")

    def __len__(self) -> int:
        return len(self._counts)

    def __getitem__(self, text: str) -> int:
        number = self._names.find(text)
        return 0 if number is None else self._counts[number]

    def __contains__(self, text: str) -> bool:
        return self._names.find(text) is not None

    def again(self, text: str) -> int:
        """Count a text once more and return how often it came, 1 at the first time."""
        number = self._names.number(text)
        if number == len(self._counts):
            self._counts.append(0)
        self._counts[number] += 1
        return self._counts[number]

    def most(self) -> int:
        """Return how often the text came that came most often; 0 without any."""
        return max(self._counts, default=0)
