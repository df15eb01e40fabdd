"""Downloads of a scorecard: the printed document, the auditor's bundle, the canonical record and the evidence."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from scorecard.access import refuse_unless_whole
from scorecard.attaching import attachment
from scorecard.bundling import bundle as packed
from scorecard.models import Scorecard
from scorecard.queries import snapshot_of
from scorecard.rendering import evidence_table, pdf_bytes, pdf_state
from scorecard.snapshot import canonical
from scorecard.web.doors import card_and_person, page, reader_for


def _name(card: Scorecard, rest: str) -> str:
    return f"{card.number}-v{card.version}{rest}"


def _whole(request: HttpRequest, number: str, version: int) -> Scorecard:
    """Return a card of which nothing is withheld from the visitor. Raises Refused 404."""
    card, _ = card_and_person(request, number, version)
    refuse_unless_whole(reader_for(request), card)
    return card


@page()
def document(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Download the stored PDF of a sealed card."""
    card = _whole(request, number, version)
    return attachment(pdf_bytes(card), name=_name(card, ".pdf"), content_type="application/pdf")


@page()
def bundle(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Download bundle.zip of a sealed card, with its PDF where one was rendered."""
    card = _whole(request, number, version)
    pdf = pdf_bytes(card) if pdf_state(card)["ready"] else None
    return attachment(packed(card, pdf), name=_name(card, "-bundle.zip"), content_type="application/zip")


@page()
def record(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Download the canonical JSON record: the bytes that the digest names."""
    card = _whole(request, number, version)
    text, _ = canonical(snapshot_of(card))
    return attachment(text.encode(), name=_name(card, ".json"), content_type="application/json")


@page()
def evidence(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Download the evidence of a card, one line per run."""
    card = _whole(request, number, version)
    data = evidence_table(snapshot_of(card)["evidence"])
    return attachment(data, name=_name(card, "-evidence.csv"), content_type="text/csv; charset=utf-8")
