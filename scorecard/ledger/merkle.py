"""The Merkle tree of RFC 6962: hashes, the append-only frontier, inclusion and consistency proofs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_of(data: bytes) -> bytes:
    """Return the leaf hash of an entry: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The roots of the perfect subtrees of a tree of `size` leaves, largest first: all that appending needs."""

    size: int = 0
    hashes: List[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> Frontier:
        """Return the frontier with one more leaf."""
        hashes, size = [*self.hashes, leaf], self.size
        while size & 1:
            right, left = hashes.pop(), hashes.pop()
            hashes.append(node_of(left, right))
            size >>= 1
        return Frontier(self.size + 1, hashes)

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_of(left, root)
        return root


def frontier_of(leaves: List[bytes]) -> Frontier:
    """Return the frontier of a list of leaf hashes, in one pass."""
    hashes: List[bytes] = []
    for count, leaf in enumerate(leaves):
        hashes.append(leaf)
        size = count
        while size & 1:
            right, left = hashes.pop(), hashes.pop()
            hashes.append(node_of(left, right))
            size >>= 1
    return Frontier(len(leaves), hashes)


def merkle_root(leaves: List[bytes]) -> bytes:
    """Return the root over a list of leaf hashes."""
    return frontier_of(leaves).root()


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_proof(leaves: List[bytes], index: int) -> List[bytes]:
    """Return the audit path of leaf `index` (RFC 6962, 2.1.1). Raises IndexError outside the tree."""
    return inclusion_proofs(leaves, [index])[index]


def inclusion_proofs(leaves: List[bytes], indices: List[int]) -> Dict[int, List[bytes]]:
    """Return the audit paths of several leaves, hashing the tree once. Raises IndexError outside the tree."""
    size = len(leaves)
    for index in indices:
        if not 0 <= index < size:
            raise IndexError("no leaf %d in a tree of %d" % (index, size))
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_of(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])

    def range_root(start: int, end: int) -> bytes:
        height = (end - start).bit_length() - 1
        if end - start == 1 << height:
            return levels[height][start >> height]
        middle = start + _split(end - start)
        return node_of(range_root(start, middle), range_root(middle, end))

    return {index: [range_root(start, end) for start, end in sibling_ranges(index, size)] for index in indices}


def consistency_proof(leaves: List[bytes], old_size: int) -> List[bytes]:
    """Return the proof that the tree of the first `old_size` leaves grew into this one (RFC 6962, 2.1.2)."""
    if not 0 < old_size <= len(leaves):
        raise IndexError("no tree of %d within %d" % (old_size, len(leaves)))
    return _subproof(leaves, old_size, True)


def _subproof(leaves: List[bytes], old_size: int, complete: bool) -> List[bytes]:
    if old_size == len(leaves):
        return [] if complete else [merkle_root(leaves)]
    half = _split(len(leaves))
    if old_size <= half:
        return [*_subproof(leaves[:half], old_size, complete), merkle_root(leaves[half:])]
    return [*_subproof(leaves[half:], old_size - half, False), merkle_root(leaves[:half])]


def inclusion_holds(leaf: bytes, index: int, size: int, proof: List[bytes], root: bytes) -> bool:
    """Whether the audit path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, running = index, size - 1, leaf
    for part in proof:
        if last == 0 or len(part) != 32:
            return False
        if place & 1 or place == last:
            running = node_of(part, running)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            running = node_of(running, part)
        place, last = place >> 1, last >> 1
    return last == 0 and running == root


def consistency_holds(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: List[bytes]) -> bool:
    """Whether the tree of `old_size` is a prefix of the tree of `new_size` (RFC 9162, 2.1.4.2); size 0 is refused."""
    if not 0 < old_size <= new_size or any(len(part) != 32 for part in proof):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_running = new_running = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_running, new_running = node_of(part, old_running), node_of(part, new_running)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_running = node_of(new_running, part)
        place, last = place >> 1, last >> 1
    return last == 0 and old_running == old_root and new_running == new_root


def sibling_ranges(index: int, size: int) -> List[Tuple[int, int]]:
    """Return which leaves [start, end) each part of the audit path of leaf `index` covers, in the path's order."""
    ranges: List[Tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def root_from_known(known: Dict[Tuple[int, int], bytes], start: int, end: int) -> Optional[bytes]:
    """Return the root over leaves [start, end) where the known subtrees, by their leaves, suffice; else None.

    The audit paths of a few entries name every subtree left of them, so they often prove an older root as well.
    """
    if (start, end) in known:
        return known[start, end]
    if end - start <= 1:
        return None
    middle = start + _split(end - start)
    left = root_from_known(known, start, middle)
    right = None if left is None else root_from_known(known, middle, end)
    return None if left is None or right is None else node_of(left, right)
