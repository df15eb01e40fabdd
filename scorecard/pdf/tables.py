"""Evidence arranged as printed tables: by category, by section of the framework, and as the index of every run."""

from __future__ import annotations

from typing import Any

from scorecard.framework.printed import count_doubt, metric_words, printed_value, row_words, unit_words
from scorecard.pdf.bounding import first_rows
from scorecard.pdf.words import SHORT_SIDES, bare, named, tally_interval, value_words

Record = dict[str, Any]
INDEX_LIMIT = 400


def _catalogue(framework: Record) -> dict[str, Record]:
    return {entry["slug"]: entry for entry in framework["evaluations"]}


def _row(item: Record, entry: Record | None, framework: Record) -> Record:
    words, count = tally_interval(item, framework["policy"]["interval"])
    title = entry["title"] if entry else item["evaluation"]
    label = row_words(item, title)
    unit = unit_words(item) if printed_value(item) else ""
    parts = [label if label != title else "", item["scaffold"], metric_words(item), unit]
    return {
        "evaluation": title,
        "run": item["run"],
        "doubt": count_doubt(item),
        "what": " · ".join(part for part in parts if part),
        "value": value_words(item),
        "interval": words,
        "n": count,
        "side": named(item["mitigation"], SHORT_SIDES),
        "checkpoint": item["checkpoint"] if item["applies"] in ("direct", "comparison") else f"{item['checkpoint']} *",
    }


def _order(item: Record) -> tuple[str, ...]:
    return item["evaluation"], item["metric"], item["stratum"] or "", item["scaffold"] or "", item["run"]


def _table(items: list[Record], framework: Record, *, attached: str = "evidence.csv") -> Record:
    entries = _catalogue(framework)
    ordered = sorted(items, key=_order)
    kept, note = first_rows(ordered, attached=attached)
    rows: list[Record] = []
    for item in kept:
        row = _row(item, entries.get(item["evaluation"]), framework)
        row["repeated"] = bool(rows) and rows[-1]["evaluation"] == row["evaluation"]
        rows.append(row)
    return {"rows": rows, "note": note, "count": str(len(items))}


def category_table(evidence: list[Record], framework: Record, category: str, *, shown: set[str]) -> Record:
    """Return the category's further evidence: what its indicators did not already show (`shown`: run ids)."""
    entries = _catalogue(framework)
    items = [
        item
        for item in evidence
        if item["run"] not in shown and (entries.get(item["evaluation"]) or {}).get("category") == category
    ]
    return _table(items, framework)


def section_table(evidence: list[Record], framework: Record, section: str) -> Record:
    """Return the evidence of one section of the framework's catalogue: `safety` or `red_teaming`."""
    entries = _catalogue(framework)
    return _table(
        [item for item in evidence if (entries.get(item["evaluation"]) or {}).get("section") == section], framework
    )


def other_table(evidence: list[Record], framework: Record) -> Record:
    """Return the evidence that no other table shows, because the framework's catalogue does not place it."""
    entries = _catalogue(framework)
    placed = {slug for slug, entry in entries.items() if entry["section"] != "preparedness" or entry["category"]}
    return _table([item for item in evidence if item["evaluation"] not in placed], framework)


def comparison_table(comparisons: list[Record], framework: Record) -> Record:
    """Return the figures of other models that the source prints beside the card's own."""
    return _table(comparisons, framework, attached="comparisons.csv")


def informing_table(documents: list[Record]) -> Record:
    """Return the documents that inform the card, in the order of their categories and sections: `{rows, note}`.

    Each row has the figures that the record names, every one with its denominator, and the digest of its bytes.
    """
    ordered = sorted(documents, key=lambda row: (row["category"] or "", row["section"] or "", row["id"]))
    kept, note = first_rows(ordered, attached="bundle.zip")
    rows = [
        {
            "title": row["title"],
            "kind": row["kind_title"],
            "about": ", ".join(row["checkpoints"]) or "no checkpoint",
            "side": named(row["mitigation"], SHORT_SIDES) if row["checkpoints"] else "",
            "place": named(row["category"] or row["section"], {}),
            "figures": row["figures"],
            "summary": row["summary"],
            "source": row["source"],
            "digest": bare(row["raw_digest"]),
            "id": row["id"],
        }
        for row in kept
    ]
    return {"rows": rows, "note": note, "count": str(len(documents))}


def index(evidence: list[Record]) -> Record:
    """Return every run with its digest, one line each: `run, digest, evaluation, source`."""
    kept, note = first_rows(evidence, INDEX_LIMIT)
    rows = [
        {
            "run": item["run"],
            "digest": bare(item["digest"])[:16],
            "evaluation": item["evaluation"],
            "native_id": item["native_id"],
            "quality": named(item["quality"], {}),
        }
        for item in kept
    ]
    sources: dict[str, int] = {}
    for item in evidence:
        sources[str(item["source"] or "not stated")] = sources.get(str(item["source"] or "not stated"), 0) + 1
    counted = [{"source": name, "runs": str(count)} for name, count in list(sources.items())[:20]]
    return {"rows": rows, "note": note, "sources": counted}
