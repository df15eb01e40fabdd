"""Checks of the signatures' rules: right digest, right people, every step of the framework, in order."""

from __future__ import annotations

from typing import Any, Dict, Set

from scorecard.ledger.canonical import digest

from .ledger_checks import recorded_as, signature_places
from .opened import Difference, Opened, exactly

SIGNATURE_KEYS = "id number version digest signer role meaning reason at authentication attestation"
FREE_MEANINGS = ("reviewed", "dissents")


def authoring_people(opened: Opened) -> Set[str]:
    """Return the ids of everybody who had a part in the card, as the record and the ledger name them."""
    people = {row["id"] for row in opened.snapshot["authors"]}
    people |= {row["by"]["id"] for row in opened.snapshot["applicability"]}
    for category in opened.snapshot["categories"]:
        for side in ("pre_mitigation", "post_mitigation"):
            determination = category[side]["determination"]
            people |= {determination["by"]["id"]} if determination else set()
    runs = {item["run"] for item in opened.snapshot["evidence"]}
    received = [entry for entry in recorded_as(opened, "run.received") if entry["subject"]["id"] in runs]
    documents = {row["id"] for row in opened.snapshot.get("informing", [])}
    received += [entry for entry in recorded_as(opened, "evidence.received") if entry["subject"]["id"] in documents]
    people |= {entry["actor"]["id"] for entry in received if entry["actor"]["kind"] == "person"}
    return people


def _check_one(opened: Opened, signature: Dict[str, Any], authors: Set[str]) -> None:
    where = "signature %s" % signature.get("id")
    exactly(signature, SIGNATURE_KEYS, where)
    exactly(signature["signer"], "id name", where + ": signer")
    named = (signature["number"], signature["version"], signature["digest"])
    if named != (opened.snapshot["number"], opened.snapshot["version"], opened.sealed["digest"]):
        raise Difference("%s names another record" % where)
    if signature["signer"]["id"] in authors:
        raise Difference("%s: %s authored a part and may not sign" % (where, signature["signer"]["name"]))
    steps = [(step["role"], step["meaning"]) for step in opened.framework["signoff"]["steps"]]
    if signature["meaning"] not in FREE_MEANINGS and (signature["role"], signature["meaning"]) not in steps:
        raise Difference("%s: no step asks the %s for '%s'" % (where, signature["role"], signature["meaning"]))


def _check_order(opened: Opened) -> None:
    """Check that nobody signed a step before the steps ahead of it were complete."""
    places = signature_places(opened)
    ready = -1
    for step in opened.framework["signoff"]["steps"]:
        own = sorted(
            places[digest(row)]
            for row in opened.sealed["signatures"]
            if row["role"] == step["role"] and row["meaning"] == step["meaning"]
        )
        if len(own) < step["count"]:
            raise Difference(
                "sealed.json: %d of %d signatures that say '%s' as %s"
                % (len(own), step["count"], step["meaning"], step["role"])
            )
        if own[0] < ready:
            raise Difference("sealed.json: the %s signed before the step ahead was complete" % step["role"])
        ready = max(ready, own[step["count"] - 1])


def check_signatures(opened: Opened) -> str:
    """Check separation of duties, and that every step of sign-off has enough different signers."""
    signatures = opened.sealed["signatures"]
    if opened.snapshot["signoff"] != opened.framework["signoff"]:
        raise Difference("scorecard.json: its sign-off rules are not the framework's")
    authors = authoring_people(opened)
    for signature in signatures:
        _check_one(opened, signature, authors)
    people = [signature["signer"]["id"] for signature in signatures]
    if len(set(people)) != len(people):
        raise Difference("sealed.json: one person signed twice")
    _check_order(opened)
    return "%d signatures of different people, none an author, every step complete" % len(signatures)
