"""Forecasts and exception clauses by API: what people expect and attest beside the evidence."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scorecard import forecasting, invoking
from scorecard.access import visible_forecasts, visible_invocations
from scorecard.api import bodies
from scorecard.api.views.base import View, refuse_missing
from scorecard.api.views.scorecards import CardView
from scorecard.models import Scope
from scorecard.reasons import day_given


class Forecasts(CardView):
    """Forecasts of levels that the subject of a scorecard is expected to reach."""

    @extend_schema(operation_id="forecast", request=bodies.ForecastBody, responses={201: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Forecast a level; duties and gates that count forecasts read it like a level that is reached."""
        body, card = self.body(request, bodies.ForecastBody), self.card(request, name)
        self.person(request)
        told = body.model_dump() | {
            "post_level": body.post_level or body.level, "by_day": day_given(body.by_day, pointer="/by_day"),
        }  # fmt: skip
        forecasting.forecast(card, **told, by=self.person(request), at=self.now())
        return self.shown(request, card, status=201)


class ForecastWithdrawal(View):
    """The withdrawal of a forecast."""

    write_scope = Scope.SIGNOFF_WRITE

    @extend_schema(operation_id="forecast_withdraw", request=bodies.ReasonBody, responses={200: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Withdraw a standing forecast, with the reason; cards that carry it become stale."""
        body = self.body(request, bodies.ReasonBody)
        row = refuse_missing(visible_forecasts(self.reader(request)).filter(id=identifier).first(), "forecast")
        made = forecasting.withdraw(row, reason=body.reason, by=self.person(request), at=self.now())
        return Response({"id": made.id, "withdrawn": True, "reason": made.withdraw_reason})


class Exceptions(CardView):
    """Exception clauses of the framework that a draft invokes."""

    @extend_schema(operation_id="exception_invoke", request=bodies.ExceptionBody, responses={201: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Invoke a clause: the grounds of each of its statements, by the statement's slug."""
        body, card = self.body(request, bodies.ExceptionBody), self.card(request, name)
        invoking.invoke(card, clause=body.clause, grounds=body.grounds, by=self.person(request), at=self.now())
        return self.shown(request, card, status=201)


class ExceptionWithdrawal(View):
    """The withdrawal of an exception clause from a draft."""

    write_scope = Scope.SIGNOFF_WRITE

    @extend_schema(operation_id="exception_withdraw", request=bodies.ReasonBody, responses={200: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Withdraw a clause from a draft, with the reason."""
        body = self.body(request, bodies.ReasonBody)
        row = refuse_missing(visible_invocations(self.reader(request)).filter(id=identifier).first(), "exception")
        made = invoking.withdraw(row, reason=body.reason, by=self.person(request), at=self.now())
        return Response({"id": made.id, "withdrawn": True, "reason": made.withdraw_reason})
