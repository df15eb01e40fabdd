"""Scorecards and the deeds on them; every rule lives in the deeds, whatever the client."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scorecard import bundling, determining, opening, rendering, sealing, signing
from scorecard.access import refuse_unless_whole, visible_scorecard, visible_scorecards
from scorecard.api import bodies
from scorecard.api.listing import chosen, listed
from scorecard.api.views.base import View, card_named, refuse_missing
from scorecard.assessing import assess
from scorecard.models import FrameworkVersion, Scope, Scorecard
from scorecard.moments import rfc3339
from scorecard.queries import card_document_for, snapshot_of
from scorecard.queries.signoff import signature_row
from scorecard.refusals import Refused
from scorecard.snapshot import canonical


def card_row(card: Scorecard) -> dict[str, Any]:
    """Return a scorecard as lists show it."""
    return {
        "id": card.id,
        "number": card.number,
        "version": card.version,
        "title": card.title,
        "state": card.state,
        "stale": card.stale,
        "subject": card.checkpoint.subject.slug,
        "checkpoint": card.checkpoint.name,
        "framework": card.framework.slug,
        "digest": card.digest or None,
        "sealed_at": rfc3339(card.sealed_at) if card.sealed_at else None,
    }


class Scorecards(View):
    """Scorecards."""

    read_scope = Scope.SCORECARDS_READ
    write_scope = Scope.SIGNOFF_WRITE

    @extend_schema(operation_id="scorecards_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List scorecard versions, newest first."""
        filters = chosen(request, ("checkpoint", "subject", "state", "number", "framework"))
        fields = {
            "checkpoint": "checkpoint__name", "subject": "checkpoint__subject__slug", "state": "state",
            "number": "number", "framework": "framework__slug",
        }  # fmt: skip
        found = visible_scorecards(self.reader(request))
        return listed(request, found.filter(**{fields[k]: v for k, v in filters.items()}), card_row, name="scorecards")

    @extend_schema(operation_id="scorecards_post", request=bodies.ScorecardBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Open a scorecard as a draft and assess it."""
        body, person = self.body(request, bodies.ScorecardBody), self.person(request)
        versions = FrameworkVersion.objects.filter(slug=body.framework).order_by("-published_at")
        framework = (versions.filter(version=body.version) if body.version else versions).first()
        checkpoint = self.reach(request).checkpoints().filter(name=body.checkpoint).first()
        card = opening.open_scorecard(
            programme=person.programme, checkpoint=refuse_missing(checkpoint, "checkpoint"),
            framework=refuse_missing(framework, "framework"), title=body.title, by=person, at=self.now(),
        )  # fmt: skip
        assess(card, cause=person.actor.id, at=self.now())
        return Response(card_document_for(self.reader(request), card), status=201)


class CardView(View):
    """A view on one scorecard, named by id, by number, or by `NUMBER-vN`."""

    read_scope: Scope | None = Scope.SCORECARDS_READ
    write_scope: Scope | None = Scope.SIGNOFF_WRITE

    def address(self, request: Request) -> str:
        """Return where the call came from, for the limit on wrong proofs."""
        return str(request.META.get("REMOTE_ADDR", ""))

    def card(self, request: Request, name: str) -> Scorecard:
        """Return the visible card. Raises Refused 404."""
        return card_named(self.reader(request), name)

    def shown(self, request: Request, card: Scorecard, *, status: int = 200) -> Response:
        """Return the card's document as it is now, as far as the reader may see it."""
        reader = self.reader(request)
        return Response(card_document_for(reader, visible_scorecard(reader, id=card.id)), status=status)


class OneScorecard(CardView):
    """One scorecard."""

    write_scope = None

    @extend_schema(operation_id="scorecard_get", responses={200: dict[str, Any]})
    def get(self, request: Request, name: str) -> Response:
        """Return the card with its live state."""
        return self.shown(request, self.card(request, name))


class Determinations(CardView):
    """Determinations."""

    @extend_schema(operation_id="determine", request=bodies.DeterminationBody, responses={201: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Determine the level of one category and side."""
        body, card = self.body(request, bodies.DeterminationBody), self.card(request, name)
        told = body.model_dump(exclude={"kind", "argument", "safeguards"})
        grounds = determining.Grounds(kind=body.kind, argument=body.argument, safeguards=body.safeguards)
        determining.determine(card, **told, grounds=grounds, by=self.person(request), at=self.now())
        return self.shown(request, card, status=201)


class RequestReview(CardView):
    """The request for review."""

    @extend_schema(operation_id="request_review", request=bodies.SeenBody, responses={200: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Freeze the draft and send it to review."""
        body, card = self.body(request, bodies.SeenBody), self.card(request, name)
        signing.request(card, seen=body.seen, by=self.person(request), at=self.now())
        return self.shown(request, card)


class Signatures(CardView):
    """Signatures."""

    @extend_schema(operation_id="sign", request=bodies.SignatureBody, responses={201: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Sign exactly the digest that was seen, with a fresh password."""
        body, card = self.body(request, bodies.SignatureBody), self.card(request, name)
        signature = signing.sign(
            card, **body.model_dump(), address=self.address(request), by=self.person(request), at=self.now()
        )
        return Response(signature_row(signature), status=201)


class Decline(CardView):
    """Declining to sign."""

    @extend_schema(operation_id="decline", request=bodies.DeclineBody, responses={200: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Decline with a reason; the card goes back to draft."""
        body, card = self.body(request, bodies.DeclineBody), self.card(request, name)
        signing.decline(
            card, **body.model_dump(), address=self.address(request), by=self.person(request), at=self.now()
        )
        return self.shown(request, card)


class Reopen(CardView):
    """Taking a card in review back to draft."""

    @extend_schema(operation_id="reopen", request=bodies.ReopenBody, responses={200: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Take the card back to draft; standing signatures no longer count."""
        body, card = self.body(request, bodies.ReopenBody), self.card(request, name)
        signing.reopen(card, reason=body.reason, by=self.person(request), at=self.now())
        return self.shown(request, card)


class Seal(CardView):
    """Sealing."""

    @extend_schema(operation_id="seal", request=bodies.SeenBody, responses={200: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Seal a reviewed card whose signatures are complete."""
        body, card = self.body(request, bodies.SeenBody), self.card(request, name)
        sealing.seal(card, seen=body.seen, by=self.person(request), at=self.now())
        return self.shown(request, card)


class Revoke(CardView):
    """Revoking."""

    @extend_schema(operation_id="revoke", request=bodies.RevokeBody, responses={200: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Revoke a sealed card."""
        body, card = self.body(request, bodies.RevokeBody), self.card(request, name)
        sealing.revoke(card, **body.model_dump(), address=self.address(request), by=self.person(request), at=self.now())
        return self.shown(request, card)


class NextVersion(CardView):
    """The next version."""

    @extend_schema(operation_id="next_version", request=None, responses={201: dict[str, Any]})
    def post(self, request: Request, name: str) -> Response:
        """Open the next version of a sealed or revoked card as a draft and assess it."""
        person, card = self.person(request), self.card(request, name)
        following = opening.open_next_version(card, by=person, at=self.now())
        if following.state == "draft":
            assess(following, cause=person.actor.id, at=self.now())
        return self.shown(request, following, status=201)


def _download(data: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class Document(CardView):
    """The documents of a scorecard: PDF, canonical record, auditor's bundle and evidence table."""

    write_scope = None

    @extend_schema(operation_id="scorecard_document", responses={200: bytes})
    def get(self, request: Request, name: str, kind: str) -> HttpResponse:
        """Return one document as a download."""
        card = self.card(request, name)
        refuse_unless_whole(self.reader(request), card)
        stem = f"{card.number}-v{card.version}"
        if kind == "document.pdf":
            return _download(rendering.pdf_bytes(card), "application/pdf", f"{stem}.pdf")
        if kind == "bundle.zip":
            pdf = rendering.pdf_bytes(card) if rendering.pdf_state(card)["ready"] else None
            return _download(bundling.bundle(card, pdf), "application/zip", f"{stem}-bundle.zip")
        snapshot = card_snapshot(card)
        if kind == "scorecard.json":
            return _download(canonical(snapshot)[0].encode(), "application/json", f"{stem}.json")
        table = rendering.evidence_table(snapshot["evidence"])
        return _download(table, "text/csv; charset=utf-8", f"{stem}-evidence.csv")


def card_snapshot(card: Scorecard) -> dict[str, Any]:
    """Return the snapshot of an assessed card. Raises Refused 409 while nothing was assessed."""
    if not card.assessments.exists():
        raise Refused("not-assessed", f"{card} was not assessed yet.", remedy="Wait for its job to finish.")
    from_queries: dict[str, Any] = snapshot_of(card)
    return from_queries
