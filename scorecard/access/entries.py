"""The door to the ledger's entries: an entry is seen by whoever may see what it is about."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from django.db.models import QuerySet

from scorecard.access.cards import visible_scorecards
from scorecard.access.evidence import visible_documents, visible_logs, visible_runs, visible_sources
from scorecard.access.readers import Reader
from scorecard.access.rights import visible_applicability, visible_proposals
from scorecard.models import ApiToken, Programme

PUBLIC = frozenset({"framework"})
"""Subjects that every reader of the installation may see."""


class Entry(Protocol):
    """What of a ledger entry decides who may see it."""

    seq: int
    subject_type: str
    subject_id: str
    envelope: str


DOORS: dict[str, Callable[[Reader], QuerySet[Any]]] = {
    "run": visible_runs,
    "log": visible_logs,
    "evidence": visible_documents,
    "source": visible_sources,
    "scorecard": visible_scorecards,
    "applicability": visible_applicability,
    "token": lambda reader: ApiToken.objects.filter(programme__in=reader.programmes),
    "proposal": visible_proposals,
    "programme": lambda reader: Programme.objects.filter(id__in=[row.id for row in reader.programmes]),
}


def _known(reader: Reader, wanted: dict[str, set[str]]) -> dict[str, dict[str, str]]:
    """Return, by type and id, what the reader may see of the wanted ids; of a scorecard its programme."""
    return {
        kind: dict(
            DOORS[kind](reader)
            .order_by()
            .filter(pk__in=ids)
            .values_list("pk", "programme" if kind == "scorecard" else "pk")
        )
        for kind, ids in wanted.items()
    }


def _references(entry: Entry, data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what an entry is about and what it names besides, as far as there is a door to it."""
    named = [(entry.subject_type, entry.subject_id), ("run", data.get("run")), ("log", data.get("log"))]
    return [(kind, value) for kind, value in named if kind in DOORS and isinstance(value, str)]


def _allowed(reader: Reader, entry: Entry, data: dict[str, Any], cards: dict[str, str]) -> bool:
    """Whether the programme and the risk category that an entry's words name are the reader's to see."""
    slugs = {sight.programme.slug for sight in reader.sights}
    if entry.subject_type not in DOORS and entry.subject_type not in PUBLIC and data.get("programme") not in slugs:
        return False
    # A document's own door has looked at its category already; a card's door knows the card as a whole only.
    sight = reader.sight(cards.get(entry.subject_id, ""))
    return sight is None or data.get("category") not in sight.withheld


def visible_entries(reader: Reader, entries: Iterable[Entry]) -> set[int]:
    """Return the sequence numbers of the entries that the reader may see, of the given ones."""
    told = [(entry, json.loads(entry.envelope)["data"]) for entry in entries]
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry, data in told:
        for kind, value in _references(entry, data):
            wanted[kind].add(value)
    known = _known(reader, wanted)
    cards = known.get("scorecard", {})
    return {
        entry.seq
        for entry, data in told
        if all(value in known[kind] for kind, value in _references(entry, data))
        and _allowed(reader, entry, data, cards)
    }
