"""The audit log: the whole ledger with filters, one scorecard's slice of it, and its export."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from scorecard.queries import card_document_for, history_of, ledger_page, ledger_state
from scorecard.queries.history import exported, filtered_entries
from scorecard.refusals import Refused
from scorecard.web.doors import card_and_person, page, reader_for

FILTERS = ("kind", "actor", "subject", "type")


def _filters(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in FILTERS if request.GET.get(name)}


def _before(request: HttpRequest) -> int | None:
    given = request.GET.get("before", "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 15):
        raise Refused("bad-page", "This page of the audit log does not exist.", remedy="Start at its top.", status=422)
    return int(given)


@page()
def ledger(request: HttpRequest) -> HttpResponse:
    """Show the newest entries, filtered as the address says, and the state of the chain."""
    chosen = _filters(request)
    found = ledger_page(reader_for(request), before=_before(request), filters=chosen)
    context = {**found, "chosen": chosen, "state": ledger_state(), "filters": FILTERS}
    return render(request, "pages/ledger.html", context)


@page()
def entries(request: HttpRequest) -> HttpResponse:
    """Download the filtered entries, one canonical envelope per line, oldest first."""

    chosen = _filters(request)
    lines = exported(
        reader_for(request), filtered_entries(chosen).order_by("seq"), narrowed=bool(chosen), with_leaves=True
    )
    answer = StreamingHttpResponse(lines, content_type="application/jsonl")
    answer.headers["Content-Disposition"] = 'attachment; filename="ledger.jsonl"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer  # type: ignore[return-value]


@page()
def history(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Show one scorecard version's own entries."""
    card, _ = card_and_person(request, number, version)
    reader = reader_for(request)
    context = {"document": card_document_for(reader, card), "rows": history_of(reader, card)}
    return render(request, "pages/history.html", context)
