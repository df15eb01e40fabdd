"""Lists: keyset pages, allow-listed filters in the address, and the same list as CSV."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

LARGEST_PAGE = 200
PAGING = ("cursor", "limit", "format")
CURSOR = re.compile(r"[a-z]{1,12}_[0-9A-Z]{26}")


def chosen(request: Request, allowed: tuple[str, ...]) -> dict[str, str]:
    """Return the given filters. Raises 400 for a parameter that is not allowed, naming those that are."""
    unknown = sorted(set(request.query_params) - set(allowed) - set(PAGING))
    if unknown:
        raise ParseError(f"{unknown[0]!r} is no parameter of this list; there are {', '.join((*allowed, *PAGING))}.")
    return {name: str(value) for name, value in request.query_params.items() if name in allowed and value}


def page_size(request: Request) -> int:
    """Return the wanted page size, 50 by default. Raises 400 outside 1 to 200."""
    text = request.query_params.get("limit", "50")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LARGEST_PAGE:
        raise ParseError(f"limit is a number from 1 to {LARGEST_PAGE}.")
    return int(text)


def _cursor(request: Request) -> str:
    """Return the id after which a page begins, "" for the first page. Raises 400 for what is no id."""
    text = request.query_params.get("cursor", "")
    if text and not CURSOR.fullmatch(text):
        raise ParseError("cursor is what the former page named as `next`.")
    return text


def csv_response(rows: list[dict[str, Any]], name: str, columns: list[str] | None = None) -> HttpResponse:
    """Return rows as a CSV download; text that a spreadsheet would run is defused, `columns` head an empty one too."""
    frame = pd.DataFrame(rows, columns=columns, dtype="object").map(defused)
    response = HttpResponse(frame.to_csv(index=False, lineterminator="\r\n"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose nested objects are columns of their own: `posted_by.kind`, `posted_by.name`."""
    cells: dict[str, Any] = {}
    for name, value in row.items():
        nested = {f"{name}.{inner}": part for inner, part in value.items()} if isinstance(value, dict) else None
        cells |= {name: value} if nested is None else flat(nested)
    return cells


def defused(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula; an object or a list as JSON."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def listed(
    request: Request, found: QuerySet[Any], row: Callable[[Any], dict[str, Any]], *, name: str
) -> Response | HttpResponse:
    """Return one page of a query set ordered newest id first, as JSON or CSV."""
    size = page_size(request)
    if cursor := _cursor(request):
        found = found.filter(id__lt=cursor)
    items: list[Model] = list(found.order_by("-id")[: size + 1])
    rows = [row(item) for item in items[:size]]
    if request.query_params.get("format") == "csv":
        return csv_response([flat(row) for row in rows], name)
    return Response({"results": rows, "next": rows[-1]["id"] if len(items) > size else None})
