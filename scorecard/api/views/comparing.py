"""Two runs of one evaluation on the same samples: their paired difference."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.models import EvaluationRun
from evaluations.pair_queries import NotComparable, PairedRuns, paired_runs
from evaluations.samples.pairing import Side
from scorecard.api.listing import chosen
from scorecard.api.views.base import View
from scorecard.api.views.runs import run_seen
from scorecard.models import Scope
from scorecard.refusals import Refused
from scorecard.showing import readable_samples


def _side(run: EvaluationRun, side: Side, mean: float) -> dict[str, Any]:
    return {
        "id": run.id,
        "checkpoint": run.checkpoint.name,
        "mitigation": run.mitigation,
        "revision": run.revision,
        "digest": run.digest,
        "mean_of_paired": mean,
        "samples": side.samples,
        "unpaired": {"not_in_the_other": asdict(side.alone), "without_a_score_here": asdict(side.unscored)},
    }


def comparison_of(found: PairedRuns) -> dict[str, Any]:
    """Return a comparison as the API shows it; `difference` is `a` minus `b`."""
    run = found.first
    sides = zip((found.first, found.second), found.pairs.sides, found.means, strict=True)
    a, b = (_side(*side) for side in sides)
    return {
        "evaluation": run.evaluation.slug,
        "stratum": run.stratum or None,
        "metric": run.metric,
        "unit": run.unit,
        "a": a,
        "b": b,
        "paired": len(found.pairs),
        "counts": found.table,
        "difference": found.difference,
        "beside": found.beside,
        "notes": list(found.notes),
    }


class RunComparison(View):
    """The paired comparison of two runs."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="runs_compare", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response:
        """Return `?a=` minus `?b=` on the samples that both scored, and name the samples without a partner."""
        said = chosen(request, ("a", "b"))
        if set(said) != {"a", "b"}:
            raise ParseError("Name both runs: ?a=run_...&b=run_...")
        first, second = (run_seen(request, said[name], self) for name in ("a", "b"))
        try:
            with readable_samples():
                found = paired_runs(first, second)
        except NotComparable as reason:
            remedy = "Name two runs with samples of one evaluation, metric, unit and dataset."
            raise Refused("not-comparable", str(reason), remedy=remedy, status=422) from None
        return Response(comparison_of(found))
