"""What every kind of source has in common: it offers items, each of which can be fetched as a stream."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

Pieces = Generator[bytes, None, None]
"""Bytes in pieces; closing it gives back whatever it reads from."""
MOST_KEY_BYTES = 1000
CHUNK = 256 * 1024


class PullFailed(Exception):
    """A source, or one item of it, that could not be read: a stable code, why, and what to do about it.

    `lasting` says that trying again changes nothing until the item or the settings change. `retry_after` is in seconds.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        remedy: str = "It is tried again by itself.",
        lasting: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.remedy = code, detail, remedy
        self.lasting, self.retry_after = lasting, retry_after


class Options(BaseModel):
    """Base of what can be said of a kind of source beside its address; an unknown option is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_max_length=2000)


@dataclass(frozen=True)
class Item:
    """One version of one thing. `fetch` yields its bytes in pieces and may raise PullFailed at any of them."""

    key: str
    """The source's own name of it, the same for every version."""
    fingerprint: str
    """Differs between versions: `etag:...`, `mtime:...` with the size, or `sha256:...`."""
    name: str
    """What the log is called; helps to recognise its format."""
    fetch: Callable[[], Pieces]
    size: int | None = None
    """Bytes as the source states them; never trusted, only used to refuse early."""
    digest: str | None = None
    """`sha256:...` that the source promises of the bytes; other bytes are not taken."""


@dataclass(frozen=True)
class PassedOver:
    """Something that is there and not to be taken now, with its reason; a later pull looks at it again."""

    key: str
    code: str
    reason: str


@dataclass
class Visit:
    """One look at a source: its settings, the moment, and the state that passes from one pull to the next."""

    address: str
    options: Any
    secret: str
    """The secret itself, for this visit only; empty without one."""
    state: dict[str, Any]
    """What the last complete pull learned."""
    at: datetime
    most_bytes: int
    """Largest item in bytes."""
    learned: dict[str, Any] = field(default_factory=dict)
    """What the next pull shall know, kept only when everything offered was dealt with."""
    held: ExitStack = field(default_factory=ExitStack)
    """Connections and files that stay open until the last item was fetched, which is after the last was offered."""


Offer = Item | PassedOver
Offers = Generator[Offer, None, None]


def at_once(data: bytes) -> Pieces:
    """Yield bytes that are at hand."""
    yield data


def bounded(chunks: Iterable[bytes], most: int) -> Pieces:
    """Yield the pieces as they are. Raises PullFailed when they come to more than `most` bytes."""
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > most:
            raise too_large(most)
        yield chunk


def too_large(most: int) -> PullFailed:
    """Return the refusal of an item that is larger than a log may be."""
    remedy = "Split the log, or raise SCORECARD_MAX_LOG_BYTES."
    return PullFailed("too-large", f"It is larger than {most} bytes.", remedy=remedy, lasting=True)


def faulty_key(key: str) -> PassedOver | None:
    """Return why a name cannot be kept, or None for a usable one."""
    shown = key.encode("utf-8", "replace").decode()[:200]
    try:
        size = len(key.encode("utf-8"))
    except UnicodeEncodeError:
        return PassedOver(shown, "name-not-utf-8", "Its name is not UTF-8.")
    if "\x00" in key:
        return PassedOver(shown.replace("\x00", "\ufffd"), "name-not-text", "Its name holds a NUL character.")
    return PassedOver(shown, "name-too-long", "Its name is longer than 1,000 bytes.") if size > MOST_KEY_BYTES else None
