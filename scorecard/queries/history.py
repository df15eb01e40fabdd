"""The ledger as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from scorecard.access import Reader, visible_entries
from scorecard.ledger.merkle import Frontier
from scorecard.models import Scorecard
from scorecard.models.ledger import LedgerEntry, LedgerFrontier, LedgerHead

FILTERS = {"kind": "kind", "actor": "actor_name", "subject": "subject_id", "type": "subject_type"}


CHUNK = 500


def _withheld(entry: LedgerEntry) -> dict[str, Any]:
    return {"seq": entry.seq, "leaf": entry.leaf_hash, "withheld": True}


def told(reader: Reader, entries: list[LedgerEntry]) -> list[dict[str, Any]]:
    """Return entries as the API shows them: `{seq, leaf, envelope}`, or `{seq, leaf, withheld}` for what is hidden.

    Hash and place of every entry are shown to everybody, because without them nobody could check the ledger.
    """
    seen = visible_entries(reader, entries)
    return [
        {"seq": row.seq, "leaf": row.leaf_hash, "envelope": row.envelope} if row.seq in seen else _withheld(row)
        for row in entries
    ]


def exported(
    reader: Reader, entries: QuerySet[LedgerEntry], *, narrowed: bool, with_leaves: bool = False
) -> Iterator[bytes]:
    """Yield entries as lines of canonical JSON: the envelope, or `{leaf, seq}` for what is hidden.

    With `with_leaves` an envelope that is shown comes as `{envelope, leaf}`.

    `narrowed` says that a filter chose them: then what is hidden is left out, because being chosen would tell of it.
    """
    rows = entries.iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        seen = visible_entries(reader, chunk)
        for row in chunk:
            if row.seq in seen and with_leaves:
                yield f'{{"envelope":{row.envelope},"leaf":"{row.leaf_hash}"}}\n'.encode()
            elif row.seq in seen:
                yield f"{row.envelope}\n".encode()
            elif not narrowed:
                yield f'{{"leaf":"{row.leaf_hash}","seq":{row.seq}}}\n'.encode()


def shown_rows(reader: Reader, entries: Iterable[LedgerEntry], *, narrowed: bool) -> list[dict[str, Any]]:
    """Return entries as pages show them; what is hidden is told by its place and hash, unless a filter chose it."""
    page = list(entries)
    seen = visible_entries(reader, page)
    rows = [entry_row(row) if row.seq in seen else _withheld(row) for row in page]
    return [row for row in rows if not (narrowed and "withheld" in row)]


def entry_row(entry: LedgerEntry) -> dict[str, Any]:
    """Return one entry with the data of its envelope."""
    envelope = json.loads(entry.envelope)
    return {
        "seq": entry.seq,
        "at": entry.at,
        "kind": entry.kind,
        "actor_name": entry.actor_name,
        "actor_kind": entry.actor_kind,
        "subject_type": entry.subject_type,
        "subject_id": entry.subject_id,
        "data": envelope["data"],
        "leaf": entry.leaf_hash,
    }


def filtered_entries(filters: dict[str, str]) -> QuerySet[LedgerEntry]:
    """Return entries by exact `kind`, `actor`, `subject` or `type`; other names are ignored by the caller's check."""
    chosen = {FILTERS[name]: value for name, value in filters.items() if name in FILTERS and value}
    return LedgerEntry.objects.filter(**chosen)


def ledger_page(
    reader: Reader, *, before: int | None = None, limit: int = 50, filters: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return the newest entries below sequence number `before`: `{rows, next_before}`."""
    entries = filtered_entries(filters or {}).order_by("-seq")
    if before is not None:
        entries = entries.filter(seq__lt=before)
    found = list(entries[: limit + 1])
    return {
        "rows": shown_rows(reader, found[:limit], narrowed=bool(filters)),
        "next_before": found[limit - 1].seq if len(found) > limit else None,
    }


def history_of(reader: Reader, card: Scorecard) -> list[dict[str, Any]]:
    """Return the ledger entries about this scorecard version that the reader may see, newest first."""
    entries = LedgerEntry.objects.filter(subject_type="scorecard", subject_id=card.id).order_by("-seq")
    return shown_rows(reader, entries, narrowed=True)


def ledger_state(at: datetime | None = None) -> dict[str, Any]:
    """Return size, root, newest head and whether the frontier agrees with the rows' count and last leaf."""
    frontier = LedgerFrontier.objects.filter(id=1).first() or LedgerFrontier(size=0, hashes=[])
    last = LedgerEntry.objects.order_by("-seq").first()
    head = LedgerHead.objects.order_by("-size").first()
    agrees = (last.seq + 1 == frontier.size and last.leaf_hash == frontier.last_leaf) if last else frontier.size == 0
    root = Frontier(frontier.size, [bytes.fromhex(part) for part in frontier.hashes]).root().hex()
    return {
        "size": frontier.size,
        "newest": frontier.size - 1,
        "root": root,
        "head": head,
        "head_newest": head.size - 1 if head else None,
        "intact": agrees,
        "checked_at": at or timezone.now(),
    }
