"""Doors to what people expect, attest and build: forecasts, invoked exception clauses, and safeguards."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from scorecard.access.readers import Reader
from scorecard.models import Forecast, Invocation, Safeguard


def visible_forecasts(reader: Reader) -> QuerySet[Forecast]:
    """Return the forecasts of the reader's programmes, without those about a category that is withheld from them."""
    seen = Q(pk__in=[])
    for sight in reader.sights:
        seen |= Q(programme=sight.programme) & ~Q(category__in=sight.withheld)
    return Forecast.objects.filter(seen).select_related("programme", "subject", "framework")


def visible_invocations(reader: Reader) -> QuerySet[Invocation]:
    """Return the exception clauses that scorecards of the reader's programmes invoke; decisions are open to all."""
    return Invocation.objects.filter(scorecard__programme__in=reader.programmes).select_related("scorecard__programme")


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
