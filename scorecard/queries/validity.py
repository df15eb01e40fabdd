"""When the evidence of scorecards ends, what has ended, and the cheapest evaluations that renew it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from scorecard.framework.decay import first_end, last_day
from scorecard.models import Scorecard
from scorecard.queries.cards import snapshot_of
from scorecard.refusals import Refused
from scorecard.snapshot import SIDES
from scorecard.whatif.renewing import cheapest_renewal

Record = dict[str, Any]


def end_of_evidence(document: Record, snapshot: Record) -> date | None:
    """Return the first last day among the standing evidence that decides a card; None if none of it has one."""
    end = first_end(document, snapshot["evidence"], snapshot["applicability"])
    return None if end is None else date.fromisoformat(end)


def refuse_if_ended(card: Scorecard, snapshot: Record, *, at: datetime) -> None:
    """Raise Refused 409 where evidence has ended since the card's levels were assessed."""
    end = end_of_evidence(card.framework.document, snapshot)
    if end is not None and end < at.date():
        raise Refused(
            "evidence-ended",
            f"Evidence that {card} rests on ended on {end.isoformat()}, after its levels were assessed.",
            remedy="Assess it again; the product does so by itself within minutes of the end of a day.",
        )


def _due_items(document: Record, record: Record, *, within: str) -> list[Record]:
    """Return the deciding items that have ended, or whose last day is not after `within`, soonest first.

    What has ended and gave way to a run that stands decides nothing any more and is left out.
    """
    deciding = {row["evaluation"] for row in document["indicators"]}
    standing = {
        row["run"]
        for category in record["categories"]
        for side in SIDES
        for level in category[side]["levels"]
        for row in level["indicators"]
    }
    rows = []
    for item in record["evidence"]:
        if item["evaluation"] not in deciding or item["tally"] is None:
            continue
        end, ended = last_day(document, item, record["applicability"]), item.get("expired", [])
        if (ended and item["run"] in standing) or (not ended and end is not None and end <= within):
            words = "; ".join(reason["words"] for reason in ended)
            facts = {
                name: item[name] for name in ("run", "evaluation", "metric", "stratum", "mitigation", "checkpoint")
            }
            rows.append({**facts, "last_day": end, "ended": bool(ended), "words": words})
    return sorted(rows, key=lambda row: (not row["ended"], row["last_day"] or "", row["evaluation"], row["run"]))


def _renewals(document: Record, record: Record, *, within: str, hidden: frozenset[str]) -> list[Record]:
    """Return the cheapest renewals of every category and side, as if all that is due by `within` had ended."""
    due = {row["run"] for row in _due_items(document, record, within=within)}
    if not due:
        return []
    evidence = [
        {**item, "expired": item.get("expired") or [{"kind": "due", "words": "it is due"}]}
        if item["run"] in due
        else item
        for item in record["evidence"]
    ]
    names = {row["slug"]: row["name"] for row in document["categories"]}
    found = [
        cheapest_renewal(document, category, side, evidence)
        for category in names
        if category not in hidden
        for side in SIDES
    ]
    return [
        {**asdict(row), "evaluations": list(row.evaluations), "name": names[row.category]}
        for row in found
        if row is not None
    ]


def due_of(card: Scorecard, *, within: date, hidden: frozenset[str] = frozenset()) -> Record:
    """Return what of a card's evidence has ended or ends by a day, and the cheapest evaluations that renew it.

    `hidden` are the categories that are withheld from the reader: nothing of them is in it.
    """
    document, day = card.framework.document, within.isoformat()
    record = snapshot_of(card)
    withheld = {row["evaluation"] for row in document["indicators"] if row["category"] in hidden}
    kept = {**record, "evidence": [item for item in record["evidence"] if item["evaluation"] not in withheld]}
    return {
        "items": _due_items(document, kept, within=day),
        "renewals": _renewals(document, kept, within=day, hidden=hidden),
        "expires_at": card.expires_at,
    }
