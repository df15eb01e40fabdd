"""Reading bodies: strict JSON only, decompressed within a limit, the raw bytes kept for intake."""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import zstandard
from django.conf import settings
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from evaluations.report import Fault, ReportRefused
from evaluations.strict_json import StrictJSONError, parse_json
from scorecard.api.problems import TooLarge

CHUNK = 64 * 1024
MOST_IN_MEMORY = 1024 * 1024
"""Bytes of a report that are not worth a file."""


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes after decompression; split it.")


def _limited(stream: Any, limit: int) -> Iterator[bytes]:
    total = 0
    while part := stream.read(CHUNK):
        total += len(part)
        if total > limit:
            raise _too_large(limit)
        yield part


class _Gunzipped(io.RawIOBase):
    """A gzip stream inflated piece by piece, so that a bomb is noticed before it unfolds."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._inflater = stream, zlib.decompressobj(wbits=31)

    def read(self, size: int = -1) -> bytes:
        while not self._inflater.eof:
            part = self._inflater.unconsumed_tail or self._stream.read(CHUNK)
            if not part:
                raise ParseError("The gzip body ends too early.")
            try:
                inflated = self._inflater.decompress(part, CHUNK)
            except zlib.error:
                raise ParseError("The body is not valid gzip.") from None
            if inflated:
                return inflated
        return b""


def body_chunks(stream: IO[bytes], encoding: str, *, limit: int) -> Iterator[bytes]:
    """Yield the decompressed body in pieces of at most `limit` bytes in all.

    Raises TooLarge, ParseError for a broken stream, 415 for an unknown encoding.
    """
    if encoding in ("", "identity"):
        yield from _limited(stream, limit)
    elif encoding == "gzip":
        yield from _limited(_Gunzipped(stream), limit)
    elif encoding == "zstd":
        try:
            yield from _limited(zstandard.ZstdDecompressor().stream_reader(stream, closefd=False), limit)
        except zstandard.ZstdError:
            raise ParseError("The body is not valid Zstandard.") from None
    else:
        words = f"The content encoding {encoding!r} is not supported; use gzip or zstd."
        raise UnsupportedMediaType(encoding, detail=words)


def raw_body(stream: IO[bytes], encoding: str) -> bytes:
    """Return the decompressed body of a document. Raises as `body_chunks` does."""
    return b"".join(body_chunks(stream, encoding, limit=settings.MAX_BODY_BYTES))


class StreamParser(BaseParser):
    """Hands the body over as a stream, whatever it calls itself: a log of gigabytes is never held in memory."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the decompressed pieces as an iterator."""
        request: Request = (parser_context or {})["request"]
        encoding = request.headers.get("Content-Encoding", "").lower()
        return body_chunks(stream, encoding, limit=settings.MAX_LOG_BYTES)


class RawJSONParser(BaseParser):
    """Hands the decompressed bytes of a JSON body over unparsed: intake keeps them and parses them strictly."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body's bytes; a charset other than UTF-8 is refused with 415."""
        return raw_body(stream, self.encoding_of(parser_context))

    def encoding_of(self, parser_context: Mapping[str, Any] | None) -> str:
        """Return the content encoding of the request. Raises 415 for a charset other than UTF-8."""
        request: Request = (parser_context or {})["request"]
        charset = request.content_type.lower().partition("charset=")[2].strip(' "') or "utf-8"
        if charset not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(request.content_type, detail="JSON is UTF-8; send charset=utf-8 or none.")
        return request.headers.get("Content-Encoding", "").lower()


class SpooledJSONParser(RawJSONParser):
    """The same as a seekable stream, whose bytes are in a file of their own when there are many of them."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the stream at its start; a charset other than UTF-8 is refused with 415."""
        encoding = self.encoding_of(parser_context)
        folder = Path(settings.DATA_DIR) / "blobs"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # In the data folder, because a temporary folder may be kept in memory.
        body = tempfile.SpooledTemporaryFile(max_size=MOST_IN_MEMORY, dir=str(folder))  # noqa: SIM115 - the view closes it
        try:
            for chunk in body_chunks(stream, encoding, limit=settings.MAX_BODY_BYTES):
                body.write(chunk)
        except BaseException:
            body.close()
            raise
        body.seek(0)
        return body


class StrictJSONParser(RawJSONParser):
    """Parses strictly: no duplicate keys, no NaN, no deep nesting, no second spelling of anything."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the document, or an empty object for an empty body. Raises ReportRefused 400 with the place."""
        raw = super().parse(stream, media_type, parser_context)
        if not raw:
            return {}
        try:
            return parse_json(raw, settings.MAX_BODY_BYTES)
        except StrictJSONError as error:
            fault = Fault(error.pointer, error.code, error.message, "Send one strict JSON document.")
            raise ReportRefused([fault], status=400) from None
