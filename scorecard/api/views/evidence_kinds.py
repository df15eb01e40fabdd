"""Evidence documents: kinds of evidence beyond scored samples, which inform a card and never set a level."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.evidence_queries import FILTERS, evidence_documents, revisions_of, told
from evaluations.models import EvidenceDocument
from scorecard.access import visible_documents
from scorecard.api.listing import chosen, listed
from scorecard.api.parsing import RawJSONParser
from scorecard.api.views.base import View, refuse_missing
from scorecard.attaching import kept_file
from scorecard.filing import file
from scorecard.models import Scope
from scorecard.moments import rfc3339
from scorecard.showing import record_handing_out


def evidence_row(row: EvidenceDocument) -> dict[str, Any]:
    """Return a document as lists show it."""
    return {
        "id": row.id,
        "kind": row.kind,
        "native_id": row.native_id,
        "version": row.version or None,
        "revision": row.revision,
        "title": row.title,
        "summary": row.summary,
        "checkpoints": [binding.checkpoint.name for binding in row.bindings.all()],
        "mitigation": row.mitigation,
        "category": row.category or None,
        "section": row.section or None,
        "source": row.source,
        "digest": row.digest,
        "raw_digest": row.raw_digest,
        "superseded_by": row.superseded_by_id,
        "received_at": rfc3339(row.received_at),
        "posted_by": {"kind": row.actor_kind, "id": row.actor_id, "name": row.actor_name},
        "links": {"self": f"/api/v1/evidence/{row.id}/", "html": f"/evidence/{row.id}/"},
    }


class EvidenceDocuments(View):
    """Documents of every kind."""

    parser_classes = [RawJSONParser]
    read_scope = Scope.EVIDENCE_READ
    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="evidence_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List documents, newest first; `superseded=yes` lists former revisions too."""
        filters = chosen(request, (*FILTERS, "superseded"))
        superseded = filters.pop("superseded", "") == "yes"
        found = evidence_documents(visible_documents(self.reader(request)), filters, superseded=superseded)
        return listed(request, found, evidence_row, name="evidence")

    @extend_schema(operation_id="evidence_post", request=dict[str, Any], responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """File a document; its `schema` says its kind. The same content again answers 200 and changes nothing."""
        raw = request.data if isinstance(request.data, bytes) else b""
        filed = file(raw, by=self.actor(request), at=self.now(), within=self.reach(request))
        answer = {
            **evidence_row(filed.document),
            "superseded": filed.superseded.id if filed.superseded is not None else None,
        }
        return Response(answer, status=201 if filed.created else 200)


def _document(view: View, request: Request, identifier: str) -> EvidenceDocument:
    seen = visible_documents(view.reader(request))
    found: EvidenceDocument = refuse_missing(seen.filter(id=identifier).first(), "evidence document")
    return found


class OneEvidenceDocument(View):
    """One document."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="evidence_get", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Return a document as posted, and what is computed from it."""
        row = _document(self, request, identifier)
        shown = told(row)
        revisions = [{"id": one.id, "revision": one.revision, "digest": one.digest} for one in revisions_of(row)]
        document = shown.document.model_dump(mode="json", by_alias=True, exclude_none=True)
        return Response({**evidence_row(row), "revisions": revisions, "document": document, "reading": shown.reading})


class EvidenceRaw(View):
    """The bytes of one document as they were received."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="evidence_raw", responses={200: bytes})
    def get(self, request: Request, identifier: str) -> FileResponse:
        """Return the document as a download."""
        row = _document(self, request, identifier)
        record_handing_out(("evidence", row.id), row.raw_digest, by=self.actor(request), at=self.now())
        return kept_file(row.raw_digest, name=f"{row.id}.json")
