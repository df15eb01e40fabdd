"""The documents of other kinds that inform a scorecard, as its signed record names them. No level rests on them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from evaluations.blobs import BlobCorrupted, BlobMissing
from evaluations.evidence import KINDS, headline
from evaluations.evidence_queries import documents_on, policies_of, told
from evaluations.models import EvidenceDocument
from scorecard.models import Scorecard
from scorecard.moments import rfc3339
from scorecard.queries.evidence import sources_of

MOST_REMEMBERED = 4096


@lru_cache(maxsize=MOST_REMEMBERED)
def _headline(document: str) -> tuple[dict[str, str], ...]:
    # Remembered because a document never changes, and reading one of many megabytes takes longer than a page may.
    shown = told(EvidenceDocument.objects.get(id=document))
    return tuple(headline(shown.document, shown.reading))


def _figures(row: EvidenceDocument) -> list[dict[str, str]]:
    """Return the figures of a document; none while its kept bytes cannot be read, because the card must still open."""
    try:
        return [dict(figure) for figure in _headline(row.id)]
    except (BlobMissing, BlobCorrupted):
        return []


def _informing(row: EvidenceDocument) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "kind_title": KINDS[row.kind].title,
        "title": row.title,
        "native_id": row.native_id,
        "version": row.version or None,
        "revision": row.revision,
        "digest": row.digest,
        "raw_digest": row.raw_digest,
        "checkpoints": [binding.checkpoint.name for binding in row.bindings.all()],
        "mitigation": row.mitigation,
        "category": row.category or None,
        "section": row.section or None,
        "source": row.source,
        "received_at": rfc3339(row.received_at),
        "summary": row.summary,
        "figures": _figures(row),
    }


def informing_of(card: Scorecard) -> list[dict[str, Any]]:
    """Return the current documents about the card's checkpoints, and the policies that judgements among them name."""
    documents = documents_on(sources_of(card))
    return [_informing(row) for row in [*documents, *policies_of(documents)]]
