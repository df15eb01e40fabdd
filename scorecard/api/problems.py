"""Every error as an RFC 9457 problem document: what is wrong, where, and what to do about it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from pydantic import ValidationError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from evaluations.report import ReportRefused
from scorecard.refusals import Refused

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Not understood", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    406: "Not acceptable", 409: "Conflict", 413: "Too large", 415: "Unsupported media type", 422: "Refused",
    429: "Too many requests", 500: "Failed", 503: "Not available",
}  # fmt: skip


REMEDIES = {
    "parse-error": "Correct what the detail names; /api/docs/ shows every route with its parameters.",
    "not-authenticated": "Send `Authorization: Bearer psc_...`; make a token with: python manage.py api_token.",
    "authentication-failed": "Make a new token with: python manage.py api_token, or ask an administrator.",
    "permission-denied": "Use a token with the scope that the detail names; an administrator issues it.",
    "not-found": "Check the name, and whether your token's programme may see it; the lists show what is there.",
    "method-not-allowed": "See /api/docs/ for the methods of this route.",
    "not-acceptable": "Ask for application/json, or leave the Accept header out.",
    "unsupported-media-type": "Send application/json in UTF-8, plain or with the content encoding gzip or zstd.",
    "too-large": "Split the body, or send a log file in parts: POST /api/v1/uploads/.",
    "throttled": "Wait as long as the Retry-After header says, then send it again.",
    "database-unavailable": "Send the same request again after the seconds that Retry-After names.",
    "server-failed": "Send the same request again, with the same Idempotency-Key.",
}
"""What to do about an error that does not say it itself, by its code."""
OTHER_REMEDY = "See /api/docs/ for what this route accepts."
THINGS = {
    "runs": "run", "jobs": "job", "logs": "log", "uploads": "upload", "sources": "source", "scorecards": "scorecard",
    "frameworks": "framework",
}  # fmt: skip


class TooLarge(exceptions.APIException):
    """The body is larger than the limit."""

    status_code = 413
    default_code = "too-large"


def problem(
    status: int, code: str, detail: str, *, remedy: str = "", errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """Return the members of a problem document: always with a remedy and at least one error, `""` the whole of it."""
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        "remedy": remedy or REMEDIES.get(code, OTHER_REMEDY),
        "errors": errors or [{"pointer": "", "code": code, "detail": detail}],
    }
    return document


def _of_refused(error: Refused) -> dict[str, Any]:
    row = {"pointer": error.pointer, "code": error.code, "detail": error.detail}
    return problem(error.status, error.code, error.detail, remedy=error.remedy, errors=[row] if error.pointer else None)


def _of_report(error: ReportRefused) -> dict[str, Any]:
    first = error.errors[0]
    return problem(error.status, first["code"], first["detail"], remedy=first["remedy"], errors=error.errors)


def _of_body(error: ValidationError) -> dict[str, Any]:
    rows = [
        {
            "pointer": "".join(f"/{part}" for part in row["loc"]),
            "code": row["type"].replace("_", "-"),
            "detail": row["msg"],
        }
        for row in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return problem(
        422, "body-refused", rows[0]["detail"], remedy="Send exactly the fields that /api/schema/ lists.", errors=rows
    )


def _of_api(error: exceptions.APIException) -> dict[str, Any]:
    detail = error.detail if isinstance(error.detail, str) else str(error.detail)
    code = str(error.default_code).replace("_", "-")
    return problem(error.status_code, code, detail)


def _document(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, Refused):
        return _of_refused(error)
    if isinstance(error, ReportRefused):
        return _of_report(error)
    if isinstance(error, ValidationError):
        return _of_body(error)
    if isinstance(error, Http404):
        return problem(404, "not-found", "There is nothing here, or it is not visible to you.")
    if isinstance(error, PermissionDenied):
        return problem(403, "permission-denied", "This is not allowed.")
    if isinstance(error, OperationalError):
        # Nothing was changed: the transaction went with the connection, and the client is told when to come back.
        return problem(503, "database-unavailable", "The database does not answer at the moment; nothing was changed.")
    return _of_api(error) if isinstance(error, exceptions.APIException) else None


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: turn every known error into a problem document."""
    document = _document(error)
    if document is None:
        return None
    set_rollback()
    headers: dict[str, str] = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    elif document["status"] == 503:
        headers["Retry-After"] = "5"
    return Response(document, status=document["status"], headers=headers, content_type=CONTENT_TYPE)


def as_response(document: dict[str, Any]) -> JsonResponse:
    """Return a problem document outside DRF."""
    return JsonResponse(document, status=document["status"], content_type=CONTENT_TYPE)


def _unknown_path(path: str) -> dict[str, Any]:
    """Name the thing that a path of a known collection asks for; anything else is no route."""
    collection, _, name = path.removeprefix("/api/v1/").strip("/").partition("/")
    if collection in THINGS and name and "/" not in name:
        detail = f"There is no {THINGS[collection]} {name[:80]!r}."
        return problem(404, "not-found", detail, remedy=f"List what is there: GET /api/v1/{collection}/.")
    return problem(404, "not-found", "There is no such route.", remedy="See /api/docs/.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's 404 handler: a problem document under /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return as_response(_unknown_path(request.path))
    return render(request, "404.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's 500 handler: says that nothing was lost, and no more."""
    if request.path.startswith("/api/"):
        detail = "The server failed; nothing was changed. Send the same request again."
        return as_response(problem(500, "server-failed", detail))
    return render(request, "500.html", status=500)
