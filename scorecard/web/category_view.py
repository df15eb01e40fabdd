"""A category arranged for reading: indicators, what would raise them, and the rows of its interval plots."""

from __future__ import annotations

from typing import Any

from scorecard.framework.derivation import indicator_title, level_names
from scorecard.framework.printed import count_doubt
from scorecard.framework.raising import solves_to_reach

Record = dict[str, Any]
SIDES = ("post_mitigation", "pre_mitigation")
SHARES = {"proportion": 1.0, "percent": 100.0}
ASSUMED = 100


def category_entry(framework: Record, slug: str) -> Record:
    """Return the framework's own entry of a category: name, summary and the definitions of its levels."""
    return next(entry for entry in framework["categories"] if entry["slug"] == slug)


def _rows(category: Record, framework: Record) -> list[Record]:
    names = level_names(framework)
    return [
        {**row, "side": side, "title": indicator_title(framework, row), "level": level["level"],
         "level_name": names[level["level"]]}
        for side in SIDES
        for level in category[side]["levels"]
        for row in level["indicators"]
    ]  # fmt: skip


def indicator_rows(category: Record, framework: Record, evidence: list[Record]) -> list[Record]:
    """Return every threshold of both sides with its evidence item, post-mitigation first."""
    items = {item["run"]: item for item in evidence}
    return [
        {
            **row,
            "item": items.get(row["run"]),
            "considered": [{**run, "item": items.get(run["run"])} for run in row["runs"]],
            "doubt": count_doubt(items[row["run"]]) if row["run"] in items else "",
        }
        for row in _rows(category, framework)
    ]


def _solved_of(estimate: Record | None, item: Record | None) -> tuple[int, int, str] | None:
    """Return solves, attempts and a remark; a share without n is counted on one hundred attempts, and says so."""
    if estimate and estimate["point"] is not None and estimate["n"]:
        count = round(estimate["n"])
        return round(estimate["point"] * count), count, ""
    if item and item["value"] is not None and item["unit"] in SHARES:
        share = item["value"] / SHARES[item["unit"]]
        said = f"n is published only as {item['reported_n']!r}" if item.get("reported_n") else "n is not published"
        return round(share * ASSUMED), ASSUMED, f"; {said}, so this counts {ASSUMED} attempts"
    return None


def _nearest(row: Record) -> tuple[int | None, int, int, str] | None:
    """Return (needed, solved, attempts, remark) of the run that is nearest to the threshold; None where none counts."""
    known = [
        (solves_to_reach(row["threshold"], row["interval"], found[1]), *found)
        for run in row["considered"]
        if (found := _solved_of(run["estimate"], run["item"])) is not None
    ]
    return min(known, key=lambda one: (one[0] is None, (one[0] or 0) - one[1], one[3] != ""), default=None)


def what_would_raise(rows: list[Record]) -> list[str]:
    """Say, for every indicator not yet reached, how many more solves would reach its level, other things equal.

    Of several runs the nearest is counted from, because it is the one that would reach the level first.
    """
    sentences = []
    for row in rows:
        nearest = _nearest(row)
        if nearest is None or row["finding"] == "reached" or row["direction"] != "at_or_above":
            continue
        needed, solved, count, remark = nearest
        where, level = f"{row['title']}, {row['side'].replace('_', '-')}", row["level_name"]
        if needed is None:
            sentences.append(f"{where}: {count} attempts are too few to reach {level}.")
        elif needed > solved:
            now = f"; now {level} is only not ruled out" if row["finding"] == "cannot_rule_out" else ""
            sentences.append(
                f"{where}: +{needed - solved} solves of {count} would raise this to {level}, reached "
                f"({needed} instead of {solved}{now}{remark})."
            )
    return sentences
