"""Each sample provable alone: a Merkle tree (RFC 6962) over the lines of the canonical CSV."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice

EMPTY_ROOT = hashlib.sha256(b"").digest()
BATCH = 8192
"""Leaves that are joined level by level; a power of two, so that a full batch is a whole subtree."""


def leaf_hash(line: bytes) -> bytes:
    """Return the hash of one CSV line without its line end."""
    return hashlib.sha256(b"\x00" + line).digest()


def leaf_hashes(lines: Iterable[bytes]) -> list[bytes]:
    """Return the hash of each line."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + line).digest() for line in lines]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _subtree(nodes: Sequence[bytes]) -> bytes:
    """Return the root over a number of nodes that is a power of two."""
    sha256 = hashlib.sha256
    while len(nodes) > 1:
        nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=True)]
    return nodes[0]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, holding one hash for each bit of their number and one batch of leaves."""
    stack: list[tuple[int, bytes]] = []
    coming = iter(leaves)
    while batch := list(islice(coming, BATCH)):
        here = 0
        while here < len(batch):
            size = 1 << ((len(batch) - here).bit_length() - 1)
            _push(stack, size, _subtree(batch[here : here + size]))
            here += size
    if not stack:
        return EMPTY_ROOT
    root = stack.pop()[1]
    while stack:
        root = _node(stack.pop()[1], root)
    return root


def _push(stack: list[tuple[int, bytes]], size: int, node: bytes) -> None:
    """Put a subtree on the stack, joining it with the one before while both are of one size."""
    while stack and stack[-1][0] == size:
        node, size = _node(stack.pop()[1], node), 2 * size
    stack.append((size, node))
