"""Doors for recorders that cannot be taught another language: they post what they always post."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations import listening
from evaluations.binding import PLACES, Binding
from evaluations.logs.refusal import LogRefused
from evaluations.reading_logs import BindingRefused
from evaluations.report import ReportRefused
from scorecard.api.listing import chosen
from scorecard.api.parsing import RawJSONParser
from scorecard.api.views.base import View
from scorecard.models import Scope


class OpenAIEvalsRecorder(View):
    """The HTTP recorder of OpenAI evals: bare JSON arrays of events, a hundred at a time."""

    parser_classes = [RawJSONParser]
    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="recorder_openai_evals", request=list[dict[str, Any]], responses={200: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Take one batch in; the binding stands in the address, because the events name no checkpoint."""
        said = dict(chosen(request, PLACES))
        raw = request.data if isinstance(request.data, bytes) else b""
        try:
            heard = listening.hear(
                raw, binding=Binding.of(said), by=self.actor(request), at=self.now(), within=self.reach(request)
            )
        except LogRefused as refusal:
            raise ReportRefused([refusal.fault], status=400) from None
        except BindingRefused as refusal:
            raise ReportRefused(refusal.faults, status=refusal.status) from None
        live = heard.live
        answer = {"id": live.id, "run_id": live.native_id, "events": heard.events, "created": heard.created}
        live.refresh_from_db()
        return Response({**answer, "ended": live.ended, "log": live.log_id and f"/api/v1/logs/{live.log_id}/"})
