"""Bytes in, a checked evidence document out; its content has one canonical digest, however it was spelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from evaluations.canonical import named_digest, report_digest_bytes
from evaluations.evidence.kinds import KINDS
from evaluations.evidence.parts import Document
from evaluations.report import Fault, ReportRefused
from evaluations.report.reading import CODES, OUT_OF_RANGE, REMEDIES, STRICT_REMEDY, normalised
from evaluations.report.refusal import MOST_FAULTS, pointer_to
from evaluations.strict_json import StrictJSONError, parse_json

MOST_BYTES = 16 * 1024 * 1024


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        document = parse_json(data, MOST_BYTES)
        # ASCII without escapes is in NFC already.
        document = document if data.isascii() and b"\\u" not in data else normalised(document)
    except StrictJSONError as error:
        status = 422 if error.code in OUT_OF_RANGE else 400
        raise ReportRefused([Fault(error.pointer, error.code, error.message, STRICT_REMEDY)], status=status) from None
    if not isinstance(document, dict):
        fault = Fault("", "not-an-object", "The document is not a JSON object.", STRICT_REMEDY)
        raise ReportRefused([fault], status=400)
    return document


def _faults(error: ValidationError) -> Iterator[Fault]:
    for detail in error.errors(include_url=False, include_input=False):
        kind = detail["type"]
        remedy = REMEDIES.get(kind, "Correct the value; docs/reference/evidence-kinds.md lists every field.")
        if kind == "extra_forbidden":
            remedy = "Remove the field, or spell it as docs/reference/evidence-kinds.md does."
        yield Fault(pointer_to(detail["loc"]), CODES.get(kind, kind.replace("_", "-")), detail["msg"], remedy)


def _first(faults: Iterator[Fault]) -> list[Fault]:
    """Return as many faults as an answer lists; a broken table of fifty thousand lines needs no more."""
    return [fault for _, fault in zip(range(MOST_FAULTS), faults, strict=False)]


def parse_evidence(data: bytes, *, now: datetime) -> Document:
    """Return the checked document of the posted bytes; its kind is the one that its `schema` names.

    Raises ReportRefused: 400 for what is no strict JSON object, 422 with the faults of what it says.
    """
    document = _parsed(data)
    schema = document.get("schema")
    kind = KINDS.get(schema) if isinstance(schema, str) else None
    if kind is None:
        detail = "The document names no kind of evidence that is known here."
        raise ReportRefused([Fault("/schema", "unknown-kind", detail, f"Use one of {', '.join(KINDS)}.")], status=422)
    try:
        checked = kind.document.model_validate(document, context={"now": now})
    except ValidationError as error:
        raise ReportRefused(_faults(error), status=422) from None
    if faults := _first(checked.faults()):
        raise ReportRefused(faults, status=422)
    return checked


def refuse_faults(faults: Iterator[Fault]) -> None:
    """Raise ReportRefused 422 if there is a fault."""
    if found := _first(faults):
        raise ReportRefused(found, status=422)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return repr(value) if isinstance(value, float) else value


def evidence_digest(document: Document) -> str:
    """Return the digest of the content: the same for two spellings of one document, blanks and key order aside."""
    return named_digest(report_digest_bytes(_plain(document.model_dump(mode="json", by_alias=True))))
