"""The samples of a run: pages and filters, files to take along, and one sample with the proof that it belongs."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.estimates.scores import SCORE_HEADER
from evaluations.measuring import samples_of
from evaluations.models import EvaluationRun
from evaluations.sample_queries import (
    FILTERS,
    FilterRefused,
    Listing,
    changes_between,
    listing,
    ndjson,
    place_of,
    sample_row,
)
from evaluations.samples import SampleColumns, write_block
from evaluations.samples.columns import DETAILS
from scorecard.api.listing import chosen, csv_response, page_size
from scorecard.api.views.base import View, refuse_missing
from scorecard.api.views.runs import run_seen
from scorecard.attaching import HARMLESS, attachment, kept_file
from scorecard.ledger.merkle import inclusion_proof
from scorecard.models import Scope

COLUMNS = [*SCORE_HEADER, "error_origin", *DETAILS]
FORMATS = ("json", "csv", "ndjson", "parquet")


def _start(request: Request) -> int:
    text = request.query_params.get("cursor", "0")
    if not text.isascii() or not text.isdigit():
        raise ParseError("cursor is the number that `next` of the page before gave.")
    return int(text[:9])


def _listed(run: EvaluationRun, filters: dict[str, str], start: int, limit: int | None) -> Listing:
    try:
        found = listing(run, filters, start=start, limit=limit)
    except FilterRefused as fault:
        raise ParseError(str(fault)) from None
    return found or Listing(SampleColumns(run.unit), [], 0, 0)


def _parquet(run: EvaluationRun, found: Listing) -> HttpResponse:
    part = SampleColumns(run.unit)
    kept = [sample_row(found.columns, index) for index in found.indices]
    for row in kept:
        part.append_row(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.parquet"
        write_block(part, path)
        return attachment(path.read_bytes(), name=f"{run.id}-samples.parquet")


class RunSamples(View):
    """The samples of one run."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="run_samples", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response | HttpResponse | StreamingHttpResponse | FileResponse:
        """Return samples in canonical order; every format but JSON gives all that match, not a page."""
        run = run_seen(request, identifier, self)
        filters = chosen(request, FILTERS)
        wanted = request.query_params.get("format", "json")
        if wanted not in FORMATS:
            raise ParseError(f"format is one of {', '.join(FORMATS)}.")
        if wanted == "parquet" and not filters and run.block_digest:
            return kept_file(run.block_digest, name=f"{run.id}-samples.parquet")
        if wanted == "json":
            size, start = page_size(request), _start(request)
            found = _listed(run, filters, start, size)
            after = start + len(found.indices)
            facts = {"count": found.matching, "total": found.total, "next": after if after < found.matching else None}
            return Response({**facts, "results": list(found.rows())})
        found = _listed(run, filters, 0, None)
        if wanted == "parquet":
            return _parquet(run, found)
        if wanted == "ndjson":
            headers = {"Content-Disposition": f'attachment; filename="{run.id}-samples.ndjson"', **HARMLESS}
            return StreamingHttpResponse(ndjson(found), content_type="application/x-ndjson", headers=headers)
        return csv_response(list(found.rows()), f"{run.id}-samples", COLUMNS)


class RunChanges(View):
    """What a revision changed."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="run_changes", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Compare a run's samples with those of the revision that it superseded."""
        run = run_seen(request, identifier, self)
        former = refuse_missing(run.supersedes.first(), "former revision")
        found = changes_between(former, run)
        facts = {"former": former.id, "revision": run.revision, "form": run.form}
        return Response({**facts, **(asdict(found) if found is not None else {})})


class OneSample(View):
    """One attempt at one sample."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="run_sample", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Return `?id=` (and `attempt=`, 1 by default) with its leaf and the path from it to the samples root."""
        run = run_seen(request, identifier, self)
        said = chosen(request, ("id", "attempt"))
        attempt = said.get("attempt", "1")
        if "id" not in said or not attempt.isascii() or not attempt.isdigit():
            raise ParseError("Name the sample: ?id=...&attempt=1.")
        columns = refuse_missing(samples_of(run), "sample")
        place = refuse_missing(place_of(columns, said["id"], int(attempt[:9])), "sample")
        leaves = columns.leaves()
        proof = {
            "leaf": f"sha256:{leaves[place].hex()}",
            "index": place,
            "size": len(leaves),
            "path": [f"sha256:{part.hex()}" for part in inclusion_proof(leaves, place)],
            "root": run.samples_root,
        }
        return Response({**sample_row(columns, columns.order()[place]), "proof": proof})
