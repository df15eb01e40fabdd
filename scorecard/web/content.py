"""The gate before content that may be hazardous: who may open it, for which reason, and who did before."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest
from django.utils import timezone

from evaluations.blobs import BlobMissing
from evaluations.models import EvaluationRun
from evaluations.transcripts import TranscriptUnavailable
from scorecard.access import Person
from scorecard.attaching import kept_file
from scorecard.queries.openings import openings_of
from scorecard.refusals import Refused
from scorecard.showing import LONGEST_REASON, OPENERS, SHORTEST_REASON, open_content
from scorecard.web.doors import person_in

FAULTY = 422


def gate(
    subject: tuple[str, str], *, by: Person, sample: str | None = None, attempt: int | None = None
) -> dict[str, Any]:
    """Return what the form of the gate shows: whether the visitor may open, and the openings so far."""
    return {
        "may_open": by.has(*OPENERS),
        "openings": openings_of(subject, sample=sample, attempt=attempt),
        "shortest": SHORTEST_REASON,
        "longest": LONGEST_REASON,
    }


def opened(
    request: HttpRequest, run: EvaluationRun, *, sample: str = "", attempt: int = 0, place: int | None = None
) -> tuple[dict[str, Any], int]:
    """Open content as a posted form asks, and return it, or why it cannot be shown, with the status of the page.

    Raises Refused for everything but a missing reason, which is said beside its field.
    """
    reason = request.POST.get("reason", "")
    try:
        found = open_content(
            run,
            sample=sample,
            attempt=attempt,
            reason=reason,
            by=person_in(request, run.subject.programme),
            at=timezone.now(),
            place=place,
        )
    except TranscriptUnavailable as fault:
        return {"unavailable": str(fault)}, 200
    except Refused as refusal:
        if refusal.status != FAULTY:
            raise
        return {"fault": refusal, "reason": reason}, FAULTY
    return {"opened": found}, 200


def download(digest: str, *, name: str) -> FileResponse:
    """Return kept bytes as a download. Raises Refused 503 when they are gone."""
    try:
        return kept_file(digest, name=name)
    except BlobMissing as fault:
        words = f"The bytes are gone: {fault}."
        raise Refused("bytes-missing", words, remedy="Restore the kept bytes from a backup.", status=503) from None
