"""Filing: a posted evidence document becomes one row, bound to what it names, whatever happens twice or at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from evaluations import blobs
from evaluations.actors import Actor
from evaluations.canonical import named_digest, report_digest_bytes
from evaluations.evidence import (
    CheckpointDocument,
    Document,
    Policy,
    PolicyJudgements,
    Refusals,
    evidence_digest,
    kind_of,
    parse_evidence,
    refuse_faults,
)
from evaluations.evidence_queries import rate_of
from evaluations.measuring import samples_of
from evaluations.models import Checkpoint, EvaluationRun, EvidenceBinding, EvidenceDocument
from evaluations.reach import EVERYWHERE, Reach
from evaluations.report import Fault, ReportRefused

LONGEST_SUMMARY = 600


@dataclass(frozen=True)
class Filed:
    """What became of a posted document."""

    document: EvidenceDocument
    created: bool
    """False when the same content was filed before: nothing changed."""
    superseded: EvidenceDocument | None
    """The former revision that this one supersedes."""


@dataclass(frozen=True)
class Checked:
    """A checked document with everything that its references mean now."""

    document: Document
    checkpoints: tuple[Checkpoint, ...]
    bound: dict[str, Any] = field(default_factory=dict)
    within: Reach = EVERYWHERE


def check(raw: bytes, *, at: datetime, within: Reach = EVERYWHERE) -> Checked:
    """Return the document in the bytes, its references found within reach and checked, without storing anything.

    Raises ReportRefused for a fault of form, an unknown checkpoint, policy, clause, run or sample.
    """
    document = parse_evidence(raw, now=at)
    refuse_faults(_catalogue_faults(document, within))
    known = {row.name: row for row in within.checkpoints().filter(name__in=document.checkpoint_names())}
    checkpoints = tuple(known[name] for name in document.checkpoint_names())
    if isinstance(document, PolicyJudgements):
        return Checked(document, checkpoints, _bound_judgements(document, within), within)
    if isinstance(document, Refusals):
        return Checked(document, checkpoints, _bound_refusals(document, within), within)
    return Checked(document, checkpoints, within=within)


def _catalogue_faults(document: Document, within: Reach) -> Iterator[Fault]:
    if not isinstance(document, CheckpointDocument):
        return
    subject = within.subjects().filter(slug=document.subject).first()
    if subject is None:
        remedy = f"Register the subject first: POST /api/v1/subjects/ with the slug {document.subject}."
        yield Fault("/subject", "unknown-subject", f"There is no subject {document.subject!r}.", remedy)
        return
    for index, name in enumerate(document.checkpoint_names()):
        place = "/checkpoint" if index == 0 else f"/also_tested/{index - 1}"
        checkpoint = within.checkpoints().filter(name=name).first()
        if checkpoint is None:
            remedy = f"Register it first: POST /api/v1/checkpoints/ with its subject and the name {name}."
            yield Fault(place, "unknown-checkpoint", f"There is no checkpoint {name!r}.", remedy)
        elif index == 0 and checkpoint.subject_id != subject.id:
            words = f"The checkpoint {name!r} belongs to {checkpoint.subject.slug!r}, not to {document.subject!r}."
            yield Fault(place, "checkpoint-of-another-subject", words, "Name the right subject, or another checkpoint.")


def _run(identifier: str, document: CheckpointDocument, place: str, within: Reach) -> EvaluationRun:
    """Return the run within reach that a document names.

    Raises ReportRefused unless it is of the same checkpoint and side.
    """
    runs = EvaluationRun.objects.select_related("checkpoint", "evaluation")
    run = runs.filter(id=identifier, checkpoint__in=within.checkpoints().order_by().values("pk")).first()
    if run is None:
        raise ReportRefused(
            [Fault(place, "unknown-run", f"There is no run {identifier}.", "Post the run first, then file this.")],
            status=422,
        )
    if run.checkpoint.name != document.checkpoint or run.mitigation != document.mitigation:
        words = f"The run is of {run.checkpoint.name}, {run.mitigation}; the document of another checkpoint or side."
        raise ReportRefused(
            [Fault(place, "run-of-another-checkpoint", words, "Name a run of the document's checkpoint and side.")],
            status=422,
        )
    return run


def _named_run(run: EvaluationRun) -> dict[str, Any]:
    return {
        "run": run.id,
        "digest": run.digest,
        "title": f"{run.evaluation.title}{f', {run.stratum}' if run.stratum else ''}",
        "metric": run.metric,
    }


def _bound_judgements(document: PolicyJudgements, within: Reach) -> dict[str, Any]:
    policies = EvidenceDocument.objects.filter(
        kind="policy/1", native_id=document.policy.id, version=document.policy.version
    )
    if within.programme is not None:
        policies = policies.filter(programme=within.programme)
    policy = policies.order_by("-revision").first()
    if policy is None:
        words = f"There is no policy {document.policy.id!r} in version {document.policy.version!r}."
        raise ReportRefused([Fault("/policy", "unknown-policy", words, "File the policy first.")], status=422)
    said = parse_evidence(blobs.get(policy.raw_digest), now=policy.received_at)
    assert isinstance(said, Policy)
    clauses = [clause.model_dump() for clause in said.clauses]
    run = _run(document.run, document, "/run", within)
    columns = samples_of(run)
    samples = {(row.id, row.attempt) for row in columns.rows()} if columns is not None else set()
    refuse_faults(document.strangers(clauses={clause["id"] for clause in clauses}, samples=samples))
    named = {"id": policy.id, "digest": policy.digest, "title": policy.title, "clauses": clauses}
    return {"policy": named, "runs": {run.id: _named_run(run)}}


def _figures(run: EvaluationRun, place: str) -> dict[str, Any]:
    """Return a run's rate. Raises ReportRefused for a run that has none."""
    found = rate_of(run, run.measurements.order_by("-measured_at", "-id").first())
    if found is None:
        words = "The run is not measured, or is no proportion."
        raise ReportRefused(
            [Fault(place, "run-without-a-rate", words, "Wait until it is measured, or name a run of proportions.")],
            status=422,
        )
    return found


def _bound_refusals(document: Refusals, within: Reach) -> dict[str, Any]:
    found = {place: _run(identifier, document, place, within) for place, identifier in document.runs().items()}
    return {"runs": {run.id: {**_named_run(run), **_figures(run, place)} for place, run in found.items()}}


def natural_key(document: Document, programme: str) -> str:
    """Return the digest of what identifies a document across its revisions.

    That is the programme (its id), the kind, the first checkpoint and its own id.
    """
    first = next(iter(document.checkpoint_names()), "")
    return named_digest(report_digest_bytes([programme, document.schema_name, first, document.id]))


def store(checked: Checked, *, raw_digest: str, raw_bytes: int, by: Actor, at: datetime) -> Filed:
    """Store one row inside the caller's transaction; the bytes are kept already.

    The same content again changes nothing and returns the row that is there, even when it was superseded meanwhile.
    The same id with other content is a new revision that supersedes the former. Raises IntegrityError when somebody
    files the first revision at this very moment: try the whole transaction again.
    """
    key = natural_key(checked.document, checked.within.programme or "")
    digest = evidence_digest(checked.document)
    # The first revision never moves, so its row is where everybody who revises this document stands in line.
    in_line = EvidenceDocument.objects.filter(natural_key=key, revision=1).select_for_update().first() is not None
    same = _revisions(key).filter(digest=digest).first()
    if same is not None:
        return Filed(document=same, created=False, superseded=None)
    former = _revisions(key).order_by("-revision").first() if in_line else None
    row = _inserted(
        checked,
        {"natural_key": key, "digest": digest, "raw_digest": raw_digest, "raw_bytes": raw_bytes},
        revision=former.revision + 1 if former else 1,
        by=by,
        at=at,
    )
    if former is not None:
        former.written(superseded_by=row)
    return Filed(document=row, created=True, superseded=former)


def _revisions(key: str) -> QuerySet[EvidenceDocument]:
    return EvidenceDocument.objects.filter(natural_key=key)


def _inserted(
    checked: Checked, identity: dict[str, Any], *, revision: int, by: Actor, at: datetime
) -> EvidenceDocument:
    document = checked.document
    placed = document.model_dump(include={"mitigation", "category", "section"}, exclude_none=True)
    row = EvidenceDocument.objects.create(
        kind=document.schema_name,
        native_id=document.id,
        revision=revision,
        version=document.version or "",
        title=document.title,
        summary=kind_of(document).read(document, checked.bound)["summary"][:LONGEST_SUMMARY],
        programme=checked.within.programme or "",
        source=document.provenance.source,
        bound=checked.bound,
        received_at=at,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
        **identity,
        **placed,
    )
    for place, checkpoint in enumerate(checked.checkpoints):
        EvidenceBinding.objects.create(document=row, checkpoint=checkpoint, place=place)
    return row
