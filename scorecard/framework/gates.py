"""From determined levels to the overall level, the gates and the obligations."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .derivation import level_names


def level_rank(document: Dict[str, Any], level: Optional[str]) -> int:
    """Return the place of a level in the framework's order, -1 for None. Raises ValueError for an unknown level."""
    return -1 if level is None else [entry["slug"] for entry in document["levels"]].index(level)


def overall(document: Dict[str, Any], determined: Dict[str, Optional[str]]) -> Optional[str]:
    """Return the highest determined level, or None while any category is undetermined (never a mean)."""
    if not determined or any(level is None for level in determined.values()):
        return None
    return max(determined.values(), key=lambda level: level_rank(document, level))


def gate_decisions(
    document: Dict[str, Any], overall_pre: Optional[str], overall_post: Optional[str]
) -> List[Dict[str, Any]]:
    """Return what each gate decides; an undetermined overall level denies."""
    names = level_names(document)
    decisions = []
    for gate in document["gates"]:
        level = overall_post if gate["side"] == "post_mitigation" else overall_pre
        side = gate["side"].replace("_", "-")
        allowed = level is not None and level_rank(document, level) <= level_rank(document, gate["at_most"])
        if level is None:
            reason = "No overall %s level: a category is not determined." % side
        else:
            reason = "The overall %s level is %s; the rule: %s." % (side, names[level], gate["rule"])
        decisions.append(
            {
                "action": gate["action"],
                "decision": "allow" if allowed else "deny",
                "sentence": gate["allowed"] if allowed else gate["denied"],
                "rule": gate["rule"],
                "reasons": [reason],
            }
        )
    return decisions


def obligations(document: Dict[str, Any], determined_pre: Dict[str, Optional[str]]) -> List[Dict[str, Any]]:
    """Return which obligations the determined levels trigger; an undetermined category triggers, to be safe."""
    rows = []
    for duty in document["obligations"]:
        triggering = sorted(
            category
            for category, level in determined_pre.items()
            if level is None or level_rank(document, level) >= level_rank(document, duty["at_least"])
        )
        rows.append(
            {
                "slug": duty["slug"],
                "required": bool(triggering),
                "because": triggering,
                "sentence": duty["required"] if triggering else duty["not_required"],
            }
        )
    return rows
