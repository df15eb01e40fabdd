"""The auditor's bundle: everything needed to recompute a sealed scorecard offline, in one canonical zip."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Q

from evaluations.blobs import get
from evaluations.models import EvaluationRun, EvidenceDocument
from evaluations.queries import report_bytes, scores_bytes
from scorecard.ledger.canonical import canonical_bytes, digest_bytes
from scorecard.models import Rendering, Scorecard
from scorecard.models.ledger import LedgerEntry
from scorecard.proving import proofs_of
from scorecard.refusals import Refused
from scorecard.verifier.archive import pack_stored
from scorecard.verifier.build import source, verifier_digest

README = """Preparedness scorecard {number} v{version}

Check it without trusting whoever gave it to you, with nothing but Python 3.9 or newer:

    python3 -I verify.py . --key "NAME+ID+KEY"        (this folder, or the zip, or the PDF)

Take the key from the laboratory's own publication, not from this bundle. Exit 0: every check passed. Exit 1: the first
difference is named. Exit 2: nothing contradicts, but something could not be decided (without --key: who signed).
verify.py cannot vouch for itself: its digest stands in the ledger entry of the seal, and is published with the key.
"""


def _informing(sealed: dict[str, Any]) -> list[str]:
    """Return the ids of the documents that inform a sealed card, in the record's order."""
    return [row["id"] for row in sealed["snapshot"].get("informing", [])]


OTHERS = {
    "forecasts": "forecast", "safeguards": "safeguard", "applicability": "applicability", "system_changes": "change",
}  # fmt: skip
"""Member of the snapshot -> what the ledger calls the subject of an entry about one of its rows."""


def _expected(sealed: dict[str, Any]) -> list[str]:
    """Return the ids of what else a sealed card carries that the ledger records by itself."""
    plans = (sealed["snapshot"].get("plan") or {"versions": []})["versions"]
    rows = [row for member in OTHERS for row in sealed["snapshot"].get(member, [])]
    return [row["id"] for row in (*rows, *plans)]


def _attempts(sealed: dict[str, Any]) -> list[str]:
    """Return the ids of the runs that a sealed card counts as attempts at what was planned."""
    rows = (sealed["snapshot"].get("plan") or {"rows": []})["rows"]
    return [run for row in rows for run in row["attempts"]]


def _cited(card: Scorecard, runs: list[str], informing: list[str], others: list[str], size: int) -> list[LedgerEntry]:
    about_runs = Q(subject_type="run", subject_id__in=runs)
    about_card = Q(subject_type="scorecard", subject_id=card.id)
    about_framework = Q(subject_type="framework", subject_id=card.framework_id)
    about_documents = Q(subject_type="evidence", subject_id__in=informing, kind__startswith="evidence.")
    about_others = Q(subject_type__in=(*OTHERS.values(), "plan"), subject_id__in=others)
    about = about_runs | about_card | about_framework | about_documents | about_others
    entries = LedgerEntry.objects.filter(about, seq__lt=size)
    return list(entries.order_by("seq"))


def _ledger_members(card: Scorecard, sealed: dict[str, Any], runs: list[str]) -> dict[str, bytes]:
    size = sealed["ledger"]["size"]
    entries = _cited(card, [*runs, *_attempts(sealed)], _informing(sealed), _expected(sealed), size)
    proofs = proofs_of([entry.seq for entry in entries], size)
    lines = [canonical_bytes({"envelope": json.loads(entry.envelope), "proof": proofs[entry.seq]}) for entry in entries]
    return {
        "ledger/entries.jsonl": b"".join(line + b"\n" for line in lines),
        "ledger/head.txt": sealed["ledger"]["head"].encode(),
    }


def _run_members(runs: list[str]) -> dict[str, bytes]:
    members = {}
    for run in EvaluationRun.objects.filter(id__in=runs).order_by("id"):
        members[f"runs/{run.id}/report.json"] = report_bytes(run)
        if run.form == "samples":
            members[f"runs/{run.id}/scores.csv"] = scores_bytes(run)
    return members


def _document_members(documents: list[str]) -> dict[str, bytes]:
    """Return the bytes of the documents as they were received."""
    kept = dict(EvidenceDocument.objects.filter(id__in=documents).values_list("id", "raw_digest"))
    return {f"informing/{document}.json": get(kept[document]) for document in documents}


def _verifier(card: Scorecard) -> bytes:
    """Return the verifier that the seal names, because an upgrade of the product must not change a sealed bundle."""
    seal = json.loads(LedgerEntry.objects.get(seq=card.sealed_card.ledger_seq).envelope)
    named: str = seal["data"]["verifier"]
    return source().encode() if named == verifier_digest() else get(named)


def members_of(card: Scorecard) -> dict[str, bytes]:
    """Return path -> bytes of everything but the PDF and the manifest, in the bundle's fixed order."""
    if not hasattr(card, "sealed_card"):
        raise Refused(
            "not-sealed", f"{card} is not sealed, so there is nothing to export yet.", remedy="Seal it first."
        )
    sealed = json.loads(card.sealed_card.canonical)
    runs = [item["run"] for item in sealed["snapshot"]["evidence"]]
    return {
        "scorecard.json": canonical_bytes(sealed["snapshot"]),
        "sealed.json": card.sealed_card.canonical.encode(),
        "framework.json": canonical_bytes(card.framework.document),
        **_run_members(runs),
        **_document_members(_informing(sealed)),
        **_ledger_members(card, sealed, runs),
        "verify.py": _verifier(card),
        "README.txt": README.format(number=card.number, version=card.version).encode(),
    }


def pack(card: Scorecard, members: dict[str, bytes]) -> bytes:
    """Return the canonical zip: manifest first, members stored in the given order with a fixed date."""
    manifest = {
        "schema": "bundle/1",
        "number": card.number,
        "version": card.version,
        "digest": card.digest,
        "members": [{"path": path, "sha256": digest_bytes(data), "bytes": len(data)} for path, data in members.items()],
    }
    return pack_stored({"MANIFEST.json": canonical_bytes(manifest), **members})


def bundle_without_pdf(card: Scorecard) -> bytes:
    """Return the bundle that the PDF itself carries as an attachment."""
    return pack(card, members_of(card))


def bundle(card: Scorecard, pdf: bytes | None) -> bytes:
    """Return bundle.zip of a sealed card, with its stored PDF if one was rendered. Raises Refused 409 if unsealed."""
    members = members_of(card)
    if pdf is not None:
        tail = {path: members.pop(path) for path in ("verify.py", "README.txt")}
        members = {**members, "scorecard.pdf": pdf, **tail}
    return pack(card, members)


def rendering_of(card: Scorecard) -> Rendering | None:
    """Return the stored PDF rendering's row, if there is one."""
    return card.renderings.filter(kind="pdf").first()
