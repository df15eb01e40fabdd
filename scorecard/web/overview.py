"""The first page: is anything above its line, and what waits for me?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evaluations.models import JobState
from scorecard.access import visible_jobs
from scorecard.framework.ladders import COUNTED_KINDS
from scorecard.models import FrameworkVersion, State
from scorecard.queries import cards_in_review, overview_rows
from scorecard.web.card_view import category_rows
from scorecard.web.doors import levels_of, page, reader_for

MOST_GAPS = 12


def _grid_row(row: dict[str, Any]) -> dict[str, Any]:
    categories = category_rows(row["document"], row["card"].framework.document)
    return {**row, "categories": categories, "levels": levels_of(row["card"])}


def _groups(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows by framework version, each group with its own columns and ladder; what only informs is no column.

    The groups stand in the order of their first rows.
    """
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        framework = row["card"].framework
        shown = [one for one in row["categories"] if one.get("kind", "tracked") in COUNTED_KINDS]
        group = groups.setdefault(framework.id, {
            "title": framework.document["title"], "version": framework.version, "slug": framework.slug,
            "heads": shown, "levels": row["levels"], "overall": framework.document["overall"] != "none", "rows": [],
        })  # fmt: skip
        group["rows"].append({**row, "categories": shown})
    return list(groups.values())


def _gaps(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"card": row["card"], "category": category, "missing": category["missing"]}
        for row in rows
        for category in row["categories"]
        if category["missing"] and row["card"].state in (State.DRAFT, State.IN_REVIEW, State.SEALED)
    ]


@page()
def overview(request: HttpRequest) -> HttpResponse:
    """Show every checkpoint that has a scorecard, the others by name, what waits, and what is missing."""
    reader = reader_for(request)
    found = overview_rows(reader)
    judged = [_grid_row(row) for row in found if row["card"] is not None]
    judged.sort(key=lambda row: row["kind"] != "evaluated")
    gaps = _gaps(judged)
    framework = FrameworkVersion.objects.order_by("-published_at").first()
    context = {
        "rows": judged,
        "others": [row for row in found if row["card"] is None and row["kind"] != "comparison"],
        "comparisons": [row for row in found if row["card"] is None and row["kind"] == "comparison"],
        "groups": _groups(judged),
        "levels": judged[0]["levels"] if judged else framework.document["levels"] if framework else [],
        "waiting": cards_in_review(reader),
        "stale": [row for row in judged if row["document"]["stale"] or row["document"]["lapsed"]],
        "gaps": gaps[:MOST_GAPS],
        "more_gaps": max(0, len(gaps) - MOST_GAPS),
        "failed_jobs": visible_jobs(reader).filter(state=JobState.FAILED).count(),
    }
    return render(request, "pages/overview.html", context)
