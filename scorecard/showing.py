"""Showing: content that may be hazardous is opened by a person, for a reason, and with its ledger entry first.

No API route opens content, because a token has no reason and nobody to ask about it; whole files that a token with
the scope to read evidence takes along are recorded under its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from evaluations.actors import Actor
from evaluations.blobs import BlobCorrupted, BlobMissing
from evaluations.canonical import named_digest
from evaluations.contention import insisting
from evaluations.measuring import shown_samples_of
from evaluations.models import EvaluationRun, EvidenceDocument, LogFile
from evaluations.sample_queries import place_of
from evaluations.samples import SampleColumns
from evaluations.transcripts import Transcript, payload_of, transcript_of
from scorecard.access import Person
from scorecard.models import Role
from scorecard.recording import record
from scorecard.refusals import Refused

OPENERS = (
    Role.PREPAREDNESS, Role.ADVISORY_MEMBER, Role.ADVISORY_CHAIR, Role.LEADERSHIP, Role.BOARD, Role.AUDITOR,
)  # fmt: skip
"""Roles that read evidence; an administrator keeps the installation and needs no content for it."""
SHORTEST_REASON, LONGEST_REASON = 10, 500


def sample_digest(sample: str) -> str:
    """Return the digest by which the ledger names a sample, because an id may itself be content."""
    return named_digest(sample.encode())


def open_content(
    run: EvaluationRun, *, sample: str, attempt: int, reason: str, by: Person, at: datetime, place: int | None = None
) -> Transcript:
    """Record that a person opens the content of one attempt at a sample, then return it.

    An empty `sample` is the whole payload as received. `place` (canonical order, from 0) names an attempt that stands
    twice because it was superseded; without it the live one is meant. Raises Refused: 403 without a reading role, 422
    without a reason, 404 for a sample that is not there; and what `evaluations.transcripts` raises, after the entry.
    """
    role, why = by.acting_as(*OPENERS), _reason(reason)
    where = _transcript_place(run, sample, attempt, place) if sample else None
    said = {"sample": sample_digest(sample) if sample else None, "attempt": attempt if sample else None}
    data = {"run": run.id, **said, "reason": why, "role": role}
    _record("content.opened", ("run", run.id), data, by=by, at=at)
    return transcript_of(run, where) if sample else payload_of(run)


def download_payload(run: EvaluationRun, *, reason: str, by: Person, at: datetime) -> str:
    """Record that a person downloads a run's payload, then return the digest of its bytes. Raises Refused 403, 422."""
    role, why = by.acting_as(*OPENERS), _reason(reason)
    data = {"run": run.id, "bytes": run.raw_digest, "reason": why, "role": role}
    _record("content.downloaded", ("run", run.id), data, by=by, at=at)
    return run.raw_digest


def download_log(log: LogFile, *, reason: str, by: Person, at: datetime) -> str:
    """Record that a person downloads a log file, then return the digest of its bytes. Raises Refused 403, 422."""
    role, why = by.acting_as(*OPENERS), _reason(reason)
    data = {"log": log.id, "bytes": log.digest, "reason": why, "role": role}
    _record("content.downloaded", ("log", log.id), data, by=by, at=at)
    return log.digest


def download_document(document: EvidenceDocument, *, reason: str, by: Person, at: datetime) -> str:
    """Record that a person downloads an evidence document, then return the digest of its bytes.

    Raises Refused 403 and 422.
    """
    role, why = by.acting_as(*OPENERS), _reason(reason)
    data = {"evidence": document.id, "bytes": document.raw_digest, "reason": why, "role": role}
    _record("content.downloaded", ("evidence", document.id), data, by=by, at=at)
    return document.raw_digest


def record_handing_out(subject: tuple[str, str], digest: str, *, by: Actor, at: datetime) -> None:
    """Record that a token that reads evidence is handed kept bytes; its person answers for what becomes of them."""
    data = {subject[0]: subject[1], "bytes": digest, "reason": "Through the API.", "role": None}
    _entered("content.downloaded", subject, data, by=by, at=at)


def _record(kind: str, subject: tuple[str, str], data: dict[str, Any], *, by: Person, at: datetime) -> None:
    _entered(kind, subject, data, by=by.actor, at=at)


def _entered(kind: str, subject: tuple[str, str], data: dict[str, Any], *, by: Actor, at: datetime) -> None:
    def attempt() -> None:
        with transaction.atomic():
            record(kind, subject=subject, data=data, by=by, at=at)

    insisting(attempt)


def _reason(text: str) -> str:
    reason = text.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise Refused(
            "reason-missing",
            f"A reason of {SHORTEST_REASON} to {LONGEST_REASON} characters is needed; it is kept in the audit log.",
            remedy="Say in a sentence what you need the content for.",
            status=422,
            pointer="/reason",
        )
    return reason


@contextmanager
def readable_samples() -> Iterator[None]:
    """Turn kept samples that are gone or changed into a refusal with its remedy: Refused 503."""
    try:
        yield
    except (BlobMissing, BlobCorrupted) as fault:
        words = f"The samples of this run cannot be read: {fault}."
        raise Refused("samples-unreadable", words, remedy="Restore the kept bytes from a backup.", status=503) from None


def _transcript_place(run: EvaluationRun, sample: str, attempt: int, place: int | None) -> str | None:
    with readable_samples():
        columns = shown_samples_of(run)
    index = None if columns is None else index_of(columns, sample, attempt, place)
    if columns is None or index is None:
        raise Refused("not-found", "This run holds no such attempt at a sample.", status=404)
    found: str | None = columns.detail(index)["transcript"]
    return found


def index_of(columns: SampleColumns, sample: str, attempt: int, place: int | None) -> int | None:
    """Return the index of an attempt at a sample, at `place` of the canonical order where one is given, or None."""
    at = place_of(columns, sample, attempt) if place is None else place
    if at is None or not 0 <= at < len(columns):
        return None
    index = columns.order()[at]
    return index if columns.ids[index] == sample and columns.attempts[index] == attempt else None
