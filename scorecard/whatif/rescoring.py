"""One card's evidence read under another framework version, beside its own; nothing is touched."""

from __future__ import annotations

from collections.abc import Sequence

from scorecard.framework.derivation import level_names
from scorecard.framework.levels import indicate
from scorecard.snapshot import SIDES
from scorecard.whatif.standing import Record


def _read(document: Record, category: str, side: str, evidence: Sequence[Record]) -> Record | None:
    """Return the levels of one category and side with their names, or None where the framework has no such category."""
    if category not in {row["slug"] for row in document["categories"]}:
        return None
    result, names = indicate(document, category, side, list(evidence)), level_names(document)
    levels = {name: result[f"{name}_level"] for name in ("indicated", "reached")}
    return {
        **levels,
        "indicated_name": names.get(levels["indicated"] or ""),
        "reached_name": names.get(levels["reached"] or ""),
        "derivation": result["derivation"],
    }


def counted_otherwise(own: Record, other: Record) -> str:
    """Say which statuses the other framework counts otherwise, as the card's counts are not made anew; else empty."""
    statuses = sorted(
        {
            status
            for name in ("missing_statuses", "excluded_statuses")
            for status in set(own["policy"].get(name) or ()) ^ set(other["policy"].get(name) or ())
        }
    )
    if not statuses:
        return ""
    return (
        f"The two versions do not count the same statuses as missing or left out ({', '.join(statuses)}); the runs are "
        "read here as they were measured for the card."
    )


def side_by_side(own: Record, other: Record, evidence: Sequence[Record], categories: Sequence[str]) -> list[Record]:
    """Return, for each of the categories and both sides, what either document reads in the same evidence.

    `own` and `other` of a row are None where that framework has no such category; `differs` compares the names of the
    levels, because another framework may order others under the same slugs.
    """
    rows = []
    for category in categories:
        for side in SIDES:
            ours, theirs = (_read(document, category, side, evidence) for document in (own, other))
            names = [(row["indicated_name"], row["reached_name"]) if row else None for row in (ours, theirs)]
            rows.append(
                {"category": category, "side": side, "own": ours, "other": theirs, "differs": names[0] != names[1]}
            )
    return rows
