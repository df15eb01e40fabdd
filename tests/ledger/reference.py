"""Naive second implementations and small ledgers, which the clever code is checked against."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scorecard.ledger.canonical import canonical_bytes
from scorecard.ledger.entry import build_envelope, leaf_hash
from scorecard.ledger.merkle import merkle_root
from scorecard.ledger.note import head_text, key_id, signature_line, vkey

ORIGIN = "example.org/ledger"


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def some_leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + str(number).encode()).digest() for number in range(count)]


class SmallLedger:
    """A ledger of `count` entries with its own key."""

    def __init__(self, count: int, *, seed: int = 1, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self.private.public_key().public_bytes_raw()
        self.key = vkey(origin, self.public)
        self.envelopes: list[dict[str, Any]] = []
        for number in range(count):
            self.append(number)

    def append(self, number: int) -> None:
        prev = f"sha256:{leaf_hash(self.envelopes[-1]).hex()}" if self.envelopes else None
        self.envelopes.append(
            build_envelope(
                log=self.origin,
                seq=len(self.envelopes),
                prev=prev,
                at=f"2026-11-24T12:00:{number % 60:02d}.000000Z",
                actor={"kind": "person", "id": "usr_1", "name": "Ada"},
                kind="run.received",
                subject={"type": "run", "id": f"run_{number}"},
                data={"digest": f"sha256:{number:064x}"},
            )
        )

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(envelope) for envelope in self.envelopes]

    def head(self, size: int | None = None) -> str:
        """The signed note over the first `size` entries."""
        size = len(self.envelopes) if size is None else size
        return self.sign(head_text(self.origin, size, merkle_root(self.leaves[:size])))

    def sign(self, text: str) -> str:
        line = signature_line(self.origin, key_id(self.origin, self.public), self.private.sign(text.encode()))
        return f"{text}\n{line}"

    def export(self) -> bytes:
        return b"".join(canonical_bytes(envelope) + b"\n" for envelope in self.envelopes)
