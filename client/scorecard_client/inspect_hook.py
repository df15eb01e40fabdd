"""The hook for Inspect: it hurries a finished log to the scorecard. Only Inspect imports this module.

Two environment variables switch it on, SCORECARD_URL and SCORECARD_TOKEN. The log file is the record and the hook only
hurries it, so nothing that fails here reaches the evaluation: an unreachable server leaves the log in the spool.
A task that ends in an error is never told of by `on_task_end`, only by `on_run_end`; hence both.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio  # comes with httpx, and with Inspect
from inspect_ai.hooks import Hooks, RunEnd, TaskEnd, hooks  # type: ignore[import-not-found]

from scorecard_client.client import Client
from scorecard_client.configuration import TOKEN, URL, from_environment
from scorecard_client.parcels import Binding, log_parcel
from scorecard_client.pushing import Courier
from scorecard_client.retrying import HURRIED
from scorecard_client.spool import Spool
from scorecard_client.terminal import shown

log = logging.getLogger("scorecard_client.inspect")
LONGEST_SILENCE = 30.0
"""Seconds after which a server that says nothing counts as not there."""
State = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


def _warn(text: str) -> None:
    log.warning("%s", shown(text))


def local_path(location: str) -> Path | None:
    """Return the path of a log on this machine, given as a path or a file URI; None for one that lies elsewhere."""
    parts = urlsplit(location)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return Path(location) if location and "://" not in location else None


def hurry(path: Path) -> None:
    """Send one finished log, or leave it in the spool. Raises ScorecardError only where neither can be done."""
    found = from_environment()
    parcel = log_parcel(path, binding=Binding())
    client = Client(url=found.address(), token=found.secret(), patience=HURRIED, timeout=LONGEST_SILENCE)
    with client:
        courier = Courier(client, Spool(), found.address(), say=_warn)
        for delivery in courier.deliver([parcel]):
            if delivery.fault is not None:
                _warn(f"{path.name}: {delivery.fault}")
            if delivery.receipt is not None:
                log.info("%s is %s as %s", shown(path.name), delivery.state, delivery.receipt.id)


@hooks(name="scorecard", description="Hurries finished logs to the preparedness scorecard.")
class ScorecardHook(Hooks):  # type: ignore[misc]  # Inspect is not there when types are checked
    """Sends each log once for every state it is found in."""

    def __init__(self) -> None:
        super().__init__()
        self._sent: dict[Path, State] = {}

    def enabled(self) -> bool:
        """Whether both variables are set."""
        return bool(os.environ.get(URL) and os.environ.get(TOKEN))

    async def on_task_end(self, data: TaskEnd) -> None:
        """Hurry the log of a task that came to its end."""
        await self._hurry([getattr(data, "log", None)])

    async def on_run_end(self, data: RunEnd) -> None:
        """Hurry every log of the run, those of failed and interrupted tasks included."""
        await self._hurry(getattr(data, "logs", None) or [])

    async def _hurry(self, logs: Iterable[Any]) -> None:
        try:
            for entry in logs:
                await self._one(str(getattr(entry, "location", "") or ""))
        except Exception as fault:  # because reporting must never stop an evaluation
            _warn(f"The scorecard was not told: {fault}")

    async def _one(self, location: str) -> None:
        try:
            path = local_path(location)
            if path is None:
                _warn(f"{location or 'A log'} is not on this machine; let the server pull it, or push it.")
                return
            status = path.stat()
            state = (status.st_size, status.st_mtime_ns)
            if self._sent.get(path) != state:
                await anyio.to_thread.run_sync(hurry, path)
                self._sent[path] = state
        except Exception as fault:  # because one log that cannot be sent must not keep the others back
            _warn(f"{location} was not sent: {fault}")
