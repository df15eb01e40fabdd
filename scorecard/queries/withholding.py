"""A scorecard as one reader may see it: levels and decisions whole, and nothing of evidence they are not cleared for.

What is withheld is removed before anything is shown, never covered: nobody can uncover what is not there.
"""

from __future__ import annotations

from typing import Any

from scorecard.access import Reader, untold_evaluations, visible_documents, visible_runs, withheld_categories
from scorecard.models import Scorecard
from scorecard.queries.cards import card_document
from scorecard.snapshot import SIDES

Record = dict[str, Any]
WORDS = "The evidence behind these levels is in a compartment that you are not cleared for."
CHANGED = "Evidence in a compartment changed."


def stale_reasons_for(reader: Reader, card: Scorecard) -> list[Record]:
    """Return why the card is stale; a run that the reader may not see is not named."""
    named = {row["run"] for row in card.stale_reasons if row.get("run")}
    seen = set(visible_runs(reader).filter(id__in=named).values_list("id", flat=True))
    return [
        row if row.get("run") in {None, *seen} else {"at": row["at"], "run": None, "words": CHANGED}
        for row in card.stale_reasons
    ]


def _side(side: Record) -> Record:
    """Return a side's levels without what was said of the evidence; that new evidence overtook them is told as such."""
    overtaken = {**side["overtaken"], "statement": CHANGED} if side.get("overtaken") else None
    open_parts = {name: value for name, value in side.items() if name != "sub_areas"}
    if side["determination"] is not None:
        told = {key: value for key, value in side["determination"].items() if key not in ("argument", "safeguards")}
        open_parts["determination"] = told
    return {**open_parts, "levels": [], "derivation": [], "rationale": None, "statement": None, "overtaken": overtaken}


def _category(category: Record) -> Record:
    sides = {side: _side(category[side]) for side in SIDES}
    told = {name: value for name, value in category.items() if name != "credit"}
    return {**told, **sides, "withheld": WORDS}


def _since(since: Record | None, seen: set[str]) -> Record | None:
    if since is None:
        return None
    runs = {name: [run for run in since[name] if run in seen] for name in ("added", "removed")}
    rows = [{**row, "runs": [run for run in row["runs"] if run in seen]} for row in since["rows"]]
    return {**since, **runs, "rows": rows}


def _seen_runs(reader: Reader, document: Record) -> set[str]:
    since = document["since"] or {"added": [], "removed": []}
    named = {*(item["run"] for item in document["evidence"]), *since["added"], *since["removed"]}
    return set(visible_runs(reader).filter(id__in=named).values_list("id", flat=True))


def _informing(reader: Reader, document: Record) -> Record:
    """Return `{informing}` with the documents that the reader may see, `{}` for a card that none inform."""
    rows = document.get("informing", [])
    named = visible_documents(reader).filter(id__in=[row["id"] for row in rows])
    seen = set(named.values_list("id", flat=True))
    return {"informing": [row for row in rows if row["id"] in seen]} if rows else {}


def _expectations(document: Record, withheld: frozenset[str]) -> Record:
    """Return forecasts and safeguards: levels stay, because gates rest on them; grounds speak of what is withheld."""
    rows = document.get("forecasts", [])
    told = [{**row, "basis": WORDS} if row["category"] in withheld else row for row in rows]
    credited = [row for row in document.get("safeguards", []) if not withheld & set(row["categories"])]
    found = {"forecasts": told, "safeguards": credited}
    return {name: kept for name, kept in found.items() if name in document}


def plan_for(plan: Record, untold: frozenset[str]) -> Record:
    """Return a card's plan without the items, runs and attempts of evaluations that are not told."""
    versions = [
        {**row, "items": [item for item in row["items"] if item["evaluation"] not in untold]}
        for row in plan["versions"]
    ]
    rows = [row for row in plan["rows"] if row["evaluation"] not in untold]
    return {**plan, "versions": versions, "rows": rows}


def _plan(reader: Reader, card: Scorecard, document: Record, seen: set[str]) -> Record:
    if "plan" not in document:
        return {}
    told = plan_for(document["plan"], untold_evaluations(reader, card.programme_id, card.framework))
    return {"plan": {**told, "unplanned": [run for run in told["unplanned"] if run in seen]}}


def card_document_for(reader: Reader, card: Scorecard) -> Record:
    """Return the card's document without what is withheld from the reader; a category without its evidence says so."""
    document = {**card_document(card), "stale_reasons": stale_reasons_for(reader, card)}
    withheld = withheld_categories(reader, card)
    if not withheld:
        return document
    seen = _seen_runs(reader, document)
    changes = [{**row, "run": None} if row["category"] in withheld else row for row in document["changes"]]
    return {
        **document,
        "evidence": [item for item in document["evidence"] if item["run"] in seen],
        "categories": [_category(row) if row["category"] in withheld else row for row in document["categories"]],
        "lint": [line for line in document["lint"] if line["where"].partition("/")[0] not in withheld],
        "since": _since(document["since"], seen),
        **_informing(reader, document),
        **_expectations(document, withheld),
        **_plan(reader, card, document, seen),
        "changes": changes,
        # Who posted evidence would tell of evidence that was posted.
        "authors": [row for row in document["authors"] if row["role"] != "posted evidence"],
    }
