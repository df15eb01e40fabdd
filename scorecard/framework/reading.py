"""Which of a side's findings to show first: the deciding indicator, what is missing, and the rows of an interval plot.

The pages and the printed scorecard read the same functions, because "what decided?" must have one answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scorecard.framework.derivation import indicator_title, level_names
from scorecard.framework.ladders import COUNTED_KINDS
from scorecard.framework.printed import WHOLE

Record = dict[str, Any]
SIDES = ("post_mitigation", "pre_mitigation")
WEIGHT = {"reached": 0, "cannot_rule_out": 1, "not_assessed": 2, "ruled_out": 3}
NO_INTERVAL = "no n: cannot be plotted"
NOT_RUN = "not run: nothing to plot"


def level_row(side: Record, level: str | None) -> Record | None:
    """Return the side's row of one level."""
    return next((row for row in side["levels"] if row["level"] == level), None)


def risk_threshold(row: Record) -> float:
    """Return an indicator's threshold in risk direction: 1 - T where a low value speaks for the level."""
    threshold = float(row["threshold"])
    return 1.0 - threshold if row["direction"] == "at_or_below" else threshold


def _room(row: Record) -> float:
    upper = (row.get("estimate") or {}).get("upper")
    return risk_threshold(row) - upper if isinstance(upper, (int, float)) else -1.0


def deciding_indicator(side: Record) -> Record | None:
    """Return the indicator on which the indicated level rests: of that level, else the nearest to its threshold."""
    row = level_row(side, side["indicated_level"])
    if row and row["indicators"]:
        found: Record = min(row["indicators"], key=lambda one: (WEIGHT[one["finding"]], _room(one)))
        return found
    others = [one for level in side["levels"] for one in level["indicators"] if one["finding"] != "not_assessed"]
    return min(others, key=_room) if others and side["indicated_level"] else None


def measurement_key(row: Record) -> tuple[str, str | None, str]:
    """Return what one measurement is of, whichever level's threshold it is held against."""
    return row["evaluation"], row["stratum"], row["metric"]


def _keys(side: Record, *, assessed_only: bool) -> set[tuple[str, str | None, str]]:
    return {
        measurement_key(row)
        for level in side["levels"]
        for row in level["indicators"]
        if not (assessed_only and row["finding"] == "not_assessed")
    }


def evidence_count(side: Record) -> tuple[int, int]:
    """Return how many of the category's indicator measurements have evidence, and how many there are."""
    return len(_keys(side, assessed_only=True)), len(_keys(side, assessed_only=False))


def evidence_alone(side: Record, names: dict[str, str]) -> str:
    """Say in words what the evidence says without people."""
    level = side["indicated_level"]
    row = level_row(side, level)
    if level is None or row is None:
        return "Not assessed: no evidence"
    name = names[level]
    if row["finding"] == "cannot_rule_out":
        return f"Indicated: {name} not ruled out"
    if row["finding"] == "not_assessed":
        return f"Indicated: {name} not ruled out, its indicators were not run"
    if level == next(iter(names)):
        return f"Indicated: {name}, all operationalised levels ruled out"
    return f"Indicated: {name} reached"


def unmeasured(category: Record, framework: Record) -> list[str]:
    """Return the titles of a category's indicators that were not run after mitigation."""
    rows = [row for level in category["post_mitigation"]["levels"] for row in level["indicators"]]
    return sorted({indicator_title(framework, row) for row in rows if row["finding"] == "not_assessed"})


def read_steps(side: Record) -> list[Record]:
    """Return a side's derivation with the reasons under the level that they speak for: `{words, reasons}`."""
    sentences = list(side["derivation"])
    steps: list[Record] = []
    if side["indicated_level"] is None:
        return [{"words": words, "reasons": []} for words in sentences]
    for row in reversed(side["levels"][1:]):
        steps.append({"words": sentences.pop(0) if sentences else "", "reasons": []})
        spoken = [one for one in row["indicators"] if {one["finding"], row["finding"]} != {"not_assessed"}]
        steps[-1]["reasons"], sentences = sentences[: len(spoken)], sentences[len(spoken) :]
    return steps + [{"words": words, "reasons": []} for words in sentences]


def since_words(document: Record, category: str, names: dict[str, str]) -> str:
    """Say what became of a category since the replaced version: its levels, else its evidence, else nothing."""
    since = document.get("since")
    rows = [row for row in since["rows"] if row["category"] == category] if since else []
    moved = {
        f"{names.get(row['before'], 'none')} to {names.get(row['after'], 'not determined')}"
        + (" before mitigation" if row["mitigation"] == "pre_mitigation" else "")
        for row in rows
        if row["before"] != row["after"]
    }
    if moved:
        return "; ".join(sorted(moved, key=len))
    return "New evidence" if any(row["runs"] for row in rows) else "Unchanged"


def joined(words: list[str]) -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


DETERMINERS = frozenset({"a", "all", "an", "any", "each", "every", "no", "one", "the"})
"""Words with which a rule begins that takes no article before it."""


def only_if(rule: str) -> str:
    """Return a gate's rule as it follows on "only if", with an article where it begins with none."""
    return rule if rule.partition(" ")[0] in DETERMINERS else f"the {rule}"


def decided_by(snapshot: Record, framework: Record) -> str:
    """Name the categories whose post-mitigation level is the overall level, where the framework has one."""
    if framework["overall"] == "none":
        return "The framework has no overall level: each category is decided by itself."
    overall = snapshot["overall"]["post_mitigation"]
    levels = {
        row["name"]: row["post_mitigation"]["determined_level"]
        for row in snapshot["categories"]
        if row.get("kind", "tracked") in COUNTED_KINDS
    }
    if overall is None:
        undetermined = [name for name, level in levels.items() if level is None]
        return f"No overall level: {joined(undetermined)} not determined." if undetermined else ""
    return f"Decided by the highest category: {joined([name for name, level in levels.items() if level == overall])}."


def _bare_figures(row: Record, items: dict[str, Record]) -> list[float]:
    """Return the published shares of an indicator's runs that have no interval, in risk direction."""
    found = [items[run["run"]] for run in row["runs"] if run["estimate"] is None and run["run"] in items]
    shares = [item["value"] / WHOLE[item["unit"]] for item in found if item["value"] is not None]
    return [1.0 - share if row["direction"] == "at_or_below" else share for share in shares]


def plot_rows(category: Record, framework: Record, evidence: Sequence[Record] = ()) -> list[Record]:
    """Return one plot row per measurement of a category: `{title, key, bands, sides, bare, note}`.

    `bands` are the thresholds in risk direction, lowest level first; `sides` holds the estimate of each side that has
    one, `bare` the highest published figure of each side that has none; `note` says in words why a row without either
    has nothing to draw.
    """
    items = {item["run"]: item for item in evidence}
    names, order = level_names(framework), [level["slug"] for level in framework["levels"]]
    plotted: dict[tuple[str, str | None, str], Record] = {}
    for side in SIDES:
        for level in category[side]["levels"]:
            for row in level["indicators"]:
                key = measurement_key(row)
                one = plotted.setdefault(
                    key,
                    {"title": indicator_title(framework, row), "key": key, "bands": {}, "sides": {}, "bare": {},
                     "note": NOT_RUN},
                )  # fmt: skip
                one["bands"][level["level"]] = {
                    "level": level["level"],
                    "name": names[level["level"]],
                    "value": risk_threshold(row),
                    "rank": order.index(level["level"]),
                }
                if row["finding"] != "not_assessed":
                    one["note"] = NO_INTERVAL
                if row["estimate"] and row["estimate"]["point"] is not None:
                    one["sides"][side] = row["estimate"]
                elif side not in one["sides"] and (bare := _bare_figures(row, items)):
                    one["bare"][side] = max(bare)
    return [
        {**one, "bands": sorted(one["bands"].values(), key=lambda band: int(band["rank"]))} for one in plotted.values()
    ]
