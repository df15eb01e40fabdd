"""A printed scorecard: its last line seals every byte before it, and it carries the bundle as an attachment."""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import Optional

from scorecard.ledger.ed25519 import ed25519_holds
from scorecard.ledger.note import NoteFaulty, decode_base64, parse_vkey

from .archive import LARGEST_ARCHIVE

SEAL = re.compile(rb"%scorecard-seal/1 sha256:([0-9a-f]{64}) ([^\s]+) ([A-Za-z0-9+/=]+)\n\Z")
EMBEDDED = re.compile(rb"/EmbeddedFile\b")
DIRECT_LENGTH = re.compile(rb"/Length\s+([0-9]{1,10})(?!\s+[0-9]+\s+R)\b")
ZIP_START = b"PK\x03\x04"
TOKEN_LENGTH = 4 + 64


class PdfAltered(ValueError):
    """The PDF's bytes are not the ones that were sealed, or it carries no bundle."""


def check_seal_line(data: bytes, key: Optional[str]) -> str:
    """Return the name under which the last line was signed. Raises PdfAltered; without a key nobody is checked."""
    found = SEAL.search(data[-2048:])
    if found is None:
        raise PdfAltered("the PDF's last line is not a seal: the file was altered or cut")
    body = data[: len(data) - len(found.group(0))]
    stated = found.group(1).decode()
    if hashlib.sha256(body).hexdigest() != stated:
        raise PdfAltered("the PDF's bytes are not the ones its last line seals: the file was altered")
    signer = found.group(2).decode("utf-8", "replace")
    try:
        token = decode_base64(found.group(3).decode())
        if len(token) != TOKEN_LENGTH:
            raise NoteFaulty("its signature has another length")
        if key is not None:
            name, keyid, public_key = parse_vkey(key)
            message = b"scorecard-seal/1\n" + stated.encode() + b"\n"
            ours = signer == name and token[:4] == keyid
            if not ours or not ed25519_holds(public_key, message, token[4:]):
                raise NoteFaulty("it was not signed by the key %s" % name)
    except NoteFaulty as fault:
        raise PdfAltered("the PDF's seal: %s" % fault) from None
    return signer


def _stream_at(data: bytes, place: int) -> Optional[bytes]:
    """Return the inflated stream of the object whose dictionary stands around `place`, if there is one."""
    start = data.find(b"stream", place)
    if start < 0 or b"endobj" in data[place:start]:
        return None
    begin = start + len(b"stream")
    begin += 2 if data[begin : begin + 2] == b"\r\n" else 1
    dictionary = data[max(data.rfind(b"obj", 0, place), 0) : start]
    length = DIRECT_LENGTH.search(dictionary)
    end = begin + int(length.group(1)) if length else data.find(b"endstream", begin)
    content = data[begin : max(end, begin)]
    if b"/FlateDecode" not in dictionary:
        return content if length else content.rstrip(b"\r\n")
    try:
        return zlib.decompressobj().decompress(content, LARGEST_ARCHIVE)
    except zlib.error:
        return None


def embedded_bundle(data: bytes) -> bytes:
    """Return the bundle that the PDF carries. Raises PdfAltered when there is none, or more than one."""
    streams = [_stream_at(data, match.end()) for match in EMBEDDED.finditer(data)]
    bundles = [content for content in streams if content is not None and content[:4] == ZIP_START]
    if len(bundles) != 1:
        raise PdfAltered("the PDF carries %d bundles instead of one, so nothing can be recomputed" % len(bundles))
    return bundles[0]
