"""The dry run of a framework: how the scorecards of a programme would read under it. Nothing is touched.

The evidence of a sealed or reviewed card is the evidence that its snapshot names; that of a draft is today's.
"""

from __future__ import annotations

from typing import Any

from scorecard.access import Reader, told_categories, visible_scorecards
from scorecard.framework.differences import differences
from scorecard.framework.gates import gate_decisions
from scorecard.framework.levels import indicate
from scorecard.ledger.canonical import digest
from scorecard.models import FrameworkVersion, Programme, Scorecard, State
from scorecard.queries.cards import snapshot_of
from scorecard.snapshot import SIDES

Record = dict[str, Any]
READ = (State.DRAFT, State.IN_REVIEW, State.SEALED)
LEVELS = ("indicated_level", "reached_level")


def levels_under(document: Record, evidence: list[Record]) -> dict[str, dict[str, Record]]:
    """Return category -> side -> what the evidence says under a framework document. Pure: same inputs, same result."""
    return {
        category["slug"]: {side: indicate(document, category["slug"], side, evidence) for side in SIDES}
        for category in document["categories"]
    }


def _read(side: Record | None, names: dict[str, str]) -> Record | None:
    """Return the names of the indicated and the reached level; None where the framework has no such category."""
    return None if side is None else {level: names.get(side[level] or "") for level in LEVELS}


def _names(document: Record) -> dict[str, str]:
    return {level["slug"]: level["name"] for level in document["levels"]}


def _rows(reader: Reader, card: Scorecard, candidate: Record, snapshot: Record) -> list[Record]:
    own = card.framework.document
    before = {row["category"]: row for row in snapshot["categories"]}
    after = levels_under(candidate, snapshot["evidence"])
    titles = {row["slug"]: row["name"] for document in (own, candidate) for row in document["categories"]}
    closed = {
        category
        for document in (own, candidate)
        for category in {row["slug"] for row in document["categories"]} - told_categories(reader, card, document)
    }
    rows = []
    for category in dict.fromkeys([*before, *after]):
        for side in SIDES:
            old = _read(before.get(category, {}).get(side), _names(own))
            new = _read(after.get(category, {}).get(side), _names(candidate))
            told = {"withheld": True} if category in closed else {
                "withheld": False, "before": old, "after": new, "changed": old != new,
            }  # fmt: skip
            rows.append({"category": category, "name": titles[category], "mitigation": side, **told})
    return rows


def _determined_under(candidate: Record, snapshot: Record, side: str) -> dict[str, str | None]:
    """Return category -> determined level; None where the candidate has a category or level that people did not."""
    held = {row["category"]: row[side]["determined_level"] for row in snapshot["categories"]}
    known = _names(candidate)
    return {
        row["slug"]: level if (level := held.get(row["slug"])) in known else None for row in candidate["categories"]
    }


def gates_under(candidate: Record, snapshot: Record) -> list[Record]:
    """Return what the gates decide over the determined levels before and after: `{action, before, after, reasons}`."""
    determined = {side: _determined_under(candidate, snapshot, side) for side in SIDES}
    before = {row["action"]: row["decision"] for row in snapshot["gates"]}
    after = {row["action"]: row for row in gate_decisions(candidate, determined)}
    gone: Record = {"decision": None, "reasons": ["This framework has no such gate."]}
    return [
        {
            "action": action,
            "before": before.get(action),
            "after": (now := after.get(action, gone))["decision"],
            "changed": before.get(action) != now["decision"],
            "reasons": now["reasons"],
        }
        for action in dict.fromkeys([*before, *after])
    ]


def _card(reader: Reader, card: Scorecard, candidate: Record) -> Record:
    snapshot = snapshot_of(card)
    rows, gates = _rows(reader, card, candidate, snapshot), gates_under(candidate, snapshot)
    return {
        "number": card.number, "version": card.version, "title": card.title, "state": card.state,
        "framework": card.framework.digest, "levels": rows, "gates": gates,
        "changed": any(row.get("changed") for row in [*rows, *gates]),
        "withheld": any(row["withheld"] for row in rows),
    }  # fmt: skip


def dry_run(reader: Reader, programme: Programme, candidate: Record) -> Record:
    """Return how every open and sealed scorecard of a programme would read under a candidate's canonical document.

    `{candidate, frameworks, cards, changed, withheld}`: each framework version in use with what would differ from it,
    and each card with its levels and gates before and after. What is withheld from the reader is not told.
    """
    found = visible_scorecards(reader).filter(programme=programme, state__in=READ).order_by("number", "version")
    cards = [_card(reader, card, candidate) for card in found]
    used = FrameworkVersion.objects.filter(digest__in={card["framework"] for card in cards})
    named = {key: candidate[key] for key in ("slug", "version", "title")}
    return {
        "candidate": {**named, "digest": digest(candidate)},
        "frameworks": [
            {
                "slug": row.slug, "version": row.version, "title": row.title, "digest": row.digest,
                "differences": differences(row.document, candidate),
            } for row in used.order_by("published_at")
        ],
        "cards": cards,
        "changed": sum(card["changed"] for card in cards),
        "withheld": sum(card["withheld"] for card in cards),
    }  # fmt: skip
