"""Evaluation plans by API: what will be measured, locked before there are results."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scorecard import planning
from scorecard.access import Reader, untold_evaluations, visible_plans
from scorecard.api import bodies
from scorecard.api.listing import chosen, listed
from scorecard.api.views.base import refuse_missing
from scorecard.api.views.validity import ValidityView
from scorecard.models import EvaluationPlan
from scorecard.queries.plans import framework_named, version_row


def plan_document(row: EvaluationPlan, reader: Reader) -> dict[str, Any]:
    """Return one version of a plan as the API shows it to a reader."""
    untold = untold_evaluations(reader, row.programme_id, row.framework)
    told = version_row(row)
    framework = {"slug": row.framework.slug, "version": row.framework.version, "digest": row.framework.digest}
    return {
        **told,
        "checkpoint": row.checkpoint.name,
        "framework": framework,
        "items": [item for item in told["items"] if item["evaluation"] not in untold],
    }


def _item(item: bodies.PlannedItem) -> dict[str, Any]:
    told = item.model_dump(exclude_none=True)
    elicitation = {name: value for name, value in told.pop("elicitation").items() if value}
    return {**told, **({"elicitation": elicitation} if elicitation else {})}


class Plans(ValidityView):
    """Versions of evaluation plans."""

    @extend_schema(operation_id="plans_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List versions, newest first."""
        fields = {"checkpoint": "checkpoint__name", "framework": "framework__slug"}
        filters, reader = chosen(request, tuple(fields)), self.reader(request)
        found = visible_plans(reader).order_by("-id")
        rows = found.filter(**{fields[name]: value for name, value in filters.items()})
        return listed(request, rows, lambda row: plan_document(row, reader), name="plans")

    @extend_schema(operation_id="plan_lock", request=bodies.PlanBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Lock a plan, or its next version; no version is ever changed."""
        body, person = self.body(request, bodies.PlanBody), self.person(request)
        checkpoint = self.checkpoint(request, body.checkpoint)
        framework = refuse_missing(framework_named(body.framework), "framework")
        row = planning.lock(
            checkpoint, framework, items=[_item(item) for item in body.items], stopping_rule=body.stopping_rule,
            reason=body.reason, seen=body.seen, by=person, at=self.now(),
        )  # fmt: skip
        return Response(plan_document(row, self.reader(request)), status=201)
