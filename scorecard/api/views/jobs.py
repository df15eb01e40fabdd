"""Background work: what became of what was posted, and another attempt at what failed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations import jobs
from evaluations.models import Job
from scorecard.access import jobs_of, visible_jobs
from scorecard.api.listing import chosen, listed
from scorecard.api.views.base import View, refuse_missing
from scorecard.models import Scope
from scorecard.moments import rfc3339
from scorecard.refusals import Refused


def job_row(job: Job) -> dict[str, Any]:
    """Return a job as the API shows it."""
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": {"done": job.done, "total": job.total},
        "attempts": job.attempts,
        "payload": job.payload,
        "error": job.error or None,
        "log": job.log,
        "created_at": rfc3339(job.created_at),
        "finished_at": rfc3339(job.finished_at) if job.finished_at else None,
        "retry": f"/api/v1/jobs/{job.id}/retry/" if job.state == "failed" else None,
    }


class Jobs(View):
    """Background work."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="jobs_list", responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response | HttpResponse:
        """List jobs, newest first."""
        found = visible_jobs(self.reader(request)).filter(**chosen(request, ("state", "kind")))
        return listed(request, found, job_row, name="jobs")


def _job(request: Request, identifier: str, view: View) -> Job:
    """Return a job about what the token posted itself, or, with `evidence:read`, about what its reader sees."""
    token = view.token(request)
    found = jobs_of(token).filter(id=identifier).first()
    if found is None and Scope.EVIDENCE_READ in token.scopes:
        found = visible_jobs(view.reader(request)).filter(id=identifier).first()
    job: Job = refuse_missing(found, "job")
    return job


class OneJob(View):
    """One job; whoever posted something may watch what becomes of it."""

    read_scope = (Scope.RUNS_WRITE, Scope.EVIDENCE_READ)

    @extend_schema(operation_id="job_get", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Return state, progress, error and log of a job."""
        return Response(job_row(_job(request, identifier, self)))


class JobRetry(View):
    """Another attempt at a failed job."""

    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="job_retry", request=None, responses={202: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Queue a failed job again."""
        job = _job(request, identifier, self)
        try:
            return Response(job_row(jobs.retry(job, at=self.now())), status=202)
        except jobs.NotFailed as fault:
            raise Refused("job-not-failed", f"{fault}.", remedy="Only a failed job can be retried.") from None
