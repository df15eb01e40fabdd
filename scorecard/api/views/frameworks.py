"""Framework documents: their schema, and the dry run of a candidate. Publishing takes two people, on the pages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.report import Fault, ReportRefused
from scorecard.api.bodies import FrameworkSourceBody
from scorecard.api.views.base import View
from scorecard.framework.document import canonical, load, schema
from scorecard.framework.faults import FrameworkFaulty
from scorecard.models import Scope
from scorecard.queries.rescoring import dry_run

POINTER = "/source"
REMEDY = "Mend the document; /api/v1/frameworks/schema/ says what may stand where."


def _document(source: str) -> dict[str, Any]:
    """Return the canonical document of a source. Raises ReportRefused 422 with each fault, its line and its path."""
    try:
        return canonical(load(source.encode()))
    except FrameworkFaulty as faulty:
        rows = [Fault(POINTER, "framework-faulty", str(fault), REMEDY) for fault in faulty.faults]
        raise ReportRefused(rows, status=422) from None


class FrameworkSchema(View):
    """What a framework document may hold."""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(operation_id="framework_schema", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response:
        """Return the JSON Schema (2020-12) of a framework document."""
        self.reader(request)
        return Response(schema())


class FrameworkDryRun(View):
    """What a candidate document would change; nothing is kept."""

    write_scope = Scope.ADMIN

    @extend_schema(
        operation_id="framework_dry_run", request=FrameworkSourceBody, responses={200: dict[str, Any]}
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Return how the open and sealed scorecards of the token's programme would read under a document."""
        reader, body = self.reader(request), self.body(request, FrameworkSourceBody)
        return Response(dry_run(reader, self.token(request).programme, _document(body.source)))
