"""Scorecards side by side, by API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from scorecard.api.views.base import View, card_named
from scorecard.models import Scope
from scorecard.queries import card_document_for
from scorecard.queries.contrasts import MOST_CARDS, contrast_of
from scorecard.showing import readable_samples


class Contrast(View):
    """Two or more scorecards beside each other."""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(operation_id="scorecards_compare", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response:
        """Return `?card=` (two to eight, the first is compared with): levels, evidence, and of two every difference."""
        unknown = sorted(set(request.query_params) - {"card", "format"})
        names = list(dict.fromkeys(request.query_params.getlist("card")))
        if unknown or not 2 <= len(names) <= MOST_CARDS:
            raise ParseError(f"Name two to {MOST_CARDS} scorecards: ?card=PSC-2026-0001-v1&card=PSC-2026-0002-v1")
        reader = self.reader(request)
        cards = [card_named(reader, name) for name in names]
        documents = [card_document_for(reader, card) for card in cards]
        with readable_samples():
            return Response(contrast_of(cards, documents))
