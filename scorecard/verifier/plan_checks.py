"""Checks of the evaluation plan: locked as the ledger says, and compared with the evidence as the card says."""

from __future__ import annotations

from typing import Any, Dict

from scorecard.framework.planned import locked_since, planned_against_done, unplanned

from .ledger_checks import recorded_as
from .opened import Difference, Opened
from .recompute import first_difference

PLAN_FACTS = ("version", "digest", "items", "stopping_rule", "reason", "locked_at")


def _check_versions(opened: Opened, plan: Dict[str, Any]) -> None:
    locked = {entry["subject"]["id"]: entry for entry in recorded_as(opened, "plan.locked")}
    for place, row in enumerate(plan["versions"], start=1):
        said = locked.get(row["id"], {}).get("data", {})
        if {name: said.get(name) for name in PLAN_FACTS} != {name: row[name] for name in PLAN_FACTS}:
            raise Difference("plan version %s: the ledger does not record it as the card says" % row["version"])
        if row["version"] != place or said["framework"] != opened.snapshot["framework"]["digest"]:
            raise Difference("plan version %s: it does not belong to this card's plan" % row["version"])
        if said["checkpoint"] != opened.snapshot["checkpoint"] or said["locked_at"] != locked[row["id"]]["at"]:
            raise Difference("plan version %s: it was locked for something else, or at another time" % row["version"])


def _check_attempts(opened: Opened, row: Dict[str, Any]) -> None:
    received = {entry["subject"]["id"]: entry["data"] for entry in recorded_as(opened, "run.received")}
    own = {item["run"] for item in opened.snapshot["evidence"] if item["applies"] == "direct"}
    missing = [run["run"] for run in row["runs"] if run["run"] in own and run["run"] not in row["attempts"]]
    if missing:
        raise Difference("plan: %s is cited and not counted as an attempt" % missing[0])
    for run in row["attempts"]:
        said = received.get(run, {})
        facts = {name: row[name] for name in ("evaluation", "stratum", "mitigation")}
        if {name: said.get(name) for name in facts} != facts:
            raise Difference("plan: the ledger does not record the attempt %s" % run)


def check_plan(opened: Opened) -> str:
    """Recompute what was planned against what was done; that no further attempt was received is not recomputable."""
    plan = opened.snapshot.get("plan")
    if plan is None:
        return "no evaluation plan was locked"
    _check_versions(opened, plan)
    items, evidence = locked_since(plan["versions"]), opened.snapshot["evidence"]
    rows = [{name: row[name] for name in row if name != "attempts"} for row in plan["rows"]]
    recomputed = {
        "rows": planned_against_done(items, evidence),
        "unplanned": unplanned(opened.framework, items, evidence),
    }
    found = first_difference({"rows": rows, "unplanned": plan["unplanned"]}, recomputed)
    if found:
        raise Difference("plan%s" % found)
    for row in plan["rows"]:
        _check_attempts(opened, row)
    done = [row for row in plan["rows"] if row["state"] == "done"]
    said = (
        "%d of %d planned measurements done as planned, %d attempts as recorded; whether there were more: not checked"
    )
    return said % (len(done), len(rows), sum(len(row["attempts"]) for row in plan["rows"]))
