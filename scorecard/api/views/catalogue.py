"""The catalogue: subjects, checkpoints, evaluations and frameworks."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.models import Checkpoint, Evaluation, Subject
from scorecard.access import own_evaluations, visible_checkpoints, visible_evaluations, visible_subjects
from scorecard.api.bodies import CheckpointBody, EvaluationBody, SubjectBody
from scorecard.api.listing import chosen, listed
from scorecard.api.views.base import View, refuse_missing
from scorecard.models import FrameworkVersion, Scope
from scorecard.moments import rfc3339
from scorecard.refusals import Refused


def _subject(row: Subject) -> dict[str, Any]:
    return {"id": row.id, "slug": row.slug, "name": row.name, "kind": row.kind, "note": row.note}


def _checkpoint(row: Checkpoint) -> dict[str, Any]:
    return {
        "id": row.id, "subject": row.subject.slug, "name": row.name, "note": row.note,
        "parent": row.parent.name if row.parent else None,
    }  # fmt: skip


def _evaluation(row: Evaluation) -> dict[str, Any]:
    return {
        "id": row.id, "slug": row.slug, "title": row.title, "polarity": row.polarity, "unit": row.unit,
        "summary": row.summary,
    }  # fmt: skip


def _framework(row: FrameworkVersion) -> dict[str, Any]:
    return {
        "id": row.id, "slug": row.slug, "version": row.version, "title": row.title, "digest": row.digest,
        "published_at": rfc3339(row.published_at),
    }  # fmt: skip


def _taken(code: str, name: str, pointer: str) -> Refused:
    """Names are unique in the installation; whose a taken one is, another programme does not learn."""
    return Refused(code, f"The name {name} is taken.", remedy="Choose another name.", pointer=pointer)


class CatalogueView(View):
    """Read with evidence:read, written with admin."""

    read_scope = Scope.EVIDENCE_READ
    write_scope = Scope.ADMIN


class Subjects(CatalogueView):
    """Subjects."""

    @extend_schema(operation_id="subjects_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List subjects."""
        found = visible_subjects(self.reader(request)).filter(**chosen(request, ("slug", "kind")))
        return listed(request, found, _subject, name="subjects")

    @extend_schema(operation_id="subjects_post", request=SubjectBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Register a subject; the same one again answers 200."""
        body, programme = self.body(request, SubjectBody), self.token(request).programme_id
        defaults = {**body.model_dump(exclude={"slug"}), "programme": programme}
        row, created = Subject.objects.get_or_create(slug=body.slug, defaults=defaults)
        if row.programme != programme:
            raise _taken("subject-name-taken", body.slug, "/slug")
        return Response(_subject(row), status=201 if created else 200)


class Checkpoints(CatalogueView):
    """Checkpoints."""

    @extend_schema(operation_id="checkpoints_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List checkpoints."""
        filters = chosen(request, ("subject", "name"))
        fields = {"subject": "subject__slug", "name": "name"}
        found = visible_checkpoints(self.reader(request))
        return listed(
            request, found.filter(**{fields[name]: v for name, v in filters.items()}), _checkpoint, name="checkpoints"
        )

    @extend_schema(operation_id="checkpoints_post", request=CheckpointBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Register a checkpoint of a subject; the same one again answers 200, another subject's name is refused."""
        body, within = self.body(request, CheckpointBody), self.reach(request)
        subject = refuse_missing(within.subjects().filter(slug=body.subject).first(), "subject")
        inside = within.checkpoints()
        parent = refuse_missing(inside.filter(name=body.parent).first(), "parent") if body.parent else None
        known = Checkpoint.objects.filter(name=body.name).first()
        if known is not None and known.subject_id != subject.id:
            raise _taken("checkpoint-name-taken", body.name, "/name")
        if known is not None:
            return Response(_checkpoint(known))
        try:
            with transaction.atomic():
                row = Checkpoint.objects.create(subject=subject, name=body.name, parent=parent, note=body.note)
        except IntegrityError:
            row = Checkpoint.objects.get(name=body.name)
        return Response(_checkpoint(row), status=201)


class Evaluations(CatalogueView):
    """Evaluations."""

    @extend_schema(operation_id="evaluations_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List evaluations."""
        found = visible_evaluations(self.reader(request)).filter(**chosen(request, ("slug", "polarity")))
        return listed(request, found, _evaluation, name="evaluations")

    @extend_schema(operation_id="evaluations_post", request=EvaluationBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Describe an evaluation: title, polarity and unit."""
        body, own = self.body(request, EvaluationBody), own_evaluations(self.reader(request))
        known = Evaluation.objects.filter(slug=body.slug).first()
        if known is not None and not own.filter(pk=known.pk).exists():
            raise _taken("evaluation-name-taken", body.slug, "/slug")
        row, created = Evaluation.objects.update_or_create(slug=body.slug, defaults=body.model_dump(exclude={"slug"}))
        return Response(_evaluation(row), status=201 if created else 200)


class Frameworks(View):
    """Published framework versions."""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(operation_id="frameworks_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List framework versions."""
        self.reader(request)
        found = FrameworkVersion.objects.filter(**chosen(request, ("slug", "version", "digest")))
        return listed(request, found, _framework, name="frameworks")


class Framework(View):
    """One framework version."""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(operation_id="framework_get", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Return a framework version with its document."""
        self.reader(request)
        row = refuse_missing(FrameworkVersion.objects.filter(id=identifier).first(), "framework")
        return Response({**_framework(row), "document": row.document, "source": row.source})
