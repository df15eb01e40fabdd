"""The demonstration, loaded once for the whole suite: taking in its reports costs more than all that is asked of it."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import sqlite3
import tempfile
from pathlib import Path

from tests.journeys.installation import running

DATABASE = "scorecard.sqlite3"
NOTHING_TO_PRINT = "DELETE FROM evaluations_job WHERE kind = 'render'"
"""No journey reads the printed cards, and printing the two costs more than everything else that a journey does."""


def loaded_once(shared: Path) -> Path:
    """Return the folder of an installation that was started with `--demo` and stopped, made by whoever asks first.

    `shared` is the same for every process of the suite. The folder is everybody's: copy it before changing anything.
    """
    folder = shared / "demonstration"
    with (shared / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fresh = Path(tempfile.mkdtemp(prefix="demonstration-", dir=shared))
            _start_and_stop(fresh)
            fresh.rename(folder)
    return folder


def copied(demonstration: Path, place: Path) -> Path:
    """Return a copy of the demonstration that a test may change."""
    return Path(shutil.copytree(demonstration, place / "demonstration"))


def _start_and_stop(folder: Path) -> None:
    with running(folder, "--demo", "--no-worker") as installation:
        assert "The demo is loaded." in installation.text
        assert installation.stop() == 0
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        connection.execute(NOTHING_TO_PRINT)
