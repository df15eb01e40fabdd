"""Downloads that no browser opens as a page of ours, whatever is inside."""

from __future__ import annotations

from django.http import FileResponse, HttpResponse

from evaluations import blobs

HARMLESS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
BYTES = "application/octet-stream"


def attachment(data: bytes, *, name: str, content_type: str = BYTES) -> HttpResponse:
    """Return bytes as a download."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **HARMLESS}
    return HttpResponse(data, content_type=content_type, headers=headers)


def kept_file(digest: str, *, name: str) -> FileResponse:
    """Return kept bytes as a download in pieces, however large they are. Raises BlobMissing."""
    return FileResponse(blobs.opened(digest), as_attachment=True, filename=name, content_type=BYTES, headers=HARMLESS)
