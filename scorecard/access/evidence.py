"""Doors to the evidence: runs, logs, documents, sources and the jobs about them, as far as a reader may see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from evaluations.models import (
    Checkpoint,
    Evaluation,
    EvaluationRun,
    EvidenceDocument,
    Job,
    LogFile,
    LogState,
    Source,
    Subject,
    Upload,
)
from evaluations.queries import known_runs
from scorecard.access.cards import visible_scorecards
from scorecard.access.readers import Reader, Sight
from scorecard.models import ApiToken

NOTHING = Q(pk__in=[])


def _in_any(reader: Reader, seen: Callable[[Sight], Q]) -> Q:
    """Return what the reader sees in any of their programmes; without a programme that is nothing."""
    parts: Iterable[Q] = (seen(sight) for sight in reader.sights)
    return reduce(or_, parts, NOTHING)


def visible_subjects(reader: Reader) -> QuerySet[Subject]:
    """Return the subjects of the reader's programmes."""
    return Subject.objects.filter(programme__in=[sight.programme.id for sight in reader.sights])


def visible_checkpoints(reader: Reader) -> QuerySet[Checkpoint]:
    """Return the checkpoints of the reader's programmes."""
    inside = Checkpoint.objects.filter(subject__programme__in=[sight.programme.id for sight in reader.sights])
    return inside.select_related("subject", "parent")


def _runs_seen(sight: Sight) -> Q:
    inside = Q(subject__programme=sight.programme.id)
    return inside if sight.evaluations is None else inside & Q(evaluation__slug__in=sight.evaluations)


def visible_runs(reader: Reader) -> QuerySet[EvaluationRun]:
    """Return the runs of the reader's programmes outside every compartment that they are not cleared for."""
    return known_runs().filter(_in_any(reader, _runs_seen))


def _evaluations_seen(sight: Sight) -> Q:
    inside = EvaluationRun.objects.filter(evaluation=OuterRef("pk"), subject__programme=sight.programme.id)
    unused = ~Exists(EvaluationRun.objects.filter(evaluation=OuterRef("pk")))
    if sight.evaluations is None:
        return Q(Exists(inside)) | Q(unused)
    return Q(slug__in=sight.evaluations) & (Q(Exists(inside)) | Q(unused))


def visible_evaluations(reader: Reader) -> QuerySet[Evaluation]:
    """Return the evaluations that the reader may see results of, and those without any result yet."""
    return Evaluation.objects.filter(_in_any(reader, _evaluations_seen))


def own_evaluations(reader: Reader) -> QuerySet[Evaluation]:
    """Return the evaluations that the reader sees and no other programme has results of.

    Only those are theirs to describe anew, because the polarity decides how everybody's results are read.
    """
    inside = [sight.programme.id for sight in reader.sights]
    elsewhere = EvaluationRun.objects.filter(evaluation=OuterRef("pk")).exclude(subject__programme__in=inside)
    return visible_evaluations(reader).filter(~Exists(elsewhere))


def _logs_seen(sight: Sight) -> Q:
    inside = Q(programme=sight.programme.id)
    if sight.evaluations is None:
        return inside
    # What a log holds is known only when it was read to its end; until then it may hold anything.
    known = Q(state=LogState.READ, unbound=[], faults=[])
    strange = EvaluationRun.objects.filter(read_from=OuterRef("pk")).exclude(evaluation__slug__in=sight.evaluations)
    return inside & known & ~Q(Exists(strange))


def visible_logs(reader: Reader) -> QuerySet[LogFile]:
    """Return the logs of the reader's programmes; one that holds, or may hold, withheld results is not among them."""
    return LogFile.objects.filter(_in_any(reader, _logs_seen))


def _telling_of_hidden(sight: Sight) -> list[str]:
    """Return the ids of the documents that repeat words or figures of a run or policy hidden from the reader."""
    filed = EvidenceDocument.objects.filter(programme=sight.programme.id)
    bound = filed.exclude(bound={}).values_list("pk", "bound__runs", "bound__policy__id")
    named = {key: {*(runs or ()), *((policy,) if policy else ())} for key, runs, policy in bound}
    every = {one for those in named.values() for one in those}
    seen = set(EvaluationRun.objects.filter(_runs_seen(sight), id__in=every).values_list("pk", flat=True))
    seen |= set(filed.filter(_placed_outside(sight), id__in=every).values_list("pk", flat=True))
    return [key for key, those in named.items() if those - seen]


def _placed_outside(sight: Sight) -> Q:
    return ~Q(category="") & ~Q(category__in=sight.withheld)


def _documents_seen(sight: Sight) -> Q:
    inside = Q(programme=sight.programme.id)
    if not sight.withheld:
        return inside
    return inside & _placed_outside(sight) & ~Q(pk__in=_telling_of_hidden(sight))


def visible_documents(reader: Reader) -> QuerySet[EvidenceDocument]:
    """Return the evidence documents of the reader's programmes; of no known category, they are in every compartment."""
    return EvidenceDocument.objects.filter(_in_any(reader, _documents_seen))


def _sources_seen(sight: Sight) -> Q:
    # The names of what a source offers are told on its page, and nobody has looked into those files yet.
    return NOTHING if sight.withheld else Q(programme=sight.programme.id)


def visible_sources(reader: Reader) -> QuerySet[Source]:
    """Return the sources of the programmes in which nothing is withheld from the reader."""
    return Source.objects.filter(_in_any(reader, _sources_seen))


def jobs_of(token: ApiToken) -> QuerySet[Job]:
    """Return the jobs about what was posted with the token, whatever else it may see."""
    posted = EvaluationRun.objects.filter(Q(actor_id=token.id) | Q(read_from__actor_id=token.id))
    logs = logs_of(token)
    return Job.objects.filter(Q(about__in=posted.values("id")) | Q(about__in=logs.values("id")))


def logs_of(token: ApiToken) -> QuerySet[LogFile]:
    """Return the logs that were posted with the token, whatever else it may see."""
    return LogFile.objects.filter(actor_id=token.id)


def uploads_of(token: ApiToken) -> QuerySet[Upload]:
    """Return the uploads that were begun with the token; nobody else goes on with them."""
    return Upload.objects.filter(owner=token.id)


def visible_jobs(reader: Reader) -> QuerySet[Job]:
    """Return the jobs about something that the reader may see, and those about nothing in particular."""
    if not reader.sights:
        return Job.objects.none()
    rows = (visible_runs, visible_logs, visible_sources, visible_scorecards)
    about = [Q(about__in=door(reader).order_by().values("pk")) for door in rows]
    return Job.objects.filter(reduce(or_, about, Q(about="")))
