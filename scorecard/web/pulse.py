"""The pulse of a card: a short text that changes whenever something shown on its pages changes."""

from __future__ import annotations

from hashlib import sha256

from django.db.models import Count, Max, Q

from evaluations.evidence_queries import documents_filed
from scorecard.models import Scorecard
from scorecard.queries import sources_of


def pulse(card: Scorecard) -> str:
    """Return the pulse of a card's whole number: versions, assessments, determinations, signatures, renderings.

    The documents about its checkpoints count too, every revision of them, because the page lists them. It is a digest,
    because the page carries it and some of what it counts may be hidden from its reader.
    """
    rows = (
        Scorecard.objects.filter(number=card.number)
        .order_by("version")
        .annotate(
            assessed=Max("assessments__id"),
            determined=Max("determinations__id"),
            signed=Count("signatures", distinct=True),
            unsigned=Count("signatures", filter=~Q(signatures__stale_at=None), distinct=True),
            printed=Count("renderings", distinct=True),
        )
    )
    documents = documents_filed(sources_of(card))
    counted = f"{documents}-" + "-".join(
        f"{row.version}.{row.state[:3]}.{len(row.stale_reasons)}.{row.assessed or 0}.{row.determined or 0}"
        f".{row.signed}.{row.unsigned}.{row.printed}"
        for row in rows
    )
    return sha256(counted.encode()).hexdigest()[:16]
