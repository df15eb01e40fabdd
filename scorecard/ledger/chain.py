"""Verifying ledger entries and heads: what a reader of an export can check without any database."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from .canonical import NotCanonical
from .ed25519 import ed25519_holds
from .entry import EntryFaulty, check_envelope, leaf_hash
from .merkle import frontier_of, inclusion_holds, root_from_known, sibling_ranges
from .note import NoteFaulty, parse_head, parse_note, parse_vkey


class ChainBroken(ValueError):
    """The ledger, a proof or a head contradicts itself or the key; the text names the place."""


def verified_head(note: str, key: Optional[str], what: str = "ledger head") -> Tuple[str, int, bytes, Optional[str]]:
    """Return (origin, size, root, signer) of a signed head; signer is None without a key. Raises ChainBroken.

    Signatures of unknown keys are ignored; a bad signature of the given key is never.
    """
    try:
        signed = parse_note(note)
        origin, size, root = parse_head(signed.text)
        if key is None:
            return origin, size, root, None
        name, keyid, public_key = parse_vkey(key)
    except NoteFaulty as fault:
        raise ChainBroken("%s: %s" % (what, fault)) from None
    ours = [signature for who, found, signature in signed.signatures if who == name and found == keyid]
    if not ours:
        raise ChainBroken("%s: not signed by the key %s" % (what, name))
    if not all(ed25519_holds(public_key, signed.text.encode("utf-8"), signature) for signature in ours):
        raise ChainBroken("%s: the signature of %s is wrong" % (what, name))
    if origin != name:
        raise ChainBroken("%s: it is a head of %s, the key is the one of %s" % (what, origin, name))
    return origin, size, root, name


def _named(envelope: Any) -> str:
    return "ledger entry #%s" % (envelope.get("seq", "?") if isinstance(envelope, dict) else "?")


def checked_leaf(envelope: Any, origin: str) -> bytes:
    """Return the leaf hash of a well-formed envelope of this ledger. Raises ChainBroken."""
    try:
        check_envelope(envelope)
        if envelope["log"] != origin:
            raise EntryFaulty("it belongs to the ledger %r, not %r" % (envelope["log"], origin))
        return leaf_hash(envelope)
    except (EntryFaulty, NotCanonical) as fault:
        raise ChainBroken("%s: %s" % (_named(envelope), fault)) from None


def proof_parts(envelope: Dict[str, Any], proof: Any) -> List[bytes]:
    """Return the hashes of an inclusion proof given as hexadecimal texts. Raises ChainBroken."""
    try:
        if not isinstance(proof, list) or any(part != part.lower() or len(part) != 64 for part in proof):
            raise ValueError("not a list of hashes")
        return [bytes.fromhex(part) for part in proof]
    except (ValueError, TypeError, AttributeError):
        raise ChainBroken("%s: its proof is not a list of hexadecimal hashes" % _named(envelope)) from None


def check_inclusion(envelope: Any, proof: Any, origin: str, size: int, root: bytes) -> bytes:
    """Return the leaf hash of an entry whose proof leads to the root. Raises ChainBroken."""
    leaf = checked_leaf(envelope, origin)
    if not inclusion_holds(leaf, envelope["seq"], size, proof_parts(envelope, proof), root):
        raise ChainBroken("%s: it was altered, or its proof does not lead to the root of the head" % _named(envelope))
    return leaf


def is_withheld(row: Any) -> bool:
    """Whether a line stands for an entry whose words were withheld: its place and its leaf hash, and nothing else."""
    return isinstance(row, dict) and sorted(row) == ["leaf", "seq"]


def _leaf_of(row: Any, origin: str) -> bytes:
    if not is_withheld(row):
        return checked_leaf(row, origin)
    try:
        if not isinstance(row["leaf"], str) or row["leaf"] != row["leaf"].lower() or len(row["leaf"]) != 64:
            raise ValueError("not a hash")
        return bytes.fromhex(row["leaf"])
    except ValueError:
        raise ChainBroken("%s: its leaf is not a hexadecimal hash" % _named(row)) from None


def check_links(envelopes: List[Dict[str, Any]], leaves: List[bytes]) -> None:
    """Check order and, between neighbours, that each entry names its predecessor's leaf. Raises ChainBroken.

    An entry whose words were withheld names nothing, but its successor still names it.
    """
    for before, after, leaf in zip(envelopes, envelopes[1:], leaves):
        if after["seq"] <= before["seq"]:
            raise ChainBroken("%s: out of order" % _named(after))
        if is_withheld(after):
            continue
        if after["seq"] == before["seq"] + 1 and after["prev"] != "sha256:" + leaf.hex():
            raise ChainBroken("%s: altered, or not the entry that #%d names" % (_named(before), after["seq"]))


def check_whole_ledger(envelopes: List[Any], origin: str, size: int, root: bytes) -> List[bytes]:
    """Check a full export against a head: from 0, without gaps, chained, with this root. Returns all leaves.

    Entries after the head are chained like the others, but no signed head vouches for them.
    """
    leaves = []
    for place, envelope in enumerate(envelopes):
        leaves.append(_leaf_of(envelope, origin))
        if envelope["seq"] != place:
            raise ChainBroken("%s: stands at place %d" % (_named(envelope), place))
    check_links(envelopes, leaves)
    if len(leaves) < size:
        raise ChainBroken("the export ends after %d entries, the head says %d" % (len(leaves), size))
    if frontier_of(leaves[:size]).root() != root:
        raise ChainBroken("the root of the %d entries is not the root of the head" % size)
    return leaves


def check_older_head(
    older: Tuple[int, bytes], newer: Tuple[int, bytes], proven: List[Tuple[int, bytes, List[bytes]]]
) -> bool:
    """Whether entries proven in the newer head, as (seq, leaf, proof), show that it grew from the older one.

    False where they do not suffice to decide. Raises ChainBroken where they show that it did not.
    """
    size, root = newer
    if older[0] > size:
        raise ChainBroken("the older head has %d entries, this ledger only %d" % (older[0], size))
    known = {(0, size): root}
    for seq, leaf, proof in proven:
        known[seq, seq + 1] = leaf
        known.update(zip(sibling_ranges(seq, size), proof))
    old_root = frontier_of([]).root() if older[0] == 0 else root_from_known(known, 0, older[0])
    if old_root is None:
        return False
    if old_root != older[1]:
        raise ChainBroken("the ledger of %d entries did not grow from the older head of %d" % (size, older[0]))
    return True
