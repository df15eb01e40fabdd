"""Doors to what people expect, attest, build and plan: forecasts, exception clauses, safeguards, plans."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from scorecard.access.readers import Reader
from scorecard.models import EvaluationPlan, Forecast, FrameworkVersion, Invocation, Safeguard


def visible_forecasts(reader: Reader) -> QuerySet[Forecast]:
    """Return the forecasts of the reader's programmes, without those about a category that is withheld from them."""
    seen = Q(pk__in=[])
    for sight in reader.sights:
        seen |= Q(programme=sight.programme) & ~Q(category__in=sight.withheld)
    return Forecast.objects.filter(seen).select_related("programme", "subject", "framework")


def visible_invocations(reader: Reader) -> QuerySet[Invocation]:
    """Return the exception clauses that scorecards of the reader's programmes invoke; decisions are open to all."""
    return Invocation.objects.filter(scorecard__programme__in=reader.programmes).select_related("scorecard__programme")


def visible_plans(reader: Reader) -> QuerySet[EvaluationPlan]:
    """Return the plan versions of the reader's programmes; of their items, `untold_evaluations` are not told."""
    rows = EvaluationPlan.objects.filter(programme__in=reader.programmes)
    return rows.select_related("programme", "checkpoint", "framework")


def untold_evaluations(reader: Reader, programme: str, framework: FrameworkVersion) -> frozenset[str]:
    """Return the evaluations of a framework that are not told to the reader of a programme: of withheld categories."""
    sight = reader.sight(programme)
    document = framework.document
    named = {row["slug"]: row["category"] for row in document["evaluations"]}
    if sight is None:
        return frozenset(named)
    judged = {row["evaluation"] for row in document["indicators"] if row["category"] in sight.withheld}
    return frozenset(judged | {slug for slug, category in named.items() if category in sight.withheld})


def visible_safeguards(reader: Reader) -> QuerySet[Safeguard]:
    """Return the safeguard versions of the reader's programmes, without those that cover a withheld category."""
    found = Safeguard.objects.filter(programme__in=reader.programmes)
    hidden = {
        key
        for sight in reader.sights
        if sight.withheld
        for key, categories in found.filter(programme=sight.programme).values_list("id", "categories")
        if sight.withheld & set(categories)
    }
    return found.exclude(id__in=hidden).select_related("programme", "subject")
