"""The evidence documents on a scorecard's page, by category and section. They inform it and never set a level."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from evaluations.evidence import KINDS
from evaluations.evidence_queries import documents_on, filed_since, refusal_pairs
from evaluations.models import EvidenceDocument, Section
from scorecard.access import Reader, visible_documents, visible_runs
from scorecard.models import Scorecard
from scorecard.queries import sources_of

MOST_ROWS = 20


def _place(row: EvidenceDocument, categories: dict[str, str]) -> tuple[str, str]:
    """Return the filter under which a document stands: its category if the framework has it, else its section."""
    return ("category", row.category) if row.category in categories else ("section", row.section)


def other_evidence(card: Scorecard, reader: Reader) -> dict[str, Any]:
    """Return the card's documents that the reader may see in groups, its refusal pairs, and how many came since then.

    What is frozen is what people sign: from the request for review on. A document filed since then stales nothing,
    because no level can rest on it, so the page says that it arrived.
    """
    checkpoints = list(sources_of(card))
    categories = {row["slug"]: row["name"] for row in card.framework.document["categories"]}
    titles = {("category", slug): name for slug, name in categories.items()}
    titles |= {("section", one.value): one.label for one in Section}
    frozen = card.requested_at if card.snapshot else None
    grouped: dict[tuple[str, str], list[EvidenceDocument]] = {place: [] for place in titles}
    seen = visible_documents(reader)
    for row in documents_on(checkpoints, seen):
        grouped[_place(row, categories)].append(row)
    groups = [
        {
            "title": titles[place],
            "rows": [
                {"row": row, "kind": KINDS[row.kind].title, "new": frozen is not None and row.received_at > frozen}
                for row in rows[-MOST_ROWS:]
            ],
            "more": max(0, len(rows) - MOST_ROWS),
            "link": f"{reverse('web:evidence_list')}?{urlencode(dict([place]))}",
        }
        for place, rows in grouped.items()
        if rows
    ]
    return {
        "groups": groups,
        "pairs": refusal_pairs(checkpoints, visible_runs(reader)),
        "since": filed_since(checkpoints, frozen, seen) if frozen is not None else 0,
    }
