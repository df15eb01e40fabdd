"""An S3-compatible bucket prefix. Requests are signed by boto3 and sent over the same checked connections as any other.

Credentials are the secret, `ACCESS_KEY_ID:SECRET_ACCESS_KEY`, or else the usual AWS variables of the worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import Field

from evaluations.blobs.bucket import s3_client
from evaluations.pulling.addresses import CheckedTransport
from evaluations.pulling.offers import (
    CHUNK,
    Item,
    Offer,
    Offers,
    Options,
    Pieces,
    PullFailed,
    Visit,
    bounded,
    faulty_key,
)
from evaluations.pulling.patterns import matches
from evaluations.pulling.web import FAULTS, TIMEOUTS, status_failure, unreachable, url_refused

CODES = {
    "NoSuchBucket": ("bucket-unknown", "There is no such bucket.", "Check the address."),
    "AccessDenied": ("not-authorised", "The bucket does not allow this.", "Check what the secret may read."),
    "InvalidAccessKeyId": ("not-authorised", "The bucket does not know this key.", "Check the secret."),
    "SignatureDoesNotMatch": ("not-authorised", "The bucket refuses the signature.", "Check the secret."),
}


class BucketOptions(Options):
    """What can be said of a bucket."""

    pattern: str = Field(default="*", min_length=1)
    """Which objects; a pattern without a slash looks at the last part of a key."""
    endpoint: str = ""
    """The server, e.g. `https://minio.example.org`; empty means Amazon."""
    region: str = Field(default="", pattern=r"^[a-z0-9-]{0,40}$")
    allow_private: bool = False
    """Set by an administrator for a server inside the own network."""
    anonymous: bool = False
    """Unsigned requests, for a bucket that everybody may read."""


class _Raw:
    """The body of an answer as botocore reads it."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer, self._chunks, self._rest = answer, answer.iter_raw(), b""

    def stream(self, amt: int = CHUNK, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the body in pieces."""
        while chunk := self.read(amt):
            yield chunk

    def read(self, amt: int | None = None) -> bytes:
        """Return at most `amt` bytes, all that are left without it; empty at the end."""
        parts = [self._rest]
        if amt is None:
            parts.extend(self._chunks)
        elif not self._rest:
            parts.append(next(self._chunks, b""))
        data = b"".join(parts)
        self._rest = data[amt:] if amt is not None else b""
        return data[:amt] if amt is not None else data

    def close(self) -> None:
        """Give the connection back."""
        self._answer.close()


def _sender(client: httpx.Client, response_class: Any) -> Any:
    """Return a handler of botocore's event `before-send`, whose answer stands in for botocore's own sending."""

    def send(request: Any, **ignored: Any) -> Any:
        headers = {name: _text(value) for name, value in request.headers.items()}
        parts = urlsplit(request.url)
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}".encode()
        # The path goes out byte for byte as it was signed.
        outgoing = client.build_request(
            request.method, request.url, headers=headers, content=request.body, extensions={"target": target}
        )
        answer = client.send(outgoing, stream=True)
        return response_class(request.url, answer.status_code, dict(answer.headers), _Raw(answer))

    return send


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _credentials(visit: Visit) -> dict[str, str]:
    if not visit.secret:
        return {}
    key, colon, secret = visit.secret.partition(":")
    if not colon or not key or not secret:
        words = "The secret is not ACCESS_KEY_ID:SECRET_ACCESS_KEY."
        raise PullFailed("secret-malformed", words, remedy="Set the variable in that form.")
    return {"aws_access_key_id": key, "aws_secret_access_key": secret}


def client_of(visit: Visit, http: httpx.Client) -> Any:
    """Return a client for the bucket whose requests go through `http`. Raises PullFailed without boto3."""
    options = visit.options
    try:
        plain: dict[str, Any] = {"signature_version": import_module("botocore").UNSIGNED} if options.anonymous else {}
        config = import_module("botocore.config").Config(retries={"mode": "standard", "total_max_attempts": 3}, **plain)
        client = s3_client(
            options.endpoint or None, config=config, region_name=options.region or None, **_credentials(visit)
        )
    except (RuntimeError, ModuleNotFoundError) as error:
        raise PullFailed("extra-missing", str(error), remedy="Install the extra s3 beside the workers.") from None
    response_class = import_module("botocore.awsrequest").AWSResponse
    client.meta.events.register("before-send.s3", _sender(http, response_class))
    return client


def _failure(error: Exception) -> PullFailed:
    """Return what went wrong in words of our own: messages of libraries may repeat what was sent."""
    if isinstance(error, PullFailed):
        return error
    if isinstance(error, FAULTS):
        return unreachable(error)
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        code = str(answer.get("Error", {}).get("Code"))
        if code in CODES:
            named, detail, remedy = CODES[code]
            return PullFailed(named, detail, remedy=remedy)
        return status_failure(int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0))
    kind = type(error).__name__
    remedy = "Check the endpoint, the secret and the region."
    return PullFailed("unreachable", f"The bucket cannot be read ({kind}).", remedy=remedy)


def bucket_refused(address: str, options: BucketOptions, *, secret: bool) -> str | None:
    """Return why this is no bucket to pull from, as far as it tells by itself, or None."""
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
        return "A bucket is named as s3://name/prefix."
    if options.endpoint:
        return url_refused(options.endpoint, allow_private=options.allow_private, secret=secret)
    return None


def _fetched(client: Any, place: dict[str, str], most: int) -> Pieces:
    try:
        body = client.get_object(**place)["Body"]
    except Exception as error:  # boto3 makes its exceptions at run time, so they have no common name here
        raise _failure(error) from None
    try:
        yield from bounded(_pieces(body), most)
    finally:
        body.close()


def _pieces(body: Any) -> Iterator[bytes]:
    while True:
        try:
            chunk = body.read(CHUNK)
        except Exception as error:  # as above; a connection that breaks off is a failure of this one object
            raise _failure(error) from None
        if not chunk:
            return
        yield chunk


def _listed(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from page.get("Contents", [])
    except Exception as error:  # as above
        raise _failure(error) from None


def _offer(client: Any, bucket: str, row: dict[str, Any], most: int) -> Offer:
    key, etag, size = str(row["Key"]), str(row.get("ETag", "")), int(row.get("Size", 0))
    if fault := faulty_key(key):
        return fault
    place = {"Bucket": bucket, "Key": key, **({"IfMatch": etag} if etag else {})}
    fingerprint = f"etag:{etag[:120]} size:{size}" if etag else f"time:{row.get('LastModified')} size:{size}"
    return Item(key, fingerprint, key.rsplit("/", 1)[-1], lambda: _fetched(client, place, most), size=size)


def items(visit: Visit) -> Offers:
    """Offer the objects under the prefix that fit. Raises PullFailed."""
    if words := bucket_refused(visit.address, visit.options, secret=bool(visit.secret)):
        raise PullFailed("address-refused", words, remedy="Change the settings of the source.", lasting=True)
    parts = urlsplit(visit.address)
    transport = CheckedTransport(allow_private=visit.options.allow_private)
    plain = {"Accept-Encoding": "identity"}
    http = httpx.Client(transport=transport, timeout=TIMEOUTS, headers=plain, trust_env=False)
    client = client_of(visit, visit.held.enter_context(http))
    for row in _listed(client, parts.netloc, parts.path.lstrip("/")):
        key = str(row.get("Key", ""))
        if key and not key.endswith("/") and matches(key, visit.options.pattern):
            yield _offer(client, parts.netloc, row, visit.most_bytes)
