"""Log files: any evaluation log is taken in as it is, read by a worker, and kept whatever becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from django.http import FileResponse, HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations import blobs, reading_logs
from evaluations.adapters.registry import adapters
from evaluations.binding import PLACES, Binding
from evaluations.models import LogFile
from evaluations.reading_logs import AlreadyReceived, BindingRefused, LogReceipt, counts_of
from evaluations.report import ReportRefused
from scorecard.access import logs_of, visible_logs
from scorecard.api.bodies import BindingBody
from scorecard.api.listing import chosen, listed
from scorecard.api.parsing import StreamParser, StrictJSONParser
from scorecard.api.views.base import View, refuse_missing
from scorecard.attaching import kept_file
from scorecard.models import Scope
from scorecard.moments import rfc3339
from scorecard.refusals import Refused
from scorecard.showing import record_handing_out
from scorecard.staling import affected_cards


def log_row(log: LogFile) -> dict[str, Any]:
    """Return a log as lists show it."""
    return {
        "id": log.id,
        "digest": log.digest,
        "bytes": log.bytes,
        "name": log.name,
        "format": log.recognised or log.format,
        "state": log.state,
        "binding": log.binding,
        "counts": counts_of(log),
        "received_at": rfc3339(log.received_at),
        "read_at": rfc3339(log.read_at) if log.read_at else None,
        "posted_by": {"kind": log.actor_kind, "id": log.actor_id, "name": log.actor_name},
    }


def log_document(log: LogFile) -> dict[str, Any]:
    """Return a log in full: the runs read from it, what waits for a checkpoint, and why something was not read."""
    return {
        **log_row(log),
        "runs": log.outcomes,
        "unbound": log.unbound,
        "faults": log.faults,
        "warnings": log.warnings,
        "links": {
            "bind": f"/api/v1/logs/{log.id}/bind/",
            "retry": f"/api/v1/logs/{log.id}/retry/",
            "scorecards": _cards_of(log),
        },
    }


def _cards_of(log: LogFile) -> list[str]:
    """Return the pages of the scorecards that the log's runs bear on, each once."""
    checkpoints = reading_logs.reach_of(log).checkpoints().filter(name__in={row["checkpoint"] for row in log.outcomes})
    cards = [card for checkpoint in checkpoints.order_by("name") for card in affected_cards(checkpoint)]
    return list(dict.fromkeys(f"/scorecards/{card.number}/v{card.version}/" for card in cards))


def receipt_answer(receipt: LogReceipt) -> Response:
    """Return 202 for a log that is new, 200 for one that came before."""
    log = receipt.log
    answer = {
        "id": log.id,
        "digest": log.digest,
        "state": log.state,
        "job": f"/api/v1/jobs/{receipt.job.id}/",
        "links": {"log": f"/api/v1/logs/{log.id}/", "html": f"/logs/{log.id}/"},
    }
    return Response(answer, status=202 if receipt.created else 200)


def refuse_unknown_format(name: str) -> str:
    """Return the name of a log format. Raises Refused 422 for one that no adapter has."""
    if name != "auto" and name not in adapters():
        known = ", ".join(sorted(adapters()))
        words = f"There is no log format {name!r}."
        raise Refused("unknown-format", words, remedy=f"Use auto, or one of {known}.", status=422, pointer="/format")
    return name


def file_name(request: Request) -> str:
    """Return what the sender calls the file; it is shown and helps to recognise the format, and is never a path."""
    return unquote(request.headers.get("X-Filename", ""))[:400]


class Logs(View):
    """Received log files."""

    parser_classes = [StreamParser]
    read_scope = Scope.EVIDENCE_READ
    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="logs_list", responses={200: OpenApiResponse(description="One page of logs")})
    def get(self, request: Request) -> Response | HttpResponse:
        """List logs, newest first; `state=quarantined` is the list of what could not be read."""
        found = visible_logs(self.reader(request)).filter(**chosen(request, ("state", "recognised")))
        return listed(request, found, log_row, name="logs")

    @extend_schema(operation_id="logs_post", request=bytes, responses={202: dict[str, Any], 200: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Take a log file in: the body is the file, `?format=auto` and the binding stand in the address."""
        said = chosen(request, ("filename", *PLACES))
        format = refuse_unknown_format(request.query_params.get("format") or "auto")
        binding = Binding.of({name: said.get(name) for name in PLACES})
        digest, size = _kept(request.data)
        name = said.get("filename") or file_name(request)
        try:
            receipt = reading_logs.receive_log(
                digest, size, name=name, format=format, binding=binding, by=self.actor(request), at=self.now(),
                within=self.reach(request),
            )  # fmt: skip
        except BindingRefused as refusal:
            raise ReportRefused(refusal.faults, status=refusal.status) from None
        return receipt_answer(receipt)


def _kept(body: Any) -> tuple[str, int]:
    """Keep a body that comes in pieces; return digest and size. Raises Refused for an empty one."""
    size = 0

    def counted(pieces: Iterable[bytes]) -> Iterable[bytes]:
        nonlocal size
        for piece in pieces:
            size += len(piece)
            yield piece

    digest = blobs.put_stream(counted(body if not isinstance(body, dict) else ()))
    if not size:
        raise Refused("empty", "The body is empty.", remedy="Send the file itself as the body.", status=400)
    return digest, size


def _log(request: Request, identifier: str, view: View) -> LogFile:
    """Return a log that the token may see: what it posted itself, and with `evidence:read` what its reader sees."""
    token = view.token(request)
    found = logs_of(token).filter(id=identifier).first()
    if found is None and Scope.EVIDENCE_READ in token.scopes:
        found = visible_logs(view.reader(request)).filter(id=identifier).first()
    log: LogFile = refuse_missing(found, "log")
    return log


class OneLog(View):
    """One log; whoever posted it may watch what becomes of it."""

    read_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="log_get", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Return state, runs, what is unbound, faults with their places, and warnings."""
        return Response(log_document(_log(request, identifier, self)))


class LogRaw(View):
    """The bytes of one log as they were received."""

    read_scope = Scope.EVIDENCE_READ

    @extend_schema(operation_id="log_raw", responses={200: bytes})
    def get(self, request: Request, identifier: str) -> FileResponse:
        """Return the file as a download in pieces."""
        log = _log(request, identifier, self)
        record_handing_out(("log", log.id), log.digest, by=self.actor(request), at=self.now())
        return kept_file(log.digest, name=f"{log.id}.bin")


class BindLog(View):
    """What a log's models are."""

    parser_classes = [StrictJSONParser]
    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="log_bind", request=BindingBody, responses={202: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Bind a log, or single models of it, and read it again; what was said before stands where this is silent."""
        log = _log(request, identifier, self)
        said = self.body(request, BindingBody).model_dump(exclude_none=True)
        models = {**log.binding.get("models", {}), **said.pop("models", {})}
        binding = Binding.of({**log.binding, **said, "models": models})
        return _again(log, binding)


class RetryLog(View):
    """Another reading of a log."""

    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="log_retry", request=None, responses={202: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Read a log again, for example after an adapter was mended or a checkpoint registered."""
        return _again(_log(request, identifier, self), None)


def _again(log: LogFile, binding: Binding | None) -> Response:
    try:
        job = reading_logs.read_again(log, binding=binding)
    except BindingRefused as refusal:
        raise ReportRefused(refusal.faults, status=refusal.status) from None
    except AlreadyReceived as fault:
        raise Refused("already-received", f"{fault}.", remedy="Look at that log.", status=409) from None
    answer = {"id": log.id, "job": f"/api/v1/jobs/{job.id}/", "links": {"log": f"/api/v1/logs/{log.id}/"}}
    return Response(answer, status=202)
