"""From indicators to the level of one category on one side: the algorithm that every reader can recompute."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .derivation import derivation_of
from .findings import indicator_row


def own_finding(indicators: List[Dict[str, Any]]) -> str:
    """Return what a level's own indicators say of it, before the order of levels is considered."""
    findings = [row["finding"] for row in indicators]
    required = [row["finding"] for row in indicators if row["required"]]
    if "reached" in findings:
        return "reached"
    if all(finding == "not_assessed" for finding in findings):
        return "not_assessed"
    # An optional indicator that was run and is undecided keeps the level open, because otherwise losing samples of one
    # that was reached would leave only the required ones, and lower the level.
    if required and all(finding == "ruled_out" for finding in required) and "cannot_rule_out" not in findings:
        return "ruled_out"
    return "cannot_rule_out"


def _apply_order(rows: List[Dict[str, Any]]) -> None:
    """Below a reached level all are reached, above a ruled-out one all are ruled out; reached over ruled out stands."""
    own = [row["finding"] for row in rows]
    highest_reached = max((index for index, finding in enumerate(own) if finding == "reached"), default=-1)
    lowest_ruled_out = min((index for index, finding in enumerate(own) if finding == "ruled_out"), default=len(rows))
    for index, row in enumerate(rows):
        if own[index] == "reached" and index > lowest_ruled_out:
            row["contradiction"] = True
        if index < highest_reached and own[index] != "reached":
            row["finding"], row["implied"] = "reached", True
        elif index > lowest_ruled_out and index > highest_reached and own[index] != "ruled_out":
            row["finding"], row["implied"] = "ruled_out", True


def _level_rows(
    document: Dict[str, Any], category: str, mitigation: str, evidence: List[Dict[str, Any]]
) -> List[Dict[str, Any]]:
    rows = []
    for level in document["levels"][1:]:
        indicators = [
            indicator_row(indicator, mitigation, evidence, document["policy"])
            for indicator in document["indicators"]
            if indicator["category"] == category and indicator["level"] == level["slug"]
        ]
        rows.append(
            {
                "level": level["slug"],
                "finding": own_finding(indicators),
                "implied": False,
                "operationalised": bool(indicators),
                "contradiction": False,
                "indicators": indicators,
            }
        )
    return rows


def _reached_level(base: str, rows: List[Dict[str, Any]], has_evidence: bool) -> Optional[str]:
    reached = [row["level"] for row in rows if row["finding"] == "reached"]
    return reached[-1] if reached else (base if has_evidence else None)


def _indicated_level(base: str, rows: List[Dict[str, Any]], has_evidence: bool) -> Optional[str]:
    if not has_evidence:
        return None
    standing = [row["level"] for row in rows if row["operationalised"] and row["finding"] != "ruled_out"]
    return standing[-1] if standing else base


def settle(base: str, rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Apply the order of levels to the rows above `base`, in place, and return the indicated and the reached level."""
    has_evidence = any(row["finding"] != "not_assessed" for row in rows)
    _apply_order(rows)
    return {
        "indicated_level": _indicated_level(base, rows, has_evidence),
        "reached_level": _reached_level(base, rows, has_evidence),
    }


def indicate(
    document: Dict[str, Any], category: str, mitigation: str, evidence: List[Dict[str, Any]]
) -> Dict[str, Any]:
    """Return the indicated level of one category on one side, with every finding and the derivation in words.

    `reached_level` is the highest level reached (the base level if there is evidence and nothing is reached);
    `indicated_level` the highest operationalised level that is not ruled out, so that an unassessed or undecided level
    counts; both are None without any evidence. Same inputs, same result, byte for byte.
    """
    base = document["levels"][0]["slug"]
    rows = _level_rows(document, category, mitigation, evidence)
    verdict = settle(base, rows)
    base_row = {
        "level": base,
        "finding": "not_assessed" if verdict["reached_level"] is None else "reached",
        "implied": False,
        "operationalised": False,
        "contradiction": False,
        "indicators": [],
    }
    result = {**verdict, "levels": [base_row, *rows]}
    return {**result, "derivation": derivation_of(document, result)}
