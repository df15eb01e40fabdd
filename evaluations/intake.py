"""Intake: a posted report becomes one row of evidence, whatever happens twice, at once, or half-way."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from evaluations import blobs
from evaluations.actors import Actor
from evaluations.binding import suite_fault
from evaluations.canonical import named_digest, report_digest_bytes
from evaluations.contention import insisting
from evaluations.jobs import enqueue
from evaluations.models import Checkpoint, Evaluation, EvaluationRun, Job, LogFile
from evaluations.reach import EVERYWHERE, Reach
from evaluations.report import (
    Fault,
    ReportRefused,
    RunReport,
    canonical_report,
    report_digest,
)
from evaluations.samples import PostedReport, SampleColumns, read_posted, write_block
from evaluations.signals import evidence_changed

PIECE = 1024 * 1024
MOST_RACES = 3
"""How often a transaction that lost the race for a first revision is tried again before the error is shown."""


@dataclass(frozen=True)
class Receipt:
    """What became of a posted report."""

    run: EvaluationRun
    created: bool
    """False when the same content was received before: nothing changed."""
    job: Job
    """The job that measures the run."""
    superseded: EvaluationRun | None
    """The former revision that this one supersedes."""


@dataclass(frozen=True)
class Prepared:
    """A checked report with everything that is computed from it outside the transaction; its block is kept already."""

    report: RunReport
    canonical: dict[str, Any]
    digest: str
    native_id: str
    natural_key: str
    raw_digest: str
    raw_bytes: int
    block_digest: str = ""
    samples_root: str = ""
    sample_count: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """In which form the numbers came."""
        return self.report.form if self.sample_count is None else "samples"


def natural_key(report: RunReport, native_id: str) -> str:
    """Return the digest of what identifies a run across its revisions."""
    parts = [report.evaluation.slug, report.evaluation.stratum or "", report.metric, report.checkpoint]
    return named_digest(report_digest_bytes([*parts, report.mitigation, native_id]))


def _catalogue_faults(report: RunReport, within: Reach) -> Iterator[Fault]:
    named = [("/subject", report.subject, "/checkpoint", report.checkpoint)]
    comparator = report.comparator
    if comparator is not None and comparator.subject and comparator.checkpoint:
        named.append(("/comparator/subject", comparator.subject, "/comparator/checkpoint", comparator.checkpoint))
    for subject_place, slug, checkpoint_place, name in named:
        if within.checkpoints().filter(name=name, subject__slug=slug).exists():
            continue
        subject = within.subjects().filter(slug=slug).first()
        if subject is None:
            remedy = f"Register the subject first: POST /api/v1/subjects/ with the slug {slug}."
            yield Fault(subject_place, "unknown-subject", f"There is no subject {slug!r}.", remedy)
            continue
        checkpoint = within.checkpoints().filter(name=name).first()
        if checkpoint is None:
            remedy = f"Register it first: POST /api/v1/checkpoints/ with subject {slug} and name {name}."
            yield Fault(checkpoint_place, "unknown-checkpoint", f"There is no checkpoint {name!r}.", remedy)
        elif checkpoint.subject_id != subject.id:
            detail = f"The checkpoint {name!r} belongs to {checkpoint.subject.slug!r}, not to {slug!r}."
            remedy = f"Name the subject {checkpoint.subject.slug}, or another checkpoint."
            yield Fault(checkpoint_place, "checkpoint-of-another-subject", detail, remedy)


def check(raw: bytes | BinaryIO, *, at: datetime, within: Reach = EVERYWHERE) -> PostedReport:
    """Return the posted report, bound to a checkpoint within reach, without storing anything.

    Raises ReportRefused: 403 for an evaluation outside the sender's suites, 422 for what the catalogue does not know.
    """
    posted = read_posted(_stream(raw), now=at)
    slug = posted.report.evaluation.slug
    if not within.covers(slug):
        raise ReportRefused([suite_fault(slug, "/evaluation/slug")], status=403)
    faults = list(_catalogue_faults(posted.report, within))
    if faults:
        raise ReportRefused(faults, status=422)
    return posted


def _stream(raw: bytes | BinaryIO) -> BinaryIO:
    return io.BytesIO(raw) if isinstance(raw, bytes) else raw


def _kept_block(columns: SampleColumns) -> str:
    folder = Path(settings.DATA_DIR) / "blobs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder, prefix="incoming-")
    os.close(handle)
    path = Path(name)
    try:
        # fastparquet writes to a new name only, so the reserved one makes room for it.
        path.unlink()
        write_block(columns, path)
        return blobs.put_file(path)
    finally:
        path.unlink(missing_ok=True)


def prepare(
    report: RunReport,
    columns: SampleColumns | None,
    *,
    raw_digest: str,
    raw_bytes: int,
    warnings: Sequence[str] = (),
) -> Prepared:
    """Return what `store` needs of a checked report, and keep the block of its samples.

    Bytes before the row: bytes that no row names are harmless, a row that names no bytes is not.
    """
    samples_digest, samples_root = (None, "") if columns is None else columns.hashed()
    canonical = canonical_report(report, samples_digest=samples_digest)
    digest = report_digest(canonical)
    native_id = report.run_id or digest
    return Prepared(
        report=report,
        canonical=canonical,
        digest=digest,
        native_id=native_id,
        natural_key=natural_key(report, native_id),
        raw_digest=raw_digest,
        raw_bytes=raw_bytes,
        block_digest="" if columns is None else _kept_block(columns),
        samples_root=samples_root,
        sample_count=None if columns is None else len(columns),
        warnings=tuple(warnings),
    )


def receive(raw: bytes | BinaryIO, *, by: Actor, at: datetime, within: Reach = EVERYWHERE) -> Receipt:
    """Take a posted report in: keep its bytes, store one run, tell of it, and ask for its measurement.

    A large report comes as a seekable stream and is never held as a whole. The same content again changes nothing and
    returns the run that is there, even when it was superseded meanwhile. The same native run id with other content is
    a new revision that supersedes the former. Raises ReportRefused.
    """
    stream = _stream(raw)
    posted = check(stream, at=at, within=within)
    stream.seek(0)
    digest = blobs.put_stream(iter(lambda: stream.read(PIECE), b""))
    return store(prepare(posted.report, posted.columns, raw_digest=digest, raw_bytes=stream.tell()), by=by, at=at)


def store(prepared: Prepared, *, by: Actor, at: datetime, log: LogFile | None = None) -> Receipt:
    """Store one run of a prepared report, or find the one that is there; `log` is the file that it was read from."""

    def attempt() -> Receipt:
        with transaction.atomic():
            return _stored(prepared, by, at, log)

    for remaining in range(MOST_RACES, -1, -1):
        try:
            return insisting(attempt)
        except IntegrityError:
            # Somebody stored the first revision, or registered the evaluation, at this moment; now it can be seen.
            if not remaining:
                raise
    raise AssertionError("the last attempt returns or raises")


def _job_of(run: EvaluationRun, *, fresh: bool = False) -> Job:
    return enqueue("measure", key=f"measure:{run.id}", payload={"run": run.id}, fresh=fresh)


def _revisions(incoming: Prepared) -> QuerySet[EvaluationRun]:
    rows = EvaluationRun.objects.filter(natural_key=incoming.natural_key)
    return rows.select_related("evaluation", "checkpoint", "subject")


def _stored(incoming: Prepared, by: Actor, at: datetime, log: LogFile | None) -> Receipt:
    # The first revision never moves, so its row is where everybody who revises this run stands in line.
    first = EvaluationRun.objects.filter(natural_key=incoming.natural_key, revision=1).only("id")
    in_line = first.select_for_update().first() is not None
    # Who found no row to wait at may only be the first; revising without a place in the line would deadlock with it.
    same = _revisions(incoming).filter(digest=incoming.digest).first() if in_line else None
    if same is not None:
        return Receipt(run=same, created=False, job=_job_of(same), superseded=None)
    former = _revisions(incoming).order_by("-revision").first() if in_line else None
    run = _inserted(incoming, revision=former.revision + 1 if former else 1, by=by, at=at, log=log)
    if former is not None:
        former.written(superseded_by=run)
        evidence_changed.send(sender=EvaluationRun, kind="run.superseded", run=former, actor=by, at=at)
    evidence_changed.send(sender=EvaluationRun, kind="run.received", run=run, actor=by, at=at)
    return Receipt(run=run, created=True, job=_job_of(run, fresh=True), superseded=former)


def _inserted(incoming: Prepared, *, revision: int, by: Actor, at: datetime, log: LogFile | None) -> EvaluationRun:
    report = incoming.report
    checkpoint = Checkpoint.objects.select_related("subject").get(name=report.checkpoint)
    slug = report.evaluation.slug
    # Polarity "none": an evaluation that nobody described can inform, and no framework rests a level on it.
    evaluation, _ = Evaluation.objects.get_or_create(
        slug=slug, defaults={"title": slug.replace("-", " ").capitalize(), "unit": report.unit, "created_at": at}
    )
    return EvaluationRun.objects.create(
        subject=checkpoint.subject,
        checkpoint=checkpoint,
        evaluation=evaluation,
        mitigation=report.mitigation,
        stratum=report.evaluation.stratum or "",
        metric=report.metric,
        unit=report.unit,
        native_id=incoming.native_id,
        natural_key=incoming.natural_key,
        revision=revision,
        digest=incoming.digest,
        raw_digest=incoming.raw_digest,
        raw_bytes=incoming.raw_bytes,
        form=incoming.form,
        report=incoming.canonical,
        block_digest=incoming.block_digest,
        samples_root=incoming.samples_root,
        scores_digest=incoming.canonical.get("samples_digest", ""),
        sample_count=incoming.sample_count,
        log=log,
        warnings=list(incoming.warnings),
        received_at=at,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
    )
