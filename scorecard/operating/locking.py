"""One running installation per data folder: two supervisors would start two workers on the same broker spool."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_NAME = "up.lock"


class AlreadyRunning(RuntimeError):
    """Another process holds the data folder; `holder` is its process id as text, or empty."""

    def __init__(self, folder: Path, holder: str) -> None:
        super().__init__(f"{folder} is in use by another `manage.py up`" + (f" (process {holder})." if holder else "."))
        self.holder = holder


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder's lock for the duration of the block. Raises AlreadyRunning.

    The kernel drops the lock with the process, because a lock that outlives a kill would need cleaning by hand.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(folder, os.read(handle, 32).decode(errors="replace").strip()) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
