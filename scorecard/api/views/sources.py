"""Sources: where logs are pulled from, how the pulls went, and what was not pulled and why."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.models import ItemState, Pull, PulledItem, Source
from evaluations.pulling.registering import Settings, SourceRefused
from evaluations.reach import Reach
from evaluations.report import ReportRefused
from scorecard import sourcing
from scorecard.access import visible_sources
from scorecard.api.bodies import BindingBody, Body
from scorecard.api.listing import chosen, listed
from scorecard.api.views.base import View, refuse_missing
from scorecard.models import Scope
from scorecard.moments import rfc3339
from scorecard.refusals import Refused

PULLS_SHOWN, ITEMS_SHOWN = 20, 100


class SourceSettingsBody(Body):
    """Settings of a source; what is left out stays as it is."""

    address: str | None = Field(default=None, max_length=1000)
    options: dict[str, Any] | None = None
    """What can be said of this kind of source; it replaces the former options as a whole."""
    binding: BindingBody | None = None
    """What its logs are; it replaces the former binding as a whole."""
    format: str | None = None
    schedule_seconds: int | None = Field(default=None, ge=0)
    """Seconds between two pulls; 0 for pulls on demand only."""
    enabled: bool | None = None
    secret_env: str | None = None
    """Name of the environment variable that holds the secret; the secret itself is never sent here."""

    def said(self) -> dict[str, Any]:
        """Return what the body says, and nothing of what it leaves out."""
        return self.model_dump(exclude_none=True)


class SourceBody(SourceSettingsBody):
    """A source to pull from."""

    slug: str
    kind: str
    address: str = Field(max_length=1000)


def pull_row(pull: Pull) -> dict[str, Any]:
    """Return one pull."""
    counts = ("found", "new", "unchanged", "skipped", "failed", "bytes")
    return {
        "id": pull.id,
        "job": f"/api/v1/jobs/{pull.job}/" if pull.job else None,
        "cause": pull.cause,
        "asked_by": pull.asked_by,
        "state": pull.state,
        "started_at": rfc3339(pull.started_at),
        "finished_at": rfc3339(pull.finished_at) if pull.finished_at else None,
        **{name: getattr(pull, name) for name in counts},
        "more": pull.more,
        "notes": pull.notes,
        "error": {"code": pull.error_code, "detail": pull.error, "remedy": pull.remedy} if pull.error else None,
    }


def _item_row(item: PulledItem) -> dict[str, Any]:
    return {
        "key": item.key,
        "fingerprint": item.fingerprint,
        "state": item.state,
        "tries": item.tries,
        "code": item.error_code,
        "detail": item.error,
        "remedy": item.remedy,
        "last_tried_at": rfc3339(item.last_tried_at),
    }


def source_row(source: Source) -> dict[str, Any]:
    """Return a source as lists show it."""
    return {
        "id": source.id,
        "slug": source.slug,
        **Settings.of(source).to_dict(),
        "failures": source.failures,
        "last_pull_at": rfc3339(source.last_pull_at) if source.last_pull_at else None,
        "next_pull_at": rfc3339(source.next_pull_at) if source.next_pull_at else None,
    }


def source_document(source: Source) -> dict[str, Any]:
    """Return a source in full: its newest pulls, and what could not be taken from it."""
    missing = source.items.exclude(state=ItemState.PULLED).order_by("-last_tried_at", "-id")
    return {
        **source_row(source),
        "logs": source.items.filter(state=ItemState.PULLED).values("log").distinct().count(),
        "pulls": [pull_row(pull) for pull in source.attempts.order_by("-id")[:PULLS_SHOWN]],
        "not_pulled": [_item_row(item) for item in missing[:ITEMS_SHOWN]],
        "links": {
            "pull": f"/api/v1/sources/{source.id}/pull/",
            "settings": f"/api/v1/sources/{source.id}/settings/",
            "html": f"/sources/{source.slug}/",
        },
    }


class SourceView(View):
    """Read with evidence:read, written with admin."""

    read_scope: Scope | None = Scope.EVIDENCE_READ
    write_scope = Scope.ADMIN

    def source(self, request: Request, identifier: str) -> Source:
        """Return a source that the reader may see. Raises Refused 404."""
        found: Source = refuse_missing(visible_sources(self.reader(request)).filter(id=identifier).first(), "source")
        return found


class Sources(SourceView):
    """Sources."""

    @extend_schema(operation_id="sources_list", responses={200: OpenApiResponse(description="One page of sources")})
    def get(self, request: Request) -> Response | HttpResponse:
        """List sources, newest first."""
        found = visible_sources(self.reader(request)).filter(**chosen(request, ("slug", "kind")))
        return listed(request, found, source_row, name="sources")

    @extend_schema(operation_id="sources_post", request=SourceBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Describe a source; the same one again answers 200."""
        said = self.body(request, SourceBody).said()
        slug = said.pop("slug")
        try:
            source, created = sourcing.add(
                slug,
                Settings(**said),
                by=self.actor(request),
                at=self.now(),
                within=Reach(self.reach(request).programme),
            )
        except SourceRefused as refusal:
            raise ReportRefused(refusal.faults, status=422) from None
        return Response(source_document(source), status=201 if created else 200)


class OneSource(SourceView):
    """One source."""

    @extend_schema(operation_id="source_get", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Return its settings, its newest pulls, and what could not be taken and why."""
        return Response(source_document(self.source(request, identifier)))


class SourceSettings(SourceView):
    """The settings of one source."""

    read_scope = None

    @extend_schema(operation_id="source_settings", request=SourceSettingsBody, responses={200: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Change some settings; the source starts afresh and asks for everything again."""
        source = self.source(request, identifier)
        said = self.body(request, SourceSettingsBody).said()
        if not said:
            raise Refused("nothing-said", "The body names no setting.", remedy="Name what shall change.", status=422)
        settings = Settings(**{**Settings.of(source).to_dict(), **said})
        try:
            source = sourcing.change(source, settings, by=self.actor(request), at=self.now())
        except SourceRefused as refusal:
            raise ReportRefused(refusal.faults, status=422) from None
        return Response(source_document(source))


class PullSource(SourceView):
    """A pull on demand."""

    read_scope = None

    @extend_schema(operation_id="source_pull", request=None, responses={202: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Ask for a pull now; who asks while one waits gets that one."""
        source = self.source(request, identifier)
        job = sourcing.ask(source, asked_by=self.actor(request).name)
        links = {"source": f"/api/v1/sources/{source.id}/"}
        return Response({"job": f"/api/v1/jobs/{job.id}/", "state": job.state, "links": links}, status=202)
