"""What changed since the version that this document replaces: levels, reasons, and the runs that came or went."""

from __future__ import annotations

from typing import Any

from scorecard.framework.derivation import level_names
from scorecard.pdf.bounding import first_rows
from scorecard.pdf.words import SIDE_NAMES, named

Record = dict[str, Any]
NAMED_RUNS = 6


def _run_words(runs: list[str], items: dict[str, Record]) -> list[str]:
    kept = [
        f"{run} ({items[run]['evaluation']}, {items[run]['native_id']})" for run in runs[:NAMED_RUNS] if run in items
    ]
    return kept + ([f"and {len(runs) - NAMED_RUNS} more"] if len(runs) > NAMED_RUNS else [])


def since_rows(snapshot: Record, framework: Record, items: dict[str, Record]) -> Record | None:
    """Return the changes since the replaced version, moved levels first; None for a first version.

    `{summary, rows: [{where, change, reason, runs}]}`; a side without a change is not listed.
    """
    since = snapshot["since"]
    if since is None:
        return None
    names = level_names(framework)
    reasons = {row["category"]: row for row in snapshot["categories"]}
    rows = []
    for row in sorted(since["rows"], key=lambda row: row["before"] == row["after"]):
        moved = row["before"] != row["after"]
        if not moved and not row["runs"]:
            continue
        before, after = (names.get(row[key], "not determined") for key in ("before", "after"))
        rows.append(
            {
                "where": f"{row['name']}, {named(row['mitigation'], SIDE_NAMES).lower()}",
                "change": f"{before} to {after}" if moved else f"{after}, unchanged",
                "reason": reasons[row["category"]][row["mitigation"]]["rationale"] or "none given",
                "runs": _run_words(row["runs"], items),
            }
        )
    kept, note = first_rows(rows)
    came, went = len(since["added"]), len(since["removed"])
    return {
        "summary": f"Runs added: {came}; runs no longer current: {went}. Levels and sides not listed are unchanged.",
        "rows": kept,
        "note": note,
    }
