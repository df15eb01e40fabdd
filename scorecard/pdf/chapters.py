"""The chapter of one category: both sides' levels, how each was reached, the plot, the indicators, people's reasons."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString, mark_safe

from scorecard.framework.derivation import indicator_title, level_names
from scorecard.framework.ladders import COUNTED_KINDS, side_name
from scorecard.framework.printed import count_doubt, figure_words, printed_value
from scorecard.framework.reading import SIDES, evidence_alone, plot_rows, read_steps
from scorecard.pdf.grounds import KINDS, credit
from scorecard.pdf.tables import category_table
from scorecard.pdf.words import FINDING_NAMES, ROLE_NAMES, count_words, interval, named, value_words, when
from scorecard.plots import forest_plot, percent

Record = dict[str, Any]


def chip(framework: Record, level: str | None, *, empty: str = "Not assessed") -> Record:
    """Return a level's name, shade (1 to 4), and the name of its glyph; shade 0 when there is no level."""
    order = [row["slug"] for row in framework["levels"]]
    if level not in order:
        return {"name": empty, "shade": "0", "glyph": ""}
    place = order.index(level)
    shade = 1 + round(place * 3 / max(1, len(order) - 1))
    colour = "light" if shade > 2 else "dark"
    return {"name": framework["levels"][place]["name"], "shade": str(shade), "glyph": f"bars-{place}-{colour}.svg"}


def unrated(category: Record) -> str:
    """Return what stands for a level that nobody determined: research categories are not rated."""
    return "Not determined" if category.get("kind", "tracked") in COUNTED_KINDS else "Not rated"


def drawn(rows: list[Record], title: str) -> SafeString:
    """Return a plot as markup; the drawing escapes every text that it is given."""
    return mark_safe(forest_plot(rows, title=title)) if rows else mark_safe("")  # noqa: S308


def _value(row: Record, items: dict[str, Record]) -> str:
    item = items.get(row["run"] or "")
    if item and printed_value(item):
        return figure_words(item)
    if row["estimate"] and row["estimate"]["point"] is not None:
        return percent(row["estimate"]["point"])
    return value_words(item) if item else "not run"


def _indicator(framework: Record, row: Record, level: str, items: dict[str, Record]) -> Record:
    safer = row["direction"] == "at_or_below"
    threshold = 1.0 - row["threshold"] if safer else row["threshold"]
    return {
        "level": level,
        "title": indicator_title(framework, row) + (" (failures, 1 - x)" if safer else ""),
        "metric": named(row["metric"], {}),
        "threshold": f"{percent(threshold)} or more",
        "value": _value(row, items),
        "interval": interval(row["estimate"]),
        "n": count_words(row["estimate"]) if row["estimate"] else "not published" if row["run"] else "none",
        "finding": FINDING_NAMES[row["finding"]],
        "finding_slug": row["finding"],
        "doubt": count_doubt(items[row["run"]]) if row["run"] in items else "",
        "reason": row["reason"],
        "approaching": bool(row["approaching"]),
        "run": row["run"] or "",
        "others": str(max(0, len(row["runs"]) - 1)) if len(row["runs"]) > 1 else "",
    }


def side_of(framework: Record, category: Record, side: str, items: dict[str, Record]) -> Record:
    """Return one side of a category: its chip, what the evidence alone says, the trace, and who determined why."""
    found, names = category[side], level_names(framework)
    by = (found["determination"] or {}).get("by")
    return {
        "name": side_name(framework, side),
        "kind": KINDS.get((found["determination"] or {}).get("kind", ""), ""),
        "areas": [
            f"{area['name']}: {chip(framework, area['indicated_level'])['name']}" for area in found.get("sub_areas", [])
        ],
        "chip": chip(framework, found["determined_level"], empty=unrated(category)),
        "alone": evidence_alone(found, names),
        "statement": found["statement"] or "",
        "rationale": found["rationale"] or "",
        "by": f"{by['name']}, {named(by['role'], ROLE_NAMES)}, {when(found['determination']['at'])}" if by else "",
        "steps": read_steps(found),
        "indicators": [
            _indicator(framework, row, names[level["level"]], items)
            for level in found["levels"]
            for row in level["indicators"]
        ],
    }


def chapter(framework: Record, snapshot: Record, category: Record, items: dict[str, Record]) -> Record:
    """Return everything that the chapter of one category prints."""
    entry: Record = next((row for row in framework["categories"] if row["slug"] == category["category"]), {})
    names = level_names(framework)
    shown = {row["run"] for side in SIDES for level in category[side]["levels"] for row in level["indicators"]}
    return {
        "name": category["name"],
        "slug": category["category"],
        "summary": entry.get("summary", ""),
        "definitions": [
            {"name": names.get(row["level"], row["level"]), "words": row["definition"]}
            for row in entry.get("levels", [])
        ],
        "sides": [side_of(framework, category, side, items) for side in ("pre_mitigation", "post_mitigation")],
        "credit": credit(category),
        "plot": drawn(
            plot_rows(category, framework, snapshot["evidence"]),
            f"{category['name']}: 95 % intervals against the thresholds",
        ),
        "further": category_table(snapshot["evidence"], framework, category["category"], shown=shown),
    }
