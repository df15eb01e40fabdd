"""The gate and the ledger, for machines and for outsiders."""

from __future__ import annotations

import base64
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from scorecard.api.listing import chosen, page_size
from scorecard.api.views.base import View
from scorecard.ledger.canonical import canonical_bytes
from scorecard.models import Scope
from scorecard.proving import growth, proof_of
from scorecard.queries import ledger_state, standing_gate
from scorecard.queries.history import exported, filtered_entries, told
from scorecard.recording import sign_head
from scorecard.signing_key import LedgerKey, load_key


def _key() -> LedgerKey:
    return load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN)


def _number(request: Request, name: str, default: int | None = None) -> int:
    text = request.query_params.get(name, "" if default is None else str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise ParseError(f"{name} is a whole number.")
    return int(text)


class Gate(View):
    """May a checkpoint be deployed, or developed further?"""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(
        operation_id="gate",
        parameters=[OpenApiParameter("checkpoint", str, required=True), OpenApiParameter("action", str, required=True)],
        responses={200: dict[str, Any]},
    )
    def get(self, request: Request) -> Response:
        """Answer allow or deny with reasons, signed by the ledger key; deny by default."""
        asked = chosen(request, ("checkpoint", "action"))
        if set(asked) != {"checkpoint", "action"}:
            raise ParseError("Name both: ?checkpoint=...&action=deploy|develop.")
        answer = standing_gate(self.reader(request), asked["checkpoint"], asked["action"], self.now())
        key = _key()
        signature = base64.b64encode(key.private.sign(b"gate/1\n" + canonical_bytes(answer))).decode()
        return Response({**answer, "signature": {"key": key.verification_key, "value": signature}})


class Head(View):
    """The signed head of the ledger."""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(operation_id="ledger_head", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """Return the newest signed head and the key; `format=note` gives the note alone."""
        head = ledger_state()["head"]
        if request.query_params.get("format") == "note":
            return HttpResponse(head.note if head else "", content_type="text/plain; charset=utf-8")
        return Response(
            {"size": head.size if head else 0, "note": head.note if head else None, "key": _key().verification_key}
        )


class SignHead(View):
    """A fresh head over everything recorded so far."""

    write_scope = Scope.ADMIN

    @extend_schema(operation_id="ledger_sign_head", request=None, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Sign the present size and root, for a witness to keep elsewhere."""
        with transaction.atomic():
            head = sign_head(key=_key(), at=self.now())
        return Response({"size": head.size, "note": head.note}, status=201)


class Entries(View):
    """The ledger's entries, as hashed."""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(operation_id="ledger_entries", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """Return entries from `start` on, oldest first; `format=jsonl` exports the canonical envelopes."""
        reader = self.reader(request)
        filters = chosen(request, ("kind", "actor", "subject", "type", "start", "end"))
        start, end = _number(request, "start", 0), _number(request, "end", 10**14)
        entries = filtered_entries(filters).filter(seq__gte=start, seq__lt=end).order_by("seq")
        narrowed = bool(set(filters) - {"start", "end"})
        if request.query_params.get("format") == "jsonl":
            lines = exported(reader, entries, narrowed=narrowed)
            return HttpResponse(b"".join(lines), content_type="application/x-ndjson")
        page = list(entries[: page_size(request)])
        rows = [row for row in told(reader, page) if not (narrowed and "withheld" in row)]
        return Response({"results": rows, "next": page[-1].seq + 1 if len(page) == page_size(request) else None})


class Proof(View):
    """Proofs for outsiders."""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(operation_id="ledger_proof", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response:
        """Return an inclusion proof (`seq`, `size`) or a consistency proof (`old`, `size`)."""
        chosen(request, ("seq", "size", "old"))
        total = filtered_entries({}).count()
        size = _number(request, "size", total)
        if not 0 < size <= total:
            raise ParseError(f"size is from 1 to {total}.")
        if "old" in request.query_params:
            old = _number(request, "old")
            if not 0 < old <= size:
                raise ParseError(f"old is from 1 to {size}.")
            return Response({"old": old, "size": size, "proof": growth(old, size)})
        seq = _number(request, "seq")
        if seq >= size:
            raise ParseError(f"seq is below {size}.")
        return Response({"seq": seq, "size": size, "proof": proof_of(seq, size)})
