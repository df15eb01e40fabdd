"""The x-ray of a scorecard: what is wrong with it, by severity and check, each with its place and its remedy."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from scorecard.models import Scorecard
from scorecard.queries import card_document_for
from scorecard.queries.xray import xray_for
from scorecard.web.doors import card_and_person, page, reader_for
from scorecard.xray.case import SIDE_WORDS
from scorecard.xray.finding import SEVERITIES, Finding, Severity

Record = dict[str, Any]
MOST_RUNS = 4
HEADINGS: dict[Severity, tuple[str, str]] = {
    "error": ("Errors", "The record contradicts itself. Review and sealing are blocked until these are mended."),
    "warning": ("Warnings", "A reader must know these before trusting the card. They block nothing."),
    "notice": ("Notices", "Worth knowing; often there is nothing to do."),
}


def _place(card: Scorecard, document: Record, where: str) -> Record:
    """Return `{words, href}` of a pointer into the card; `href` is empty where there is no page to go to."""
    kind, _, rest = where.strip("/").partition("/")
    name, _, row = rest.partition("/")
    base = reverse("web:scorecard", args=[card.number, card.version])
    if kind == "categories":
        category = next((found for found in document["categories"] if found["category"] == name), None)
        words = f"{category['name'] if category else name}{', ' if row else ''}{SIDE_WORDS.get(row, row)}"
        return {"words": words, "href": f"{base}{name}/" if category and "withheld" not in category else ""}
    if kind == "evaluations" and name:
        return {"words": name + (f" · {row}" if row else ""), "href": f"{base}#t-{name}"}
    return {"words": " ".join(filter(None, (kind, SIDE_WORDS.get(name, name), row))), "href": ""}


def _spot(card: Scorecard, document: Record, finding: Finding) -> Record:
    runs = finding.runs
    return {
        "reason": finding.reason,
        "place": _place(card, document, finding.where),
        "runs": runs[:MOST_RUNS],
        "more": len(runs) - MOST_RUNS if len(runs) > MOST_RUNS else 0,
    }


def _checks(card: Scorecard, document: Record, found: list[Finding]) -> list[Record]:
    """Return one record for each check that found something: title and remedy once, and every spot."""
    checks: dict[str, Record] = {}
    for row in found:
        check = checks.setdefault(
            row.code, {"code": row.code, "title": row.title, "remedy": row.remedy, "spots": []}
        )  # fmt: skip
        check["spots"].append(_spot(card, document, row))
    return list(checks.values())


def xray_groups(card: Scorecard, document: Record, found: list[Finding]) -> list[Record]:
    """Return the findings by severity, gravest first; a severity without any stands there with none."""
    groups = []
    for severity in SEVERITIES:
        own = [row for row in found if row.severity == severity]
        title, meaning = HEADINGS[severity]
        checks = _checks(card, document, own)
        groups.append({"slug": severity, "title": title, "meaning": meaning, "count": len(own), "checks": checks})
    return groups


@page()
def xray(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Show everything that the checks find on one version of a scorecard, as far as the reader may see it."""
    card, _ = card_and_person(request, number, version)
    reader = reader_for(request)
    document = card_document_for(reader, card)
    groups = xray_groups(card, document, xray_for(reader, card, at=timezone.now()))
    return render(request, "xray/page.html", {"document": document, "groups": groups})
