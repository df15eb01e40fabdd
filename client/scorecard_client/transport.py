"""The only module that knows the HTTP library: it performs the steps of a conversation over a connection.

Redirects are never followed, because a token would travel with them.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import cache
from time import sleep
from typing import TypeVar

import httpx
from anyio import sleep as asynchronous_sleep  # comes with httpx, and waits on whichever event loop runs
from anyio import to_thread

from scorecard_client.errors import CheckFailed, Misused
from scorecard_client.steps import Answer, Call, FileSlice, Lost, Pause, Reply, Steps
from scorecard_client.version import __version__

ROOT = "/api/v1/"
LARGEST_ANSWER = 256 * 2**20
"""Bytes of an answer that is kept in memory; files may be larger."""
LONGEST_SILENCE = 120.0
"""Seconds; long, because a large log is stored before the server answers."""
LONGEST_CONNECTING = 10.0
"""Seconds until a connection stands."""
T = TypeVar("T")


def _headers(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}", "User-Agent": f"scorecard-client/{__version__}",
        "Accept": "application/json, */*;q=0.5",
    }  # fmt: skip


def _length(call: Call) -> dict[str, str]:
    """A streamed body names its length, because servers behind WSGI do not read chunked bodies."""
    return {"Content-Length": str(call.body.length)} if isinstance(call.body, FileSlice) else {}


async def _chunks(body: FileSlice) -> AsyncIterator[bytes]:
    pieces = body.chunks()
    while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
        yield piece


def _timeout(silence: float) -> httpx.Timeout:
    return httpx.Timeout(silence, connect=min(silence, LONGEST_CONNECTING))


@cache
def _trust() -> ssl.SSLContext:
    """Return the certificates that are trusted; read once, because reading them takes a tenth of a second."""
    return httpx.create_ssl_context()


def _checked(url: str) -> str:
    """Return the API's address. Raises Misused for one that no request can be made of."""
    try:
        return str(httpx.URL(url + ROOT))
    except httpx.InvalidURL as fault:
        raise Misused(f"{url!r} is no address: {fault}.", remedy="It reads https://HOST.") from None


def _lost(fault: httpx.RequestError) -> Lost:
    return Lost(f"{type(fault).__name__}: {fault}".removesuffix(": "))


class _Keeping:
    """Takes the pieces of an answer: into memory up to a limit, or into a file that appears whole or not at all."""

    def __init__(self, call: Call, status: int) -> None:
        self._into = call.into if call.into is not None and status == 200 else None
        self._beside = self._into.with_name(f".{self._into.name}.{os.getpid()}.part") if self._into else None
        self._pieces: list[bytes] = []
        self._size = 0
        self._file = None
        try:
            self._file = self._beside.open("wb") if self._beside else None
        except OSError as fault:
            raise Misused(f"{self._into} cannot be written: {fault.strerror or fault}.") from None

    def take(self, piece: bytes) -> None:
        """Keep one piece. Raises CheckFailed beyond the limit, Misused where the file cannot be written."""
        self._size += len(piece)
        if self._file is not None:
            try:
                self._file.write(piece)
            except OSError as fault:
                raise Misused(f"{self._into} cannot be written: {fault.strerror or fault}.") from None
            return
        if self._size > LARGEST_ANSWER:
            raise CheckFailed(f"The server's answer is larger than {LARGEST_ANSWER} bytes.")
        self._pieces.append(piece)

    def done(self) -> bytes:
        """Return what is in memory; a file gets its name now."""
        if self._file is not None and self._beside is not None and self._into is not None:
            self._file.close()
            self._beside.replace(self._into)
        return b"".join(self._pieces)

    def drop(self) -> None:
        """Remove a file that did not become whole."""
        if self._file is not None and self._beside is not None:
            self._file.close()
            self._beside.unlink(missing_ok=True)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class Connection:
    """A synchronous connection to one server."""

    def __init__(self, url: str, token: str, *, timeout: float = LONGEST_SILENCE) -> None:
        self._http = httpx.Client(
            base_url=_checked(url), headers=_headers(token), timeout=_timeout(timeout), verify=_trust()
        )

    def run(self, steps: Steps[T]) -> T:
        """Perform a conversation and return its result."""
        reply: Reply = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as over:
                result: T = over.value
                return result
            if isinstance(step, Pause):
                sleep(step.seconds)
                reply = None
            else:
                reply = self._ask(step)

    def _ask(self, call: Call) -> Reply:
        body = call.body.chunks() if isinstance(call.body, FileSlice) else call.body
        headers = {**call.headers, **_length(call)}
        try:
            with self._http.stream(
                call.method, call.path, params=call.query or None, headers=headers, content=body
            ) as response:
                keeping = _Keeping(call, response.status_code)
                try:
                    for piece in response.iter_bytes():
                        keeping.take(piece)
                    return Answer(response.status_code, _lower(response.headers), keeping.done())
                finally:
                    keeping.drop()
        except httpx.RequestError as fault:
            return _lost(fault)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


class AsyncConnection:
    """An asynchronous connection to one server, on any event loop that anyio knows."""

    def __init__(self, url: str, token: str, *, timeout: float = LONGEST_SILENCE) -> None:
        self._http = httpx.AsyncClient(
            base_url=_checked(url), headers=_headers(token), timeout=_timeout(timeout), verify=_trust()
        )

    async def run(self, steps: Steps[T]) -> T:
        """Perform a conversation and return its result."""
        reply: Reply = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as over:
                result: T = over.value
                return result
            if isinstance(step, Pause):
                await asynchronous_sleep(step.seconds)
                reply = None
            else:
                reply = await self._ask(step)

    async def _ask(self, call: Call) -> Reply:
        body = _chunks(call.body) if isinstance(call.body, FileSlice) else call.body
        headers = {**call.headers, **_length(call)}
        try:
            async with self._http.stream(
                call.method, call.path, params=call.query or None, headers=headers, content=body
            ) as response:
                keeping = _Keeping(call, response.status_code)
                try:
                    async for piece in response.aiter_bytes():
                        keeping.take(piece)
                    return Answer(response.status_code, _lower(response.headers), keeping.done())
                finally:
                    keeping.drop()
        except httpx.RequestError as fault:
            return _lost(fault)

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()
