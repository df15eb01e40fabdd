"""Checks against the ledger: the head, the cited entries, and that every part of the card was recorded."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from evaluations.strict_json import StrictJSONError, parse_json
from scorecard.ledger.canonical import NotCanonical, canonical_bytes, digest
from scorecard.ledger.chain import (
    ChainBroken,
    check_inclusion,
    check_links,
    check_older_head,
    proof_parts,
    verified_head,
)

from .opened import Difference, Opened, exactly

RUN_FACTS = ("digest", "revision", "native_id", "evaluation", "stratum", "checkpoint", "mitigation")
UNDOING = ("signoff.declined", "signoff.reopened", "scorecard.staled")


def _entry_rows(data: bytes) -> List[Dict[str, Any]]:
    if not data.endswith(b"\n"):
        raise Difference("ledger/entries.jsonl does not end with a line end")
    rows = []
    for number, line in enumerate(data[:-1].split(b"\n"), start=1):
        try:
            row = parse_json(line)
            exact = isinstance(row, dict) and sorted(row) == ["envelope", "proof"] and canonical_bytes(row) == line
        except StrictJSONError as error:
            raise Difference("ledger/entries.jsonl line %d: %s" % (number, error.message)) from None
        except NotCanonical as error:
            raise Difference("ledger/entries.jsonl line %d: %s" % (number, error)) from None
        if not exact:
            raise Difference("ledger/entries.jsonl line %d is not a canonical entry with its proof" % number)
        rows.append(row)
    return rows


def check_ledger(opened: Opened, key: Optional[str], older: str) -> str:
    """Check the head's signature, every cited entry's proof and links, and growth from an older head."""
    try:
        opened.head = opened.members["ledger/head.txt"].decode("utf-8")
        opened.origin, opened.size, root, opened.signer = verified_head(opened.head, key)
        rows = _entry_rows(opened.members["ledger/entries.jsonl"])
        opened.entries = [row["envelope"] for row in rows]
        leaves = [check_inclusion(row["envelope"], row["proof"], opened.origin, opened.size, root) for row in rows]
        check_links(opened.entries, leaves)
        grown = ""
        if older:
            old_origin, old_size, old_root, _ = verified_head(older, key, "older head")
            if old_origin != opened.origin:
                raise ChainBroken("older head: it is a head of %s, not %s" % (old_origin, opened.origin))
            proven = [
                (row["envelope"]["seq"], leaf, proof_parts(row["envelope"], row["proof"]))
                for row, leaf in zip(rows, leaves)
            ]
            if check_older_head((old_size, old_root), (opened.size, root), proven):
                grown = ", grown from the older head of %d" % old_size
            else:
                opened.undecided.append(
                    "growth from the older head of %d: the cited entries do not suffice; export the whole ledger"
                    % old_size
                )
    except ChainBroken as broken:
        raise Difference(str(broken)) from None
    except UnicodeDecodeError:
        raise Difference("ledger/head.txt is not text") from None
    _check_sealed_place(opened, rows, leaves)
    return "%d entries proven in the head of %d%s" % (len(rows), opened.size, grown)


def _check_sealed_place(opened: Opened, rows: List[Dict[str, Any]], leaves: List[bytes]) -> None:
    """Check that sealed.json names this head and the proof of the seal's own entry."""
    sealed = opened.sealed["ledger"]
    exactly(sealed, "seq leaf proof size head", "sealed.json: ledger")
    if sealed["head"] != opened.head or sealed["size"] != opened.size:
        raise Difference("sealed.json names another ledger head than ledger/head.txt")
    found = [(row["proof"], leaf) for row, leaf in zip(rows, leaves) if row["envelope"]["seq"] == sealed["seq"]]
    if not found or found[0][1].hex() != sealed["leaf"] or found[0][0] != sealed["proof"]:
        raise Difference("sealed.json: the seal is not in the ledger as entry #%s" % sealed["seq"])


def recorded_as(opened: Opened, kind: str) -> List[Dict[str, Any]]:
    """Return the cited entries of a kind, in order."""
    return [envelope for envelope in opened.entries if envelope["kind"] == kind]


def _agree(entry: Dict[str, Any], facts: Dict[str, Any]) -> bool:
    return all(entry["data"].get(name, "missing") == value for name, value in facts.items())


def _check_seal(opened: Opened) -> int:
    """Check that the seal's entry says what sealed.json says; return its place."""
    sealed, place = opened.sealed, opened.sealed["ledger"]["seq"]
    by = sealed["sealed"]
    exactly(by, "by at expires_at", "sealed.json: sealed")
    exactly(by["by"], "id name role", "sealed.json: sealed by")
    facts = {
        "number": opened.snapshot["number"],
        "version": opened.snapshot["version"],
        "digest": sealed["digest"],
        "framework": opened.snapshot["framework"]["digest"],
        "expires_at": by["expires_at"],
        "role": by["by"]["role"],
    }
    for entry in recorded_as(opened, "scorecard.sealed"):
        if entry["seq"] != place:
            continue
        if not _agree(entry, facts) or entry["at"] != by["at"]:
            raise Difference("sealed.json: the ledger's seal (entry #%d) says otherwise" % place)
        if (entry["actor"]["id"], entry["actor"]["name"]) != (by["by"]["id"], by["by"]["name"]):
            raise Difference("sealed.json: the ledger names another person as the sealer")
        if entry["data"]["signatures"] != [digest(signature) for signature in sealed["signatures"]]:
            raise Difference("sealed.json: its signatures are not the ones that were sealed")
        return int(place)
    raise Difference("sealed.json: the seal is not in the ledger")


def _check_runs(opened: Opened, seal: int) -> None:
    received = {entry["subject"]["id"]: entry for entry in recorded_as(opened, "run.received")}
    superseded = {entry["subject"]["id"]: entry["seq"] for entry in recorded_as(opened, "run.superseded")}
    for item in opened.snapshot["evidence"]:
        entry = received.get(item["run"])
        if entry is None or entry["seq"] > seal or not _agree(entry, {name: item[name] for name in RUN_FACTS}):
            raise Difference("%s (%s): its receipt is not in the ledger as cited" % (item["run"], item["evaluation"]))
        if superseded.get(item["run"], seal) < seal:
            raise Difference("%s (%s): it was superseded before the seal" % (item["run"], item["evaluation"]))


def signature_places(opened: Opened) -> Dict[str, int]:
    """Return signature digest -> place of its entry in the ledger."""
    return {entry["data"]["signature"]: entry["seq"] for entry in recorded_as(opened, "signoff.signed")}


def _check_recorded_signatures(opened: Opened, seal: int) -> None:
    card = {"number": opened.snapshot["number"], "version": opened.snapshot["version"]}
    entries = {entry["data"]["signature"]: entry for entry in recorded_as(opened, "signoff.signed")}
    undone = [entry["seq"] for kind in UNDOING for entry in recorded_as(opened, kind) if _agree(entry, card)]
    for signature in opened.sealed["signatures"]:
        entry, where = entries.get(digest(signature)), "signature %s" % signature["id"]
        facts = {**card, "digest": opened.sealed["digest"], **{name: signature[name] for name in ("id", "role")}}
        facts["meaning"] = signature["meaning"]
        if entry is None or entry["seq"] > seal or not _agree(entry, facts) or entry["at"] != signature["at"]:
            raise Difference("%s: it is not in the ledger" % where)
        if (entry["actor"]["kind"], entry["actor"]["id"]) != ("person", signature["signer"]["id"]):
            raise Difference("%s: the ledger names another signer" % where)
        for place in undone:
            if entry["seq"] < place < seal:
                raise Difference("%s: ledger entry #%d took the card back before the seal" % (where, place))


def check_recorded(opened: Opened) -> str:
    """Check that framework, runs, signatures and seal each have their entry with the same facts, before the seal."""
    framework = {name: opened.snapshot["framework"][name] for name in ("slug", "version", "digest")}
    if not any(_agree(entry, framework) for entry in recorded_as(opened, "framework.published")):
        raise Difference("framework.json: its publication is not in the ledger")
    seal = _check_seal(opened)
    _check_runs(opened, seal)
    _check_recorded_signatures(opened, seal)
    return "framework, %d runs, %d signatures and the seal are recorded" % (
        len(opened.snapshot["evidence"]),
        len(opened.sealed["signatures"]),
    )
