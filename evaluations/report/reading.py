"""Bytes in, a checked `RunReport` out: strict JSON first, then types and bounds, then what the parts say together."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from evaluations.report.coherence import incoherences
from evaluations.report.document import RunReport
from evaluations.report.refusal import Fault, ReportRefused, pointer_to
from evaluations.strict_json import StrictJSONError, parse_json

OUT_OF_RANGE = frozenset({"number-too-large", "number-underflow"})
"""Faults of the strict parser that are about a value and not about the form: 422, as for any other value."""
CODES = {"extra_forbidden": "unknown-field", "missing": "missing-field"}
REMEDIES = {
    "extra_forbidden": "Remove the field, or spell it as the run-report/1 reference does.",
    "missing": "Add the field.",
    "int_type": "Send a JSON integer, without quotes and without a fraction.",
    "float_type": "Send a JSON number, without quotes.",
    "bool_type": "Send true or false.",
    "string_type": "Send a JSON string.",
    "literal_error": "Use one of the listed values.",
    "not-rfc3339": "Send the time with its offset, e.g. 2026-03-01T12:00:00Z.",
    "in-the-future": "Check the clock and the offset of the machine that wrote the report.",
    "invisible-character": "Send the name without control, zero-width or direction characters.",
}
STRICT_REMEDIES = {
    "number-not-finite": "Leave the value out, or send null where the field allows it; JSON knows no NaN or Infinity.",
    "number-too-large": "Send a number that a double holds exactly; leave the value out where there is none.",
    "number-underflow": "Send 0, or a number that a double can hold.",
    "number-too-long": "Send at most 40 characters; 17 digits name every double.",
    "duplicate-key": "Keep one of the two.",
    "not-json": "Send one JSON object, as the run-report/1 reference shows it.",
    "byte-order-mark": "Save the file as UTF-8 without a byte-order mark.",
    "not-utf-8": "Save the file as UTF-8.",
}
STRICT_REMEDY = "Send one UTF-8 JSON object that every strict reader understands the same way."


def normalised(value: Any) -> Any:
    """Return the value with all text in Unicode NFC. Raises StrictJSONError when two keys become one by it."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [normalised(item) for item in value]
    if isinstance(value, dict):
        result = {unicodedata.normalize("NFC", key): normalised(item) for key, item in value.items()}
        if len(result) != len(value):
            raise StrictJSONError("duplicate-key", "Two keys of one object are the same text in Unicode NFC.")
        return result
    return value


def refusal_of(error: StrictJSONError) -> ReportRefused:
    """Return the refusal of a document that is no strict JSON, or that holds a number which nothing can hold."""
    status = 422 if error.code in OUT_OF_RANGE else 400
    fault = Fault(error.pointer, error.code, error.message, STRICT_REMEDIES.get(error.code, STRICT_REMEDY))
    return ReportRefused([fault], status=status)


def _document(data: bytes) -> dict[str, Any]:
    try:
        value = parse_json(data)
        # ASCII without escapes is in NFC already, and large reports of samples are just that.
        document = value if data.isascii() and b"\\u" not in data else normalised(value)
    except StrictJSONError as error:
        raise refusal_of(error) from None
    if not isinstance(document, dict):
        fault = Fault("", "not-an-object", "The document is not a JSON object.", STRICT_REMEDY)
        raise ReportRefused([fault], status=400)
    return document


def _place(error: ErrorDetails, document: dict[str, Any]) -> str:
    """Pointer to the fault: parts of the path that only name a branch of a union are no part of the document."""
    parts: list[Any] = []
    here: Any = document
    for part in error["loc"]:
        inside = isinstance(here, dict) and part in here
        indexed = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if inside or indexed:
            here = here[part]
            parts.append(part)
        elif error["type"] == "missing":
            parts.append(part)
    return pointer_to(parts)


def _faults(error: ValidationError, document: dict[str, Any]) -> Iterator[Fault]:
    for detail in error.errors(include_url=False, include_input=False):
        kind = detail["type"]
        code = CODES.get(kind, kind.replace("_", "-"))
        yield Fault(_place(detail, document), code, detail["msg"], REMEDIES.get(kind, "Correct the value."))


def parse_report(data: bytes, *, now: datetime) -> RunReport:
    """Return the checked report of the posted bytes; all text is in Unicode NFC, all times are UTC.

    Raises ReportRefused: 400 for what is no strict JSON object, 422 with every fault of what it says.
    """
    return _checked(_document(data), now=now, streamed=False)


def parse_header(document: dict[str, Any], *, now: datetime, streamed: bool) -> RunReport:
    """Return the checked report of a document that an adapter made; with `streamed` its samples come beside it.

    Raises ReportRefused 422.
    """
    return _checked(normalised(document), now=now, streamed=streamed)


def _checked(document: dict[str, Any], *, now: datetime, streamed: bool) -> RunReport:
    report = typed(document, now=now)
    faults = list(incoherences(report, streamed=streamed))
    if faults:
        raise ReportRefused(faults, status=422)
    return report


def typed(document: dict[str, Any], *, now: datetime) -> RunReport:
    """Return the report of a document in Unicode NFC; what its parts say together is not looked at.

    Raises ReportRefused 422 with the place of every value of a wrong type or beyond its bounds.
    """
    try:
        return RunReport.model_validate(document, context={"now": now})
    except ValidationError as error:
        raise ReportRefused(_faults(error, document), status=422) from None
