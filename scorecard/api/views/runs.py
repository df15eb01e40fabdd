"""Runs and jobs: evidence comes in here, and can be read back with its provenance."""

from __future__ import annotations

import hashlib
import io
from typing import Any, BinaryIO, cast

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.idempotency import KeyRefused, Standing, abandon, begin, finish
from evaluations.intake import Receipt, receive
from evaluations.models import EvaluationRun
from evaluations.queries import FILTERS, newest_measurements, revisions_of
from evaluations.report import RunReport
from scorecard.access import visible_runs
from scorecard.api.listing import chosen, listed
from scorecard.api.parsing import SpooledJSONParser
from scorecard.api.views.base import View, refuse_missing
from scorecard.attaching import kept_file
from scorecard.models import Scope
from scorecard.moments import rfc3339
from scorecard.queries import unlisted_words
from scorecard.refusals import Refused
from scorecard.showing import record_handing_out
from scorecard.staling import affected_cards


def run_row(run: EvaluationRun) -> dict[str, Any]:
    """Return a run as lists show it."""
    return {
        "id": run.id,
        "digest": run.digest,
        "revision": run.revision,
        "native_id": run.native_id,
        "subject": run.subject.slug,
        "checkpoint": run.checkpoint.name,
        "evaluation": run.evaluation.slug,
        "stratum": run.stratum or None,
        "metric": run.metric,
        "unit": run.unit,
        "mitigation": run.mitigation,
        "form": run.form,
        "state": run.state,
        "superseded_by": run.superseded_by_id,
        "received_at": rfc3339(run.received_at),
        "posted_by": {"kind": run.actor_kind, "id": run.actor_id, "name": run.actor_name},
    }


def _answer(receipt: Receipt) -> dict[str, Any]:
    run = receipt.run
    cards = affected_cards(run.checkpoint)
    answer: dict[str, Any] = {
        "id": run.id,
        "digest": run.digest,
        "revision": run.revision,
        "job": f"/api/v1/jobs/{receipt.job.id}/",
        "links": {
            "run": f"/api/v1/runs/{run.id}/",
            "html": f"/runs/{run.id}/",
            "scorecards": [f"/scorecards/{card.number}/v{card.version}/" for card in cards],
        },
    }
    if cards:
        answer["links"]["scorecard"] = answer["links"]["scorecards"][0]
    if words := unlisted_words(run.evaluation.slug):
        answer["warnings"] = [words]
    if receipt.superseded is not None:
        answer["supersedes"] = receipt.superseded.id
    return answer


def _standing(scope: str, key: str, body: BinaryIO, view: View) -> Standing:
    digest = "sha256:" + hashlib.file_digest(cast(io.BufferedIOBase, body), "sha256").hexdigest()
    try:
        standing = begin(scope, key, digest, at=view.now())
    except KeyRefused as fault:
        raise Refused(
            "idempotency-key-malformed", str(fault), remedy="Send a shorter, plain key.", status=400
        ) from None
    if standing.outcome == "mismatch":
        raise Refused(
            "idempotency-key-reused",
            "This Idempotency-Key was used with another body.",
            remedy="Use a new key for a new report.",
            status=422,
        )
    if standing.outcome == "conflict":
        raise Refused(
            "request-in-flight", "The first request with this key is still being answered.", remedy="Try again shortly."
        )
    return standing


def _body_of(request: Request) -> BinaryIO:
    # A request without a body has no stream either.
    return io.BytesIO() if isinstance(request.data, (dict, list)) else cast(BinaryIO, request.data)


class Runs(View):
    """Evaluation runs."""

    parser_classes = [SpooledJSONParser]
    read_scope = Scope.EVIDENCE_READ
    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="runs_list", responses={200: OpenApiResponse(description="One page of runs")})
    def get(self, request: Request) -> Response | HttpResponse:
        """List runs, newest first; `superseded=true` includes former revisions."""
        filters = chosen(request, (*FILTERS, "superseded"))
        superseded = filters.pop("superseded", "") == "true"
        found: QuerySet[EvaluationRun] = visible_runs(self.reader(request)).filter(
            **{FILTERS[name]: v for name, v in filters.items()}
        )
        return listed(request, found if superseded else found.filter(superseded_by=None), run_row, name="runs")

    @extend_schema(operation_id="runs_post", request=RunReport, responses={202: dict[str, Any], 200: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Take a run report in: 202 for a new run or revision, 200 for content that is here already."""
        with _body_of(request) as body:
            key = request.headers.get("Idempotency-Key")
            return self._received(request, body) if key is None else self._received_once(request, body, key)

    def _received_once(self, request: Request, body: BinaryIO, key: str) -> Response:
        standing = _standing(self.token(request).id, key, body, self)
        if standing.outcome == "replay":
            headers = {"Idempotency-Replayed": "true"}
            return Response(standing.record.body, status=standing.record.status, headers=headers)
        try:
            response = self._received(request, body)
        except BaseException:
            abandon(standing.record)
            raise
        run = EvaluationRun.objects.get(id=response.data["id"])
        finish(standing.record, status=response.status_code, body=response.data, run=run)
        return response

    def _received(self, request: Request, body: BinaryIO) -> Response:
        receipt = receive(body, by=self.actor(request), at=self.now(), within=self.reach(request))
        return Response(_answer(receipt), status=202 if receipt.created else 200)


def run_seen(request: Request, identifier: str, view: View) -> EvaluationRun:
    """Return a run that the caller may read. Raises Refused 404."""
    found: EvaluationRun = refuse_missing(visible_runs(view.reader(request)).filter(id=identifier).first(), "run")
    return found


class Run(View):
    """One run."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="run_get", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Return a run with its report, its measurement, and its revisions."""
        run = run_seen(request, identifier, self)
        measurement = newest_measurements([run]).get(run.id)
        return Response(
            {
                **run_row(run),
                "raw_digest": run.raw_digest,
                "raw_bytes": run.raw_bytes,
                "log": run.log_id and f"/api/v1/logs/{run.log_id}/",
                "warnings": run.warnings,
                "samples_root": run.samples_root or None,
                "report": run.report,
                "measurement": measurement
                and {"tally": measurement.tally, "estimate": measurement.estimate, "display": measurement.display},
                "revisions": [{"id": row.id, "revision": row.revision} for row in revisions_of(run)],
            }
        )


class RunRaw(View):
    """The bytes of one run as they were received."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="run_raw", responses={200: bytes})
    def get(self, request: Request, identifier: str) -> FileResponse:
        """Return the bytes as a download, never as something that a browser would run."""
        run = run_seen(request, identifier, self)
        record_handing_out(("run", run.id), run.raw_digest, by=self.actor(request), at=self.now())
        return kept_file(run.raw_digest, name=f"{run.id}.bin")
