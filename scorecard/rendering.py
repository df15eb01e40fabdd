"""Rendering: a sealed scorecard becomes a PDF once; its bytes are stored, sealed with a last line, and recorded."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pandas as pd
from django.conf import settings
from django.db import transaction

from evaluations.actors import SYSTEM
from evaluations.blobs import get, put
from scorecard.bundling import bundle_without_pdf, rendering_of
from scorecard.models import Rendering, Scorecard
from scorecard.pdf.availability import missing_libraries, remedy
from scorecard.pdf.child import render_in_child
from scorecard.pdf.seal_line import with_seal_line
from scorecard.queries import comparisons_of
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.signing_key import load_key
from scorecard.snapshot import canonical

COLUMNS = (
    "run", "evaluation", "stratum", "metric", "checkpoint", "mitigation", "form", "value", "unit", "k", "scored",
    "expected", "reported_n", "scaffold", "printed_value", "printed_unit", "printed_metric", "printed_model",
    "elicitation_adequate", "quality", "source", "digest",
)  # fmt: skip


def _row(item: dict[str, Any]) -> dict[str, Any]:
    tally, printed = item["tally"] or {}, item["printed"] or {}
    words = {f"printed_{name}": printed.get(name) for name in ("value", "unit", "metric", "model")}
    return {**item, **words, "k": tally.get("total"), "scored": tally.get("scored"), "expected": tally.get("expected")}


def evidence_table(items: list[dict[str, Any]]) -> bytes:
    """Return evidence items as CSV, one row per run; text that a spreadsheet would run is defused."""
    rows = [_row(item) for item in items]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="object")
    return frame.map(_defused).to_csv(index=False, lineterminator="\n").encode()


def _defused(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def verify_url(card: Scorecard) -> str:
    """Return the address that the QR code opens."""
    return f"{settings.PUBLIC_URL}/verify/?record={card.digest}"


def printed(card: Scorecard) -> str:
    """Render the PDF of a sealed card, store its sealed bytes and return their digest.

    Takes seconds and writes no row, so it runs outside any transaction. Raises Refused 503 with the remedy where Pango
    is missing, PdfFailed when the renderer failed or hit its limits.
    """
    if missing_libraries():
        raise Refused("pdf-unavailable", remedy(), remedy=remedy(), status=503)
    key = load_key(settings.LEDGER_KEY_FILE, name=settings.LEDGER_ORIGIN)
    sealed = json.loads(card.sealed_card.canonical)
    comparisons = comparisons_of(card)
    unsealed_pdf = render_in_child(
        sealed,
        framework=card.framework.document,
        attachments={
            "bundle.zip": bundle_without_pdf(card),
            "scorecard.json": canonical(sealed["snapshot"])[0].encode(),
            "evidence.csv": evidence_table(sealed["snapshot"]["evidence"]),
            "comparisons.csv": evidence_table(comparisons),
        },
        comparisons=comparisons,
        verify_url=verify_url(card),
        verification_key=key.verification_key,
    )
    return put(with_seal_line(unsealed_pdf, key.sign_file))


def keep(card: Scorecard, *, digest: str, at: datetime) -> Rendering:
    """Make the stored PDF the card's rendering and record its digest; a card that has one keeps the first."""
    with transaction.atomic():
        row, created = Rendering.objects.get_or_create(
            scorecard=card, kind="pdf", defaults={"digest": digest, "renderer": "weasyprint", "rendered_at": at}
        )
        if created:
            record(
                "scorecard.rendered",
                subject=("scorecard", card.id),
                data={"number": card.number, "version": card.version, "record": card.digest, "pdf": digest},
                by=SYSTEM,
                at=at,
            )
    return row


def pdf_state(card: Scorecard) -> dict[str, Any]:
    """Return whether the PDF can be downloaded now: `{ready, digest, remedy}`."""
    row = rendering_of(card)
    if row is not None:
        return {"ready": True, "digest": row.digest, "remedy": ""}
    if missing_libraries():
        return {"ready": False, "digest": None, "remedy": remedy()}
    if not hasattr(card, "sealed_card"):
        return {"ready": False, "digest": None, "remedy": "The PDF is made when the scorecard is sealed."}
    return {"ready": False, "digest": None, "remedy": "The PDF is being made; it is ready in a few seconds."}


def pdf_bytes(card: Scorecard) -> bytes:
    """Return the stored PDF. Raises Refused: 409 for a card that is not sealed, 503 while or where there is none."""
    row = rendering_of(card)
    if row is not None:
        return get(row.digest)
    state = pdf_state(card)
    status = 503 if hasattr(card, "sealed_card") else 409
    raise Refused("pdf-not-ready", state["remedy"], remedy=state["remedy"], status=status)
