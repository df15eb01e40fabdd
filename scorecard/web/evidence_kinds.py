"""Evidence documents as people read them: the list with its filters, one page for each document, its bytes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from evaluations.evidence import KINDS
from evaluations.evidence_queries import evidence_documents, kind_titles, revisions_of, told
from evaluations.models import EvidenceDocument, Mitigation, Section
from scorecard.access import visible_documents
from scorecard.refusals import Refused
from scorecard.showing import download_document
from scorecard.web.content import download, gate
from scorecard.web.doors import page, person_in, reader_for
from scorecard.web.runs import paged

ROWS = 50
LONG = {
    "policy/1": "clauses",
    "policy-judgements/1": "clauses",
    "breakdown/1": "table",
    "jailbreaks/1": "techniques",
    "comparison/1": "pairings",
    "arena/1": "table",
    "probing/1": "conversations",
    "partner-report/1": "findings",
}
"""Kind -> the part of its reading that is shown page by page."""
FILTERS = ("checkpoint", "kind", "section", "category", "mitigation")
TEMPLATES = {schema: f"evidence/{schema.partition('/')[0].replace('-', '_')}.html" for schema in KINDS}


@page()
def evidence_list(request: HttpRequest) -> HttpResponse:
    """List documents, newest first; filters stand in the address."""
    chosen = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    seen = visible_documents(reader_for(request))
    found = evidence_documents(seen, chosen, superseded=request.GET.get("superseded") == "yes")
    context = {
        "shown": paged(request, found.order_by("-received_at", "-id"), size=ROWS),
        "chosen": chosen,
        "filters": FILTERS,
        "choices": {"kind": kind_titles(), "section": Section.choices, "mitigation": Mitigation.choices},
        "titles": dict(kind_titles()),
    }
    return render(request, "pages/evidence_list.html", context)


def _document(request: HttpRequest, document_id: str) -> EvidenceDocument:
    seen = visible_documents(reader_for(request))
    found = seen.filter(id=document_id).select_related("superseded_by").first()
    if found is None:
        raise Refused("not-found", "There is no such document, or it is not visible to you.", status=404)
    return found


@page()
def evidence_document(request: HttpRequest, document_id: str) -> HttpResponse:
    """Show one document: what it says, what is computed from it, and who filed it."""
    row = _document(request, document_id)
    shown = told(row)
    context = {
        "row": row,
        "document": shown.document.model_dump(),
        "reading": shown.reading,
        "levels": shown.reading.get("levels", []),
        "rows": paged(request, shown.reading[LONG[row.kind]], size=ROWS) if row.kind in LONG else None,
        "title": KINDS[row.kind].title,
        "checkpoints": [binding.checkpoint for binding in row.bindings.select_related("checkpoint__subject")],
        "revisions": revisions_of(row),
        "bound_runs": list(row.bound.get("runs", {}).values()),
        "bound_policy": row.bound.get("policy"),
        "body": TEMPLATES[row.kind],
        **gate(("evidence", row.id), by=person_in(request, row.programme)),
    }
    return render(request, "pages/evidence_document.html", context)


@page("POST")
def evidence_raw(request: HttpRequest, document_id: str) -> HttpResponseBase:
    """Download the document exactly as it was received, after the ledger entry that says why."""
    row = _document(request, document_id)
    if request.method != "POST":
        return redirect("web:evidence_document", row.id)
    by, reason = person_in(request, row.programme), request.POST.get("reason", "")
    return download(download_document(row, reason=reason, by=by, at=timezone.now()), name=f"{row.id}.json")
