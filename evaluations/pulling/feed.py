"""An HTTP feed: one address whose JSON or NDJSON answer is one log, or holds many; asked for only when it changed.

Conditional requests follow RFC 9110: `If-None-Match` with the ETag, else `If-Modified-Since`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any, Literal, cast
from urllib.parse import urlsplit

import ijson
from pydantic import Field

from evaluations.canonical import named_digest
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import mapping, text_of, tolerant_json
from evaluations.pulling.offers import CHUNK, Item, Offer, Offers, PassedOver, Pieces, PullFailed, Visit, at_once
from evaluations.pulling.web import DOWNLOAD_SECONDS, Web, WebOptions, limited

IN_MEMORY = 8 * 1024 * 1024
MOST_ENTRY_BYTES = 64 * 1024 * 1024
VALIDATORS = {"etag": ("ETag", "If-None-Match"), "last_modified": ("Last-Modified", "If-Modified-Since")}
"""Name in the source's state -> header that tells it, header that asks with it."""


class FeedOptions(WebOptions):
    """What can be said of a feed."""

    split: Literal["whole", "lines", "items"] = "whole"
    """Whether the answer is one log, has one in each line (NDJSON), or in each item of an array (JSON)."""
    array: str = Field(default="", pattern=r"^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)?$")
    """With `items`: where the array stands, e.g. `data.runs`; empty for an answer that is the array."""
    key: str = ""
    """The field that names an entry across its versions, e.g. `run_id`; empty names entries by their digest."""


def _conditions(state: dict[str, Any]) -> dict[str, str]:
    # The ETag alone where there is one, because it is exact and a server may compare dates by the second.
    for name, (_, asking) in VALIDATORS.items():
        if isinstance(state.get(name), str):
            return {asking: state[name]}
    return {}


def _usable(value: str | None) -> bool:
    return value is not None and len(value) <= 500 and value.isascii() and value.isprintable()


def items(visit: Visit) -> Offers:
    """Offer the entries of the feed, none when it has not changed. Raises PullFailed."""
    web = visit.held.enter_context(Web(visit))
    spool = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the visit
    kept = cast(IO[bytes], visit.held.enter_context(spool))
    with web.opened("GET", visit.address, headers=_conditions(visit.state)) as answer:
        if answer.status_code == 304:
            visit.learned = dict(visit.state)
            return
        for name, (telling, _) in VALIDATORS.items():
            if _usable(answer.headers.get(telling)):
                visit.learned[name] = answer.headers[telling]
        hasher = hashlib.sha256()
        for chunk in limited(answer, visit.most_bytes, seconds=DOWNLOAD_SECONDS):
            hasher.update(chunk)
            kept.write(chunk)
    if kept.tell() == 0:
        raise PullFailed("answer-empty", "The feed's answer has no byte.", remedy="Check the address.")
    yield from _entries(visit, kept, f"sha256:{hasher.hexdigest()}")


def _entries(visit: Visit, kept: IO[bytes], digest: str) -> Iterator[Offer]:
    size, split = kept.tell(), visit.options.split
    kept.seek(0)
    if split == "whole":
        name = PurePosixPath(urlsplit(visit.address).path).name or "feed.json"
        yield Item("feed", digest, name, lambda: _whole(kept), size=size, digest=digest)
        return
    entries = _lines(kept) if split == "lines" else _array(kept, visit.options.array)
    for place, entry in entries:
        yield entry if isinstance(entry, PassedOver) else _entry(place, entry, visit.options.key)


def _whole(kept: IO[bytes]) -> Pieces:
    kept.seek(0)
    yield from iter(lambda: kept.read(CHUNK), b"")


def _lines(kept: IO[bytes]) -> Iterator[tuple[str, bytes | PassedOver]]:
    number = 0
    while line := kept.readline(MOST_ENTRY_BYTES + 1):
        number += 1
        place = f"line {number}"
        if len(line) > MOST_ENTRY_BYTES:
            raise PullFailed("entry-too-large", f"The feed's {place} has more than {MOST_ENTRY_BYTES} bytes.")
        if stripped := line.strip():
            yield place, stripped


def _array(kept: IO[bytes], array: str) -> Iterator[tuple[str, bytes | PassedOver]]:
    try:
        for number, value in enumerate(ijson.items(kept, f"{array}.item".lstrip("."), use_float=True), 1):
            place = f"item {number}"
            try:
                yield place, json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
            except (UnicodeEncodeError, RecursionError, ValueError):
                yield place, PassedOver(place, "entry-unreadable", "The entry cannot be written as JSON.")
    except (ijson.JSONError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        words = f"The feed's answer is not JSON to its end: {str(error)[:200]}."
        raise PullFailed("answer-unexpected", words, remedy="Check the address and the option split.") from None


def _entry(place: str, data: bytes, key: str) -> Offer:
    digest = named_digest(data)
    name = digest
    if key:
        try:
            name = text_of(mapping(tolerant_json(data, place=place)).get(key)) or ""
        except LogRefused as refusal:
            return PassedOver(place, "entry-unreadable", refusal.fault.detail)
        if not name:
            return PassedOver(place, "entry-without-key", f"The entry has no field {key[:60]!r}.")
    return Item(name, digest, f"{name[:60]}.json", lambda: at_once(data), size=len(data), digest=digest)
