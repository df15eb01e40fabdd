"""Proofs from the ledger's rows: that an entry stands in a signed head, and that one head grew from another."""

from __future__ import annotations

from scorecard.ledger.merkle import consistency_proof, inclusion_proof, inclusion_proofs
from scorecard.models.ledger import LedgerEntry


def leaves(size: int) -> list[bytes]:
    """Return the first `size` leaf hashes, in order."""
    rows = LedgerEntry.objects.filter(seq__lt=size).order_by("seq").values_list("leaf_hash", flat=True)
    return [bytes.fromhex(row) for row in rows]


def proof_of(seq: int, size: int) -> list[str]:
    """Return the RFC 6962 inclusion proof (hex) of entry `seq` in the tree of `size` entries."""
    return [part.hex() for part in inclusion_proof(leaves(size), seq)]


def proofs_of(sequence: list[int], size: int) -> dict[int, list[str]]:
    """Return the inclusion proofs of several entries, reading the leaves once."""
    paths = inclusion_proofs(leaves(size), sequence)
    return {seq: [part.hex() for part in path] for seq, path in paths.items()}


def growth(old: int, new: int) -> list[str]:
    """Return the RFC 6962 consistency proof (hex) between two tree sizes."""
    return [part.hex() for part in consistency_proof(leaves(new), old)]
