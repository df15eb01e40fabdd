"""Remembering uploads: a later push that knows the server's name for an upload sends only what is missing."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path
from typing import Protocol

PLACE = Path(".scorecard") / "uploads"
UPLOAD_NAME = re.compile(r"upload_[0-9A-Za-z]{1,40}")


class Marks(Protocol):
    """Remembers which upload a key belongs to."""

    def recall(self, key: str) -> str | None:
        """Return the upload of a key, if one was begun."""

    def remember(self, key: str, upload: str) -> None:
        """Keep the upload of a key."""

    def forget(self, key: str) -> None:
        """Drop what was kept: the upload is complete."""


class NoMarks:
    """Remembers nothing."""

    def recall(self, key: str) -> str | None:
        """Return None."""
        return None

    def remember(self, key: str, upload: str) -> None:
        """Keep nothing."""

    def forget(self, key: str) -> None:
        """Drop nothing."""


class FolderMarks:
    """Remembers in `.scorecard/uploads` of a folder, for one server. What cannot be written is only sent twice."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self._place = (folder or Path.cwd()) / PLACE
        self._url = url

    def _path(self, key: str) -> Path:
        return self._place / hashlib.sha256(f"{self._url} {key}".encode()).hexdigest()[:32]

    def recall(self, key: str) -> str | None:
        """Return the upload of a key, if one was begun and its name can be one."""
        try:
            with self._path(key).open(encoding="ascii") as file:
                name = file.read(100).strip()
        except (OSError, ValueError):
            return None
        return name if UPLOAD_NAME.fullmatch(name) else None

    def remember(self, key: str, upload: str) -> None:
        """Keep the upload of a key."""
        with contextlib.suppress(OSError):
            self._place.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self._place.parent / ".gitignore").write_text("*\n", encoding="utf-8")
            self._path(key).write_text(f"{upload}\n", encoding="utf-8")

    def forget(self, key: str) -> None:
        """Drop what was kept."""
        with contextlib.suppress(OSError):
            self._path(key).unlink(missing_ok=True)
