"""What would change a scorecard's verdicts, and how another framework version reads the same evidence."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from scorecard.api.listing import chosen
from scorecard.api.views.base import View, card_named
from scorecard.models import Scope
from scorecard.queries.whatif import rescored, what_if_record

PARAMETERS = ("scorecard", "category", "framework", "version")


class WhatIf(View):
    """What would change the verdict."""

    read_scope = Scope.SCORECARDS_READ

    @extend_schema(
        operation_id="what_if",
        parameters=[OpenApiParameter(name, OpenApiTypes.STR, required=name == "scorecard") for name in PARAMETERS],
        responses={200: dict[str, Any]},
    )
    def get(self, request: Request) -> Response:
        """Return what would change the levels of `?scorecard=`, of one `category` if it is named.

        With `framework` and `version` return instead the levels under that published version beside the card's own.
        """
        said = chosen(request, PARAMETERS)
        if "scorecard" not in said:
            raise ParseError("Name the scorecard: ?scorecard=PSC-2026-0001, or its id.")
        if ("framework" in said) is not ("version" in said):
            raise ParseError("Name both: framework=SLUG&version=VERSION.")
        reader = self.reader(request)
        card, category = card_named(reader, said["scorecard"]), said.get("category")
        named = {"scorecard": card.id, "number": card.number, "version": card.version}
        if "framework" in said:
            found = rescored(reader, card, slug=said["framework"], version=said["version"], category=category)
            return Response({**named, "frameworks": found})
        return Response({**named, "categories": what_if_record(reader, card, category)})
