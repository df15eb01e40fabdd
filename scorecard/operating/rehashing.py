"""Read the whole ledger again: rows against envelopes, leaves against their bytes, heads against the key.

The rows' triggers stop the application, not the owner of the database; this is what notices the owner.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature

from scorecard.ledger.canonical import canonical_bytes
from scorecard.ledger.entry import check_envelope, leaf_hash
from scorecard.ledger.merkle import EMPTY_ROOT, Frontier
from scorecard.ledger.note import NoteFaulty, head_text, key_id, parse_note
from scorecard.models.ledger import LedgerEntry, LedgerFrontier, LedgerHead
from scorecard.moments import rfc3339
from scorecard.signing_key import LedgerKey


@dataclass(frozen=True)
class Reading:
    """What one reading found: `fault` is None or the first difference; `seq` is the entry it was found at, if any."""

    entries: int
    heads: int
    root: str
    fault: str | None = None
    seq: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "intact": self.fault is None,
            "entries": self.entries,
            "heads": self.heads,
            "root": self.root,
            "seq": self.seq,
            "fault": self.fault,
        }


def _columns(envelope: dict[str, Any]) -> dict[str, Any]:
    return {
        "seq": envelope["seq"],
        "kind": envelope["kind"],
        "actor_kind": envelope["actor"]["kind"],
        "actor_id": envelope["actor"]["id"],
        "actor_name": envelope["actor"]["name"],
        "subject_type": envelope["subject"]["type"],
        "subject_id": envelope["subject"]["id"],
    }


def _entry_fault(row: LedgerEntry, *, expected_seq: int, previous: str | None, origin: str) -> str | None:
    """Return the first fault of one row in words, or None."""
    if row.seq != expected_seq:
        return f"entry {expected_seq} is missing; entry {row.seq} follows"
    try:
        envelope = json.loads(row.envelope)
        check_envelope(envelope)
        same_bytes = canonical_bytes(envelope) == row.envelope.encode()
    except (ValueError, TypeError, KeyError) as error:
        return f"the envelope is malformed: {error}"
    if not same_bytes:
        return "the envelope is not in canonical form"
    if leaf_hash(envelope).hex() != row.leaf_hash:
        return "the envelope does not hash to the kept leaf"
    if envelope["prev"] != (f"sha256:{previous}" if previous else None):
        return "the envelope names another predecessor"
    if envelope["log"] != origin:
        return f"the envelope belongs to the ledger {envelope['log']!r}"
    for column, value in _columns(envelope).items():
        if getattr(row, column) != value:
            return f"the column {column} says {getattr(row, column)!r}, the envelope {value!r}"
    return None if rfc3339(row.at) == envelope["at"] else "the column at differs from the envelope"


def _head_fault(head: LedgerHead, root: bytes, key: LedgerKey) -> str | None:
    """Return the fault of a signed head over a tree with this root, or None."""
    expected_id = key_id(key.name, key.public_bytes)
    try:
        note = parse_note(head.note)
    except NoteFaulty as error:
        return f"the head is malformed: {error}"
    if head.root != root.hex() or note.text != head_text(key.name, head.size, root):
        return "the signed head names another root"
    signatures = [signature for name, keyid, signature in note.signatures if (name, keyid) == (key.name, expected_id)]
    try:
        key.private.public_key().verify(signatures[0] if signatures else b"", note.text.encode())
    except InvalidSignature:
        return "the head is not signed by this installation's key"
    return None


def _frontier_fault(frontier: Frontier, last: str) -> str | None:
    row = LedgerFrontier.objects.filter(id=1).first() or LedgerFrontier(size=0, last_leaf="", hashes=[])
    kept = (row.size, row.last_leaf, list(row.hashes))
    if kept != (frontier.size, last, [part.hex() for part in frontier.hashes]):
        return f"the frontier counts {row.size} entries and the rows {frontier.size}, or their hashes differ"
    return None


def read_ledger(key: LedgerKey) -> Reading:
    """Read every entry and head in order and stop at the first difference."""
    heads = {head.size: head for head in LedgerHead.objects.all()}
    frontier, previous, agreed = Frontier(), "", 0

    def reading(fault: str | None, seq: int | None = None) -> Reading:
        root = frontier.root() if frontier.size else EMPTY_ROOT
        return Reading(frontier.size, agreed, root.hex(), fault, seq)

    for row in LedgerEntry.objects.order_by("seq").iterator(chunk_size=2000):
        seq = frontier.size
        fault = _entry_fault(row, expected_seq=seq, previous=previous or None, origin=key.name)
        if fault:
            return reading(fault, seq)
        previous = row.leaf_hash
        frontier = frontier.append(bytes.fromhex(previous))
        if (head := heads.pop(frontier.size, None)) is not None:
            if fault := _head_fault(head, frontier.root(), key):
                return reading(fault, seq)
            agreed += 1
    if heads:
        return reading(f"a signed head covers {min(heads)} entries, but only {frontier.size} are there", frontier.size)
    return reading(_frontier_fault(frontier, previous))
