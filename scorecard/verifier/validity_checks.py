"""Checks of how long evidence holds: what had ended when the card was signed, and when the card itself ends."""

from __future__ import annotations

from typing import Any, Dict, List

from scorecard.framework.decay import day_after, depends_on_time, expired_by, first_end

from .ledger_checks import recorded_as
from .opened import Difference, Opened
from .recompute import first_difference


def _recorded_before_seal(opened: Opened, kind: str) -> Dict[str, Dict[str, Any]]:
    """Return what the ledger says under an event before the seal, by the id of what it is about."""
    sealed = opened.sealed["ledger"]["seq"]
    return {entry["subject"]["id"]: entry["data"] for entry in recorded_as(opened, kind) if entry["seq"] < sealed}


def _said_of(row: Dict[str, Any]) -> Dict[str, Any]:
    """Return what the ledger must say of an applicability row of the card."""
    grown = row.get("compute_multiple")
    return {
        "from_checkpoint": row["from_checkpoint"],
        "to_checkpoint": row["to_checkpoint"],
        "rationale": row["rationale"],
        "limits": row["limits"],
        "compute_multiple": None if grown is None else repr(float(grown)),
        "expires_at": row.get("expires_at"),
    }


def _check_causes(opened: Opened) -> None:
    determined = _recorded_before_seal(opened, "applicability.determined")
    withdrawn = _recorded_before_seal(opened, "applicability.withdrawn")
    for row in opened.snapshot["applicability"]:
        said = determined.get(row["id"], {})
        if {name: said.get(name) for name in _said_of(row)} != _said_of(row):
            raise Difference("applicability %s: the ledger does not record it as the card says" % row["id"])
        if (row["id"] in withdrawn) is not ("withdrawn_at" in row):
            raise Difference("applicability %s: whether it was withdrawn is not what the ledger says" % row["id"])
    reported = _recorded_before_seal(opened, "change.reported")
    for row in opened.snapshot.get("system_changes", []):
        facts = {name: row[name] for name in ("kind", "words", "happened_at")}
        said = reported.get(row["id"], {})
        if {name: said.get(name) for name in facts} != facts or said["checkpoint"] != opened.snapshot["checkpoint"]:
            raise Difference("change %s: the ledger does not record it as the card says" % row["id"])


def _tested_at(opened: Opened, item: Dict[str, Any], received: Dict[str, str]) -> str:
    report = opened.strict("runs/%s/report.json" % item["run"])
    said: str = report.get("started_at") or report.get("completed_at") or received.get(item["run"], "")
    return said


def _check_days(opened: Opened, applicability: List[Dict[str, Any]]) -> None:
    """Nothing may have ended unread between the day of reading and the seal, nor before the card itself ends."""
    as_of = opened.snapshot.get("as_of")
    if depends_on_time(opened.framework, applicability) is not (as_of is not None):
        raise Difference("scorecard.json: whether a day of reading stands in it is not what the framework asks")
    end = first_end(opened.framework, opened.snapshot["evidence"], applicability)
    if end is None:
        return
    if end < opened.sealed["sealed"]["at"][:10]:
        raise Difference("evidence ended on %s, before the card was sealed, and is not marked as expired" % end)
    if opened.sealed["sealed"]["expires_at"][:10] > day_after(end):
        raise Difference("the card stands beyond %s, when evidence that it rests on ends" % end)


def check_validity(opened: Opened) -> str:
    """Recompute which evidence has ended, from its dates, what was determined of it, and what was changed."""
    _check_causes(opened)
    received = {entry["subject"]["id"]: entry["at"] for entry in recorded_as(opened, "run.received")}
    applicability, changes = opened.snapshot["applicability"], opened.snapshot.get("system_changes", [])
    expired = 0
    for item in opened.snapshot["evidence"]:
        dated = {**item, "tested_at": _tested_at(opened, item, received)}
        ended = expired_by(opened.framework, dated, applicability, changes, opened.snapshot.get("as_of"))
        facts: Dict[str, Any] = {"tested_at": dated["tested_at"], "expired": ended}
        found = first_difference({"expired": [], **{name: item[name] for name in facts if name in item}}, facts)
        if found:
            raise Difference("%s%s" % (item["run"], found))
        expired += 1 if ended else 0
    _check_days(opened, applicability)
    said = "what evidence has ended recomputed: %d of %d runs, %d determinations that results hold, %d changes"
    return said % (expired, len(opened.snapshot["evidence"]), len(applicability), len(changes))
