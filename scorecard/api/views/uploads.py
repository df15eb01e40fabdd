"""Uploads in parts, for logs that are too large or connections too poor for one request."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations import uploading
from evaluations.binding import PLACES, Binding
from evaluations.models import Upload
from evaluations.reading_logs import BindingRefused
from evaluations.report import ReportRefused
from evaluations.uploading import Progress, UploadRefused
from scorecard.access import uploads_of
from scorecard.api.bodies import UploadBody
from scorecard.api.parsing import StreamParser, StrictJSONParser
from scorecard.api.views.base import View, refuse_missing
from scorecard.api.views.logs import receipt_answer, refuse_unknown_format
from scorecard.models import Scope
from scorecard.refusals import Refused


def _refused(fault: UploadRefused) -> Refused:
    status = 409 if fault.code in ("part-missing", "upload-complete") else 422
    return Refused(fault.code, fault.detail, remedy=fault.remedy, status=status)


def _answer(progress: Progress) -> dict[str, Any]:
    upload = progress.upload
    return {
        "id": upload.id,
        "digest": upload.digest,
        "bytes": upload.bytes,
        "part_bytes": upload.part_bytes,
        "parts": progress.parts,
        "received": progress.received,
        "log": f"/api/v1/logs/{upload.log_id}/" if upload.log_id else None,
    }


def _upload(view: View, request: Request, identifier: str) -> Upload:
    found: Upload = refuse_missing(uploads_of(view.token(request)).filter(id=identifier).first(), "upload")
    return found


class Uploads(View):
    """Files that arrive in parts."""

    parser_classes = [StrictJSONParser]
    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="uploads_begin", request=UploadBody, responses={201: dict[str, Any]})
    def post(self, request: Request) -> Response:
        """Announce a file by size and digest; the answer says how long its parts are."""
        said = self.body(request, UploadBody)
        binding = Binding.of({name: getattr(said, name) for name in PLACES})
        format = refuse_unknown_format(said.format)
        try:
            upload = uploading.begin(
                said.digest, said.bytes, name=said.filename, format=format, binding=binding,
                by=self.actor(request), at=self.now(), within=self.reach(request),
            )  # fmt: skip
        except UploadRefused as fault:
            raise _refused(fault) from None
        except BindingRefused as refusal:
            raise ReportRefused(refusal.faults, status=refusal.status) from None
        return Response(_answer(uploading.progress_of(upload)), status=201)


class OneUpload(View):
    """One upload."""

    read_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="upload_get", responses={200: dict[str, Any]})
    def get(self, request: Request, identifier: str) -> Response:
        """Return which parts have arrived, so that a broken upload goes on where it stopped."""
        return Response(_answer(uploading.progress_of(_upload(self, request, identifier))))


class Part(View):
    """One part of an upload."""

    parser_classes = [StreamParser]
    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="upload_part", request=bytes, responses={200: dict[str, Any]})
    def put(self, request: Request, identifier: str, number: str) -> Response:
        """Take one part; sent again it replaces itself."""
        upload = _upload(self, request, identifier)
        chunks = request.data if not isinstance(request.data, dict) else ()
        try:
            return Response(_answer(uploading.take_part(upload, int(number), chunks)))
        except UploadRefused as fault:
            raise _refused(fault) from None


class Complete(View):
    """The end of an upload."""

    write_scope = Scope.RUNS_WRITE

    @extend_schema(operation_id="upload_complete", request=None, responses={202: dict[str, Any]})
    def post(self, request: Request, identifier: str) -> Response:
        """Join the parts, compare the digest, and take the file in as a log."""
        try:
            receipt = uploading.complete(_upload(self, request, identifier), by=self.actor(request), at=self.now())
        except UploadRefused as fault:
            raise _refused(fault) from None
        return receipt_answer(receipt)
