"""How long evidence holds, by API: results applied to other checkpoints, changes of systems, and what falls due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.models import Checkpoint
from scorecard import applying, changing
from scorecard.access import visible_applicability, visible_changes, withheld_categories
from scorecard.api import bodies
from scorecard.api.listing import chosen, listed
from scorecard.api.views.base import View, refuse_missing
from scorecard.api.views.scorecards import CardView
from scorecard.models import Applicability, Scope, SystemChange
from scorecard.moments import rfc3339
from scorecard.queries.validity import due_of
from scorecard.reasons import day_given
from scorecard.refusals import Refused

LONGEST_LOOK = 3650
"""Days ahead for which may be asked what falls due."""


def applicability_document(row: Applicability) -> dict[str, Any]:
    """Return a determination that results hold as the API shows it."""
    return {
        "id": row.id, "from_checkpoint": row.from_checkpoint.name, "to_checkpoint": row.to_checkpoint.name,
        "rationale": row.rationale, "limits": row.limits, "compute_multiple": row.compute_multiple,
        "expires_at": rfc3339(row.expires_at) if row.expires_at else None,
        "by": {"id": row.actor_id, "name": row.actor_name, "role": row.actor_role},
        "determined_at": rfc3339(row.determined_at),
        "withdrawn_at": rfc3339(row.withdrawn_at) if row.withdrawn_at else None,
        "withdraw_reason": row.withdraw_reason,
    }  # fmt: skip


def change_document(row: SystemChange) -> dict[str, Any]:
    """Return a reported change as the API shows it."""
    return {
        "id": row.id, "checkpoint": row.checkpoint.name, "kind": row.kind, "words": row.words,
        "happened_at": rfc3339(row.happened_at),
        "by": {"id": row.actor_id, "name": row.actor_name, "role": row.actor_role},
        "reported_at": rfc3339(row.reported_at),
        "withdrawn_at": rfc3339(row.withdrawn_at) if row.withdrawn_at else None,
        "withdraw_reason": row.withdraw_reason,
    }  # fmt: skip


class ValidityView(View):
    """Read like scorecards, written with a person's own token."""

    read_scope: Scope | None = Scope.SCORECARDS_READ
    write_scope = Scope.SIGNOFF_WRITE

    def checkpoint(self, request: Request, name: str) -> Checkpoint:
        """Return a checkpoint inside the reach of the token. Raises Refused 404 for another one."""
        self.reader(request)
        found: Checkpoint = refuse_missing(self.reach(request).checkpoints().filter(name=name).first(), "checkpoint")
        return found


class ApplicabilityDeterminations(ValidityView):
    """Determinations that results on one checkpoint hold for another."""

    @extend_schema(operation_id="applicability_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List them, newest first."""
        fields = {"from_checkpoint": "from_checkpoint__name", "to_checkpoint": "to_checkpoint__name"}
        filters = chosen(request, tuple(fields))
        found = visible_applicability(self.reader(request)).order_by("-id")
        rows = found.filter(**{fields[name]: value for name, value in filters.items()})
        return listed(request, rows, applicability_document, name="applicability")

    @extend_schema(operation_id="applicability", request=bodies.ApplicabilityBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Determine that results hold, with the reason, the limits, the last day and the growth of compute."""
        body, person = self.body(request, bodies.ApplicabilityBody), self.person(request)
        source = self.checkpoint(request, body.from_checkpoint)
        row = applying.declare_applicable(
            programme=person.programme, from_checkpoint=source,
            to_checkpoint=self.checkpoint(request, body.to_checkpoint), rationale=body.rationale, limits=body.limits,
            last_day=None if body.last_day is None else day_given(body.last_day, pointer="/last_day"),
            compute_multiple=body.compute_multiple, by=person, at=self.now(),
        )  # fmt: skip
        return Response(applicability_document(row), status=201)


class ApplicabilityWithdrawal(ValidityView):
    """The withdrawal of such a determination."""

    read_scope = None

    @extend_schema(operation_id="applicability_withdraw", request=bodies.ReasonBody, responses={200: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Withdraw it, with the reason; cards that rest on it become stale."""
        body = self.body(request, bodies.ReasonBody)
        found = visible_applicability(self.reader(request)).filter(id=identifier).first()
        row = refuse_missing(found, "applicability")
        made = applying.withdraw(row, reason=body.reason, by=self.person(request), at=self.now())
        return Response(applicability_document(made))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refused(
            "moment-unreadable", f"{text!r} is no moment with an offset.", status=422, pointer="/happened_at",
            remedy="Write it as 2026-03-01T12:00:00Z.",
        )  # fmt: skip
    return found


class Changes(ValidityView):
    """Changes of checkpoints, after which what was measured before them may not hold."""

    @extend_schema(operation_id="changes_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List reported changes, newest first."""
        filters = chosen(request, ("checkpoint", "kind"))
        fields = {"checkpoint": "checkpoint__name", "kind": "kind"}
        found = visible_changes(self.reader(request)).order_by("-id")
        rows = found.filter(**{fields[name]: value for name, value in filters.items()})
        return listed(request, rows, change_document, name="changes")

    @extend_schema(operation_id="change_report", request=bodies.ChangeBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Report a change; evidence from before it ends where the framework says so."""
        body, person = self.body(request, bodies.ChangeBody), self.person(request)
        row = changing.report_change(
            programme=person.programme, checkpoint=self.checkpoint(request, body.checkpoint), kind=body.kind,
            happened_at=_moment(body.happened_at), words=body.words, by=person, at=self.now(),
        )  # fmt: skip
        return Response(change_document(row), status=201)


class ChangeWithdrawal(ValidityView):
    """The withdrawal of a change that was reported by mistake."""

    read_scope = None

    @extend_schema(operation_id="change_withdraw", request=bodies.ReasonBody, responses={200: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Withdraw a report, with the reason; what it ended stands again."""
        body = self.body(request, bodies.ReasonBody)
        row = refuse_missing(visible_changes(self.reader(request)).filter(id=identifier).first(), "change")
        made = changing.withdraw(row, reason=body.reason, by=self.person(request), at=self.now())
        return Response(change_document(made))


class Due(CardView):
    """What of a scorecard's evidence has ended or soon ends."""

    write_scope = None

    @extend_schema(operation_id="scorecard_due", responses={200: dict[str, Any]})
    def get(self, request: Request, name: str) -> Response:
        """Return what is due within `days` (90), and the cheapest evaluations that renew it."""
        text = chosen(request, ("days",)).get("days", "90")
        if not text.isascii() or not text.isdigit() or not 0 <= int(text[:6]) <= LONGEST_LOOK:
            raise ParseError(f"days is a number from 0 to {LONGEST_LOOK}.")
        card, reader = self.card(request, name), self.reader(request)
        within = self.now().date() + timedelta(days=int(text))
        found = due_of(card, within=within, hidden=frozenset(withheld_categories(reader, card)))
        expires_at = found["expires_at"]
        return Response({**found, "within": within, "expires_at": rfc3339(expires_at) if expires_at else None})
