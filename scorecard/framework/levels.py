"""From indicators to the level of one category on one side: the algorithm that every reader can recompute."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .derivation import derivation_of
from .findings import indicator_row
from .ladders import category_of, ladder, reads_side, rests_on_capability


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
    speaking = [
        indicator
        for indicator in document["indicators"]
        if indicator["category"] == category and reads_side(indicator, mitigation)
    ]
    for level in ladder(document, category)[1:]:
        indicators = [
            indicator_row(indicator, mitigation, evidence, document["policy"])
            for indicator in speaking
            if indicator["level"] == level["slug"]
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


def both_found(capability: str, failing: str) -> str:
    """Return the finding that a capability is there AND that the safeguards against it fail: each can rule it out."""
    if "ruled_out" in (capability, failing):
        return "ruled_out"
    return capability if capability == failing else "cannot_rule_out"


def _bounded(rows: List[Dict[str, Any]], capability: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Join what is left of each level after safeguards with what the capability side found, before its own order."""
    found = {before["level"]: before for before in capability}
    return [
        {
            **row,
            "finding": both_found(found[row["level"]]["finding"], row["finding"]),
            "operationalised": row["operationalised"] or found[row["level"]]["operationalised"],
            "capability": found[row["level"]]["finding"],
        }
        for row in rows
    ]


def _own_rows(
    document: Dict[str, Any], category: str, mitigation: str, evidence: List[Dict[str, Any]]
) -> List[Dict[str, Any]]:
    """Return the rows above the base level as the order of levels finds them."""
    rows = _level_rows(document, category, mitigation, evidence)
    if rests_on_capability(document, mitigation):
        capability = _level_rows(document, category, "pre_mitigation", evidence)
        _apply_order(capability)
        rows = _bounded(rows, capability)
    return rows


def _sub_areas(document: Dict[str, Any], category: str, base: str, rows: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return the levels of each sub-area by itself: the same algorithm on the indicators that name it."""
    places = {row["id"]: row.get("sub_area") for row in document["indicators"]}
    found = []
    for area in category_of(document, category).get("sub_areas", []):
        part = []
        for row in rows:
            indicators = [one for one in row["indicators"] if places.get(one["id"]) == area["slug"]]
            own = {"indicators": indicators, "operationalised": bool(indicators), "implied": False}
            part.append({**row, **own, "contradiction": False, "finding": own_finding(indicators)})
        found.append({"slug": area["slug"], "name": area["name"], **settle(base, part)})
    return found


def indicate(
    document: Dict[str, Any], category: str, mitigation: str, evidence: List[Dict[str, Any]]
) -> Dict[str, Any]:
    """Return the indicated level of one category on one side, with every finding and the derivation in words.

    `reached_level` is the highest level reached (the base level if there is evidence and nothing is reached);
    `indicated_level` the highest operationalised level that is not ruled out, so that an unassessed or undecided level
    counts; both are None without any evidence. Same inputs, same result, byte for byte.
    """
    base = ladder(document, category)[0]["slug"]
    rows = _own_rows(document, category, mitigation, evidence)
    areas = _sub_areas(document, category, base, rows)
    verdict = settle(base, rows)
    base_row = {
        "level": base,
        "finding": "not_assessed" if verdict["reached_level"] is None else "reached",
        "implied": False,
        "operationalised": False,
        "contradiction": False,
        "indicators": [],
    }
    result = {**verdict, "levels": [base_row, *rows], **({"sub_areas": areas} if areas else {})}
    return {**result, "derivation": derivation_of(document, result)}
