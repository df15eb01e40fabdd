"""Frameworks: the published versions, each read as a document."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scorecard.framework.derivation import indicator_title
from scorecard.models import FrameworkVersion
from scorecard.publishing import PUBLISH
from scorecard.refusals import Refused
from scorecard.web.doors import page, people_of


def version_of(slug: str, version: str) -> FrameworkVersion:
    """Return a published framework version; every reader may see each. Raises Refused 404."""
    found = FrameworkVersion.objects.filter(slug=slug, version=version).first()
    if found is None:
        raise Refused("not-found", "There is no such framework version.", status=404)
    return found


@page()
def frameworks(request: HttpRequest) -> HttpResponse:
    """List the published framework versions, newest first."""
    context = {
        "versions": FrameworkVersion.objects.order_by("-published_at"),
        "may_propose": bool(people_of(request, *PUBLISH.proposers)),
    }
    return render(request, "pages/frameworks.html", context)


@page()
def framework(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show one framework version as a document: levels, categories, indicators, gates, sign-off."""
    found = version_of(slug, version)
    document = found.document
    names = {level["slug"]: level["name"] for level in document["levels"]}
    categories = [
        {
            **entry,
            "indicators": [
                {**row, "title": indicator_title(document, row), "level_name": names[row["level"]]}
                for row in document["indicators"]
                if row["category"] == entry["slug"]
            ],
        }
        for entry in document["categories"]
    ]
    context = {"framework": found, "document": document, "levels": document["levels"], "categories": categories}
    context["others"] = FrameworkVersion.objects.filter(slug=slug).exclude(pk=found.pk).order_by("-published_at")
    return render(request, "pages/framework.html", context)
