"""What the client asks of a connection. A conversation is a generator of steps, so that it is written once, knows no
HTTP library, and runs over a synchronous and an asynchronous connection alike."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from scorecard_client.errors import CheckFailed, Misused

CHUNK = 256 * 1024
"""Bytes read from a file at once."""
T = TypeVar("T")


@dataclass(frozen=True)
class FileSlice:
    """A part of a file as the body of a request; `start` and `length` in bytes."""

    path: Path
    start: int
    length: int

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes. Raises CheckFailed when the file became shorter, Misused when it cannot be read."""
        left = self.length
        try:
            with self.path.open("rb") as file:
                file.seek(self.start)
                while left:
                    chunk = file.read(min(CHUNK, left))
                    if not chunk:
                        raise CheckFailed(
                            f"{self.path.name} became shorter while it was sent.", remedy="Push it again."
                        )
                    left -= len(chunk)
                    yield chunk
        except OSError as fault:
            raise Misused(f"{self.path} cannot be read: {fault.strerror or fault}.") from None


@dataclass(frozen=True)
class Call:
    """One request; `path` is relative to the API's root. The answer's body goes to the file `into`, if given."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | FileSlice = b""
    into: Path | None = None


@dataclass(frozen=True)
class Pause:
    """Waiting, in seconds."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    """What the server answered; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Lost:
    """The request or its answer was lost on the way; `words` say how."""

    words: str


Reply: TypeAlias = Answer | Lost | None
Steps: TypeAlias = Generator[Call | Pause, Reply, T]
