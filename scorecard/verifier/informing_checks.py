"""Checks of the documents that inform a card: whole, recorded, and named as what is not recomputed."""

from __future__ import annotations

from typing import Any, Dict, List

from scorecard.ledger.canonical import digest_bytes

from .ledger_checks import recorded_as
from .opened import Difference, Opened, exactly, informing_path

INFORMING_KEYS = (
    "id kind kind_title title native_id version revision digest raw_digest checkpoints mitigation category section "
    "source received_at summary figures"
)
DOCUMENT_FACTS = ("kind", "native_id", "revision", "digest", "checkpoints", "mitigation", "category")


def _check_document(opened: Opened, row: Dict[str, Any], received: Dict[str, Dict[str, Any]]) -> None:
    where = "scorecard.json: informing %s" % row.get("id")
    exactly(row, INFORMING_KEYS, where)
    for figure in row["figures"]:
        exactly(figure, "name figure interval n", where)
    path = informing_path(row)
    if digest_bytes(opened.members[path]) != row["raw_digest"]:
        raise Difference("%s is not the document that the record names" % path)
    entry = received.get(row["id"])
    facts = {**{name: row[name] for name in DOCUMENT_FACTS}, "raw": row["raw_digest"]}
    said = entry["data"] if entry is not None and entry["seq"] < opened.sealed["ledger"]["seq"] else {}
    if any(said.get(name, "missing") != value for name, value in facts.items()):
        raise Difference("%s: its receipt is not in the ledger as cited" % path)


def check_informing(opened: Opened) -> str:
    """Check digests and receipts of the informing documents; what they say is not recomputed and decides nothing."""
    rows: List[Dict[str, Any]] = opened.snapshot.get("informing", [])
    if not rows and "informing" in opened.snapshot:
        raise Difference("scorecard.json: informing is empty, and then it is left out")
    received = {entry["subject"]["id"]: entry for entry in recorded_as(opened, "evidence.received")}
    kinds: Dict[str, int] = {}
    for row in rows:
        _check_document(opened, row, received)
        kinds[row["kind"]] = kinds.get(row["kind"], 0) + 1
    if not rows:
        return "no document of another kind informs this card"
    listed = ", ".join("%s (%d)" % (kind, kinds[kind]) for kind in sorted(kinds))
    return "%d documents inform and decide nothing, each as recorded; not recomputed: %s" % (len(rows), listed)
