"""Doors to what people expect and attest: forecasts, and exception clauses that a card invokes."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from scorecard.access.readers import Reader
from scorecard.models import Forecast, Invocation


def visible_forecasts(reader: Reader) -> QuerySet[Forecast]:
    """Return the forecasts of the reader's programmes, without those about a category that is withheld from them."""
    seen = Q(pk__in=[])
    for sight in reader.sights:
        seen |= Q(programme=sight.programme) & ~Q(category__in=sight.withheld)
    return Forecast.objects.filter(seen).select_related("programme", "subject", "framework")


def visible_invocations(reader: Reader) -> QuerySet[Invocation]:
    """Return the exception clauses that scorecards of the reader's programmes invoke; decisions are open to all."""
    return Invocation.objects.filter(scorecard__programme__in=reader.programmes).select_related("scorecard__programme")
