"""An Every Eval Ever datastore: immutable objects at `objects/aa/bb/<uuid>.json`, in a folder, a bucket or on a server.

A server has no listing, so there the store's own indexes say what is in it: one row for each object with its path,
digest and size. The tree answer of the Hugging Face Hub (a JSON array with `path`, `oid` and `size`) serves as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import Field

from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import mapping, text_of, tolerant_json, whole_number
from evaluations.pulling import bucket, folder
from evaluations.pulling.bucket import BucketOptions
from evaluations.pulling.offers import Item, Offer, Offers, PassedOver, PullFailed, Visit
from evaluations.pulling.web import DOCUMENT_SECONDS, Web, WebOptions, limited

UUID = r"\1\2[0-9a-f]{4}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OBJECT = re.compile(rf"(?:[\w.-]+/)*objects/([0-9a-f]{{2}})/([0-9a-f]{{2}})/{UUID}[\w.-]*\.jsonl?", re.ASCII)
"""An object's path; its first four digits are those of its folders. JSONL beside it holds its instances."""
HEX = re.compile(r"[0-9a-f]{64}")
MOST_INDEX_BYTES = 256 * 1024 * 1024
MOST_PAGES = 5_000


class DatastoreOptions(BucketOptions, WebOptions):
    """What can be said of a datastore; the options of its folder, bucket or server."""

    pattern: str = Field(default="**/objects/*/*/*.json*", min_length=1)
    settle_seconds: int = Field(default=30, ge=0, le=86_400)
    index: list[str] = Field(default=["flat/indexes/aggregate.jsonl"], min_length=1, max_length=100)
    """On a server: addresses of indexes, below the source's address or as whole addresses on the same host."""


def _only_objects(offers: Offers) -> Offers:
    for offer in offers:
        if isinstance(offer, PassedOver) or OBJECT.fullmatch(offer.key):
            yield offer


def _rows(web: Web, url: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of an index, which is NDJSON or pages of a JSON array. Raises PullFailed."""
    for _ in range(MOST_PAGES):
        with web.opened("GET", url) as answer:
            body = b"".join(limited(answer, MOST_INDEX_BYTES, seconds=DOCUMENT_SECONDS))
            following = answer.links.get("next", {}).get("url")
        yield from _parsed(body)
        if not following:
            return
        url = str(httpx.URL(url).join(following))
    raise PullFailed("pages-without-end", "The pages of the index do not end.", remedy="Check the option index.")


def _parsed(body: bytes) -> Iterator[dict[str, Any]]:
    try:
        if body.lstrip().startswith(b"["):
            rows = tolerant_json(body, place="index")
        else:
            rows = [
                tolerant_json(line, place=f"line {at}") for at, line in enumerate(body.splitlines(), 1) if line.strip()
            ]
    except LogRefused as refusal:
        words = f"The index cannot be read: {refusal}"
        raise PullFailed("answer-unexpected", words, remedy="Check the option index.") from None
    yield from map(mapping, rows)


def _offer(web: Web, base: str, row: dict[str, Any]) -> Offer | None:
    path = text_of(row.get("object_path") or row.get("path"), limit=1000)
    if path is None or row.get("type") == "directory":
        return None
    if not OBJECT.fullmatch(path):
        return None if "object_path" not in row else PassedOver(path, "path-unexpected", "It is no path of an object.")
    digest = text_of(row.get("sha256"))
    promised = f"sha256:{digest}" if digest and HEX.fullmatch(digest) else None
    version = promised or f"oid:{text_of(row.get('oid'), limit=100) or json.dumps(row.get('size'))[:40]}"
    url = f"{base}/{quote(path)}"
    size = whole_number(row.get("size_bytes", row.get("size")))
    return Item(path, version, path.rsplit("/", 1)[-1], lambda: web.chunks(url), size=size, digest=promised)


def _on_server(visit: Visit) -> Offers:
    base = visit.address.rstrip("/")
    web = visit.held.enter_context(Web(visit))
    for index in visit.options.index:
        for row in _rows(web, index if "://" in index else f"{base}/{index.lstrip('/')}"):
            if offer := _offer(web, base, row):
                yield offer


def items(visit: Visit) -> Offers:
    """Offer the objects of the datastore. Raises PullFailed."""
    if visit.address.startswith("s3://"):
        return _only_objects(bucket.items(visit))
    if visit.address.startswith("/"):
        return _only_objects(folder.items(visit))
    return _on_server(visit)
