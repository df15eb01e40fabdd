"""Transcripts on demand: what stands in a run's log at the place that a sample names, and the payload as received.

The text of samples is never kept in the database: it may be hazardous, and the log holds it already.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from evaluations import blobs
from evaluations.logs.budget import MEBIBYTE, Budget
from evaluations.logs.places import HELD, Part, Unfound, part_at, whole
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import CHUNK, LogSource
from evaluations.logs.unpacking import unpacked
from evaluations.logs.values import tolerant_json
from evaluations.models import EvaluationRun

SHOWN = 256 * 1024
"""Bytes of a transcript or payload that are shown at most."""
SEARCHED = 1024 * MEBIBYTE
"""Bytes that are read or inflated for one transcript; what lies deeper is only in the download."""
HASHED = 256 * MEBIBYTE
"""Bytes up to which a log is compared with its digest before anything of it is shown."""
LARGEST_PART = 32 * MEBIBYTE
REPORTS = "run-report"
TOO_LARGE = ("too-large", "part-too-large", "too-many-members")


class TranscriptUnavailable(LookupError):
    """A transcript cannot be shown, in words for the person who asked for it."""


class NoTranscript(TranscriptUnavailable):
    """The log keeps no transcript of this sample."""


class TranscriptGone(TranscriptUnavailable):
    """The bytes of the log are no longer kept."""


class TranscriptDamaged(TranscriptUnavailable):
    """The kept bytes are not the ones that were received, or cannot be read at that place."""


class TranscriptOutOfReach(TranscriptUnavailable):
    """The transcript lies deeper in the log, or is larger, than is read for showing."""


@dataclass(frozen=True)
class Transcript:
    """Text to show as text: at most 256 KiB of it, `cut` bytes less than there are.

    `indented` says that JSON was written out again for reading; `compared` that the log's bytes were compared with
    their digest just now.
    """

    place: str
    text: str
    size: int
    cut: int
    indented: bool
    compared: bool


def keeps_transcript(run: EvaluationRun, place: str | None) -> bool:
    """Whether the log may hold a transcript of a sample with this place. A report names places in other systems."""
    if place is None or run.log is None or run.log.recognised == REPORTS:
        return False
    # Reductions and lists of ids name samples that are only counted there.
    return place != "/reductions" and not place.endswith("_ids")


def transcript_of(run: EvaluationRun, place: str | None) -> Transcript:
    """Return what stands at a sample's place in the run's log.

    Raises NoTranscript, TranscriptGone, TranscriptDamaged and TranscriptOutOfReach.
    """
    if place is None or not keeps_transcript(run, place):
        elsewhere = f" Its producer says that it is at: {place}" if place and run.log is None else ""
        raise NoTranscript(f"The log keeps no transcript of this sample.{elsewhere}")
    return _shown(run, place, lambda source: part_at(source, place))


def payload_of(run: EvaluationRun) -> Transcript:
    """Return the beginning of a run's payload as received; of an archive the names of its members. Raises as above."""
    return _shown(run, "", whole)


def _shown(run: EvaluationRun, place: str, find: Callable[[LogSource], Part]) -> Transcript:
    try:
        with _opened(run) as (source, compared), unpacked(source) as inside:
            return _transcript(place, find(inside), compared)
    except Unfound:
        raise NoTranscript(f"The log keeps no transcript of this sample: nothing stands at {place}.") from None
    except blobs.BlobMissing:
        words = f"The bytes of the log are gone: nothing is kept under {run.raw_digest}. Restore them from a backup."
        raise TranscriptGone(words) from None
    except LogRefused as refusal:
        if refusal.fault.code in TOO_LARGE:
            words = f"The transcript cannot be reached for showing ({refusal}). Download the log to read it."
            raise TranscriptOutOfReach(words) from None
        raise TranscriptDamaged(f"The log cannot be read there: {refusal}") from None


@contextmanager
def _opened(run: EvaluationRun) -> Iterator[tuple[LogSource, bool]]:
    with blobs.opened(run.raw_digest) as stream:
        compared = run.raw_bytes <= HASHED
        if compared and _digest(stream) != run.raw_digest:
            words = f"The bytes kept under {run.raw_digest} are not the ones it names. Restore them from a backup."
            raise TranscriptDamaged(words)
        name = run.log.name if run.log is not None else ""
        budget = Budget(total_bytes=SEARCHED, member_bytes=LARGEST_PART)
        yield LogSource(stream, name, run.raw_bytes, budget), compared


def _digest(stream: BinaryIO) -> str:
    hasher = hashlib.sha256()
    stream.seek(0)
    while part := stream.read(CHUNK):
        hasher.update(part)
    return "sha256:" + hasher.hexdigest()


def _transcript(place: str, part: Part, compared: bool) -> Transcript:
    data, size, indented = part.data, part.size, part.rewritten
    if not indented and size <= HELD and data.lstrip()[:1] in (b"{", b"["):
        try:
            document = tolerant_json(data, place=place)
        except LogRefused:
            document = None  # shown as it stands: it may be cut, or hold several documents
        if document is not None:
            data, indented = json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "replace"), True
            size = len(data)
    # Not final where it is cut, so that half a character at the end is left out.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data[:SHOWN], final=size <= SHOWN)
    return Transcript(place, text, size, max(0, size - SHOWN), indented, compared)
