"""The registry of mitigations and safeguards by API."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scorecard import safeguarding
from scorecard.access import visible_safeguards, visible_subjects
from scorecard.api import bodies
from scorecard.api.listing import chosen, listed
from scorecard.api.views.base import View, refuse_missing
from scorecard.models import Safeguard, Scope
from scorecard.moments import rfc3339


def safeguard_document(row: Safeguard) -> dict[str, Any]:
    """Return one version of a safeguard as the API shows it."""
    return {
        "id": row.id, "subject": row.subject.slug, "slug": row.slug, "version": row.version, "name": row.name,
        "summary": row.summary, "claim": row.claim or None, "threat_actor": row.threat_actor,
        "categories": row.categories, "pathways": row.pathways, "evaluations": row.evaluations, "state": row.state,
        "reason": row.reason, "by": {"id": row.actor_id, "name": row.actor_name, "role": row.actor_role},
        "written_at": rfc3339(row.written_at),
    }  # fmt: skip


def described(body: bodies.SafeguardText) -> safeguarding.Described:
    """Return what a body says of a safeguard."""
    return safeguarding.Described(
        name=body.name, summary=body.summary, threat_actor=body.threat_actor, claim=body.claim,
        categories=body.categories, pathways=body.pathways, evaluations=body.evaluations,
    )  # fmt: skip


class Mitigations(View):
    """The mitigations and safeguards of subjects, every version."""

    read_scope = Scope.SCORECARDS_READ
    write_scope = Scope.SIGNOFF_WRITE

    @extend_schema(operation_id="mitigations_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List versions, newest first."""
        filters = chosen(request, ("subject", "slug", "state", "claim"))
        fields = {"subject": "subject__slug", "slug": "slug", "state": "state", "claim": "claim"}
        found = visible_safeguards(self.reader(request)).order_by("-id")
        rows = found.filter(**{fields[name]: value for name, value in filters.items()})
        return listed(request, rows, safeguard_document, name="mitigations")

    @extend_schema(operation_id="mitigation_register", request=bodies.SafeguardBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Register a safeguard of a subject as version 1."""
        body, person = self.body(request, bodies.SafeguardBody), self.person(request)
        subject = visible_subjects(self.reader(request)).filter(slug=body.subject).first()
        row = safeguarding.register(
            refuse_missing(subject, "subject"), slug=body.slug, described=described(body), reason=body.reason,
            by=person, at=self.now(),
        )  # fmt: skip
        return Response(safeguard_document(row), status=201)


class MitigationVersions(View):
    """The next version of a safeguard."""

    write_scope = Scope.SIGNOFF_WRITE

    @extend_schema(
        operation_id="mitigation_revise", request=bodies.SafeguardVersionBody, responses={201: dict[str, Any]}
    )
    def post(self, request: Request, identifier: str) -> Response:
        """Revise a safeguard; cards that credit an earlier version become stale."""
        body, person = self.body(request, bodies.SafeguardVersionBody), self.person(request)
        row = refuse_missing(visible_safeguards(self.reader(request)).filter(id=identifier).first(), "safeguard")
        made = safeguarding.revise(
            row, seen=row.version, described=described(body), reason=body.reason, by=person, at=self.now()
        )
        return Response(safeguard_document(made), status=201)


class MitigationWithdrawal(View):
    """The withdrawal of a safeguard."""

    write_scope = Scope.SIGNOFF_WRITE

    @extend_schema(operation_id="mitigation_withdraw", request=bodies.ReasonBody, responses={200: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Withdraw a safeguard; levels that credit it lose that cause."""
        body, person = self.body(request, bodies.ReasonBody), self.person(request)
        row = refuse_missing(visible_safeguards(self.reader(request)).filter(id=identifier).first(), "safeguard")
        made = safeguarding.withdraw(row, seen=row.version, reason=body.reason, by=person, at=self.now())
        return Response(safeguard_document(made))
