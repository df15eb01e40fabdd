"""The x-ray of a scorecard by API: what is wrong with it, as data."""

from __future__ import annotations

from collections import Counter
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scorecard.api.views.scorecards import CardView
from scorecard.queries.xray import finding_row, xray_for
from scorecard.xray.finding import SEVERITIES


class XRay(CardView):
    """The x-ray of one scorecard."""

    write_scope = None

    @extend_schema(operation_id="scorecard_xray", responses={200: dict[str, Any]})
    def get(self, request: Request, name: str) -> Response:
        """Return every finding, gravest first: code, severity, title, reason, where, remedy, runs; and their counts."""
        card = self.card(request, name)
        found = xray_for(self.reader(request), card, at=self.now())
        counts = Counter(row.severity for row in found)
        return Response(
            {
                "scorecard": card.id,
                "number": card.number,
                "version": card.version,
                "counts": {severity: counts[severity] for severity in SEVERITIES},
                "findings": [finding_row(row) for row in found],
            }
        )
