"""What a card rests on beside its evidence, in print: plan, changes, what has ended, forecasts, clauses, safeguards."""

from __future__ import annotations

from typing import Any

from scorecard.framework.derivation import level_names
from scorecard.pdf.words import ROLE_NAMES, SIDE_NAMES, named, when

Record = dict[str, Any]
STATES = {"done": "as planned", "deviates": "deviates", "not_done": "not done"}
CHANGES = {
    "fine_tune": "Fine-tuning",
    "scaffold": "Change of the scaffold",
    "tools": "Access to new tools",
    "safeguard": "Change of the safeguards",
    "breakthrough": "Algorithmic breakthrough",
}
KINDS = {
    "precautionary": "Treated as, to be cautious",
    "held_equal": "Held equal to the level before mitigation",
    "inherited": "Inherited from another system",
}


def _signed(row: Record, moment: str = "at") -> str:
    return f"{row['by']['name']}, {named(row['by']['role'], ROLE_NAMES)}" + (f", {when(row[moment])}" if moment else "")


def _measure(row: Record) -> str:
    parts = [row["evaluation"], row["stratum"], row["metric"], named(row["mitigation"], SIDE_NAMES).lower()]
    return ", ".join(part for part in parts if part)


def _planned(row: Record) -> Record:
    deviations = list(dict.fromkeys(words for run in row["runs"] for words in run["deviations"]))
    attempts = {run: place for place, run in enumerate(row["attempts"], start=1)}
    cited = [str(attempts[run["run"]]) for run in row["runs"] if run["run"] in attempts]
    of = f"attempt {', '.join(cited)} of {len(attempts)}" if cited else f"{len(attempts)} attempts"
    return {
        "measure": _measure(row),
        "samples": str(row.get("planned_samples") or "not stated"),
        "since": when(row["since"]),
        "state": STATES[row["state"]],
        "late": row["state"] != "done",
        "words": "; ".join(deviations) if row["state"] == "deviates" else "",
        "attempts": of,
    }


def plan(snapshot: Record) -> Record:
    """Return the plan as it is printed: planned against done, each with its attempts; empty without one."""
    found = snapshot.get("plan")
    if found is None:
        return {}
    newest = found["versions"][-1]
    return {
        "said": f"Version {newest['version']}, locked {when(newest['locked_at'])} by {_signed(newest, '')}",
        "stopping_rule": newest["stopping_rule"],
        "rows": [_planned(row) for row in found["rows"]],
        "unplanned": str(len(found["unplanned"])) if found["unplanned"] else "",
    }


def ended(snapshot: Record) -> list[Record]:
    """Return the runs that have ended as evidence, with the reason."""
    return [
        {"measure": _measure(item), "run": item["run"], "words": "; ".join(row["words"] for row in item["expired"])}
        for item in snapshot["evidence"]
        if item.get("expired")
    ]


def grounds(snapshot: Record, framework: Record) -> Record:
    """Return the texts of the part on what the card rests on beside its evidence."""
    names, categories = level_names(framework), {row["category"]: row["name"] for row in snapshot["categories"]}
    return {
        "plan": plan(snapshot),
        "ended": ended(snapshot),
        "changes": [
            {
                "what": f"{CHANGES[row['kind']]}, {when(row['happened_at'])}",
                "words": row["words"],
                "by": _signed(row, ""),
            }
            for row in snapshot.get("system_changes", [])
        ],
        "forecasts": [
            {
                "what": f"{categories.get(row['category'], row['category'])}: {names[row['level']]} by {row['by_day']}"
                f", {names[row['post_level']]} left after mitigation",
                "words": row["basis"],
                "by": _signed(row),
            }
            for row in snapshot.get("forecasts", [])
        ],
        "clauses": [
            {"what": row["name"], "by": _signed(row), "attestations": row["attestations"]}
            for row in snapshot.get("exceptions", [])
        ],
        "safeguards": [
            {
                "what": f"{row['name']} v{row['version']}" + ("" if row["in_force"] else " (no longer in force)"),
                "words": row["summary"],
                "by": f"Against: {row['threat_actor']}",
            }
            for row in snapshot.get("safeguards", [])
        ],
    }


def credit(category: Record) -> Record:
    """Return why a level is lower after mitigation, as it is printed; empty where it is not lower."""
    found = category.get("credit")
    if found is None:
        return {}
    argument = (category["post_mitigation"]["determination"] or {}).get("argument", "")
    pairs = [f"{pair['evaluation']} ({pair['metric']}): {pair['words']}" for pair in found["pairs"]]
    return {"words": found["words"], "pairs": pairs, "argument": argument}
