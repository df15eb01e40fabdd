"""A folder or glob on this machine, such as the log folder of an evaluation tool; links are never followed.

Only files at rest are taken: what was written a moment ago may be written on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from pydantic import Field

from evaluations.pulling.offers import (
    CHUNK,
    Item,
    Offer,
    Offers,
    Options,
    PassedOver,
    Pieces,
    PullFailed,
    Visit,
    bounded,
    faulty_key,
)
from evaluations.pulling.patterns import matches, split_address

DEEPEST = 24
FORBIDDEN = ("/", "/proc", "/sys", "/dev", "/etc", "/run", "/boot")
"""Folders of the machine itself. They hold no logs, and their files tell how the machine is set up."""
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
OPEN_FOLDER = OPEN_FILE | os.O_DIRECTORY


class FolderOptions(Options):
    """What can be said of a folder."""

    pattern: str = Field(default="*", min_length=1)
    """Which files; a pattern without a slash looks at file names at any depth. A glob in the address replaces it."""
    settle_seconds: int = Field(default=30, ge=0, le=86_400)
    """How long a file must have rested."""


@dataclass(frozen=True)
class _File:
    """One file as it was listed: its path below the root, and what tells its versions apart."""

    parts: tuple[str, ...]
    size: int
    mtime_ns: int

    @property
    def key(self) -> str:
        return "/".join(self.parts)

    def still(self, found: os.stat_result) -> bool:
        return stat.S_ISREG(found.st_mode) and (found.st_size, found.st_mtime_ns) == (self.size, self.mtime_ns)


def root_refused(address: str) -> str | None:
    """Return why logs are not pulled from this folder, or None. Names of links are judged by where they lead."""
    root, _ = split_address(address)
    if not os.path.isabs(root):
        return "A folder is named from the root of the machine, with a leading slash."
    real, data = os.path.realpath(root), os.path.realpath(settings.DATA_DIR)
    if real in FORBIDDEN or any(real.startswith(f"{place}/") for place in FORBIDDEN[1:]):
        return f"{real} belongs to the machine itself."
    if data == real or data.startswith(f"{real}/") or real.startswith(f"{data}/"):
        return "The folder holds, or lies in, the scorecard's own data folder."
    return None


def _opened_root(root: str) -> int:
    try:
        # The root itself may be a link, because an administrator named it; nothing below it may.
        return os.open(os.path.realpath(root), OPEN_FOLDER)
    except OSError as error:
        remedy = "Mount the folder, or let the worker's account read it."
        raise PullFailed(
            "folder-unreadable", f"The folder cannot be opened: {error.strerror}.", remedy=remedy
        ) from None


def _listed(folder: int, parts: tuple[str, ...]) -> Iterator[_File | PassedOver]:
    """Yield the files below an open folder, by name; every folder is opened without following links."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        here = (*parts, entry.name)
        if entry.name.startswith("."):
            continue
        if fault := faulty_key("/".join(here)):
            yield fault
        elif entry.is_symlink():
            yield PassedOver("/".join(here), "link", "It is a link, and links may lead out of the folder.")
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(folder, here)
        elif entry.is_file(follow_symlinks=False):
            facts = entry.stat(follow_symlinks=False)
            yield _File(here, facts.st_size, facts.st_mtime_ns)


def _below(folder: int, parts: tuple[str, ...]) -> Iterator[_File | PassedOver]:
    place = "/".join(parts)
    if len(parts) > DEEPEST:
        yield PassedOver(place, "too-deep", f"It lies deeper than {DEEPEST} folders.")
        return
    try:
        inner = os.open(parts[-1], OPEN_FOLDER, dir_fd=folder)
    except OSError as error:
        yield PassedOver(place, "folder-unreadable", f"The folder cannot be opened: {error.strerror}.")
        return
    try:
        yield from _listed(inner, parts)
    finally:
        os.close(inner)


def _unsettled(file: _File, visit: Visit) -> str | None:
    rested = visit.at.timestamp() - file.mtime_ns / 1e9
    wanted = visit.options.settle_seconds
    if rested >= wanted:
        return None
    if rested < 0:
        return "Its time lies in the future; the clocks of the machines differ."
    return f"It was written {rested:.0f} s ago and is taken after {wanted} s of rest."


def _opened(root: str, file: _File) -> int:
    folder = _opened_root(root)
    try:
        for part in file.parts[:-1]:
            inner = os.open(part, OPEN_FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(file.parts[-1], OPEN_FILE, dir_fd=folder)
    except OSError as error:
        raise PullFailed("file-unreadable", f"The file cannot be opened: {error.strerror}.") from None
    finally:
        os.close(folder)


def _fetched(root: str, file: _File, most: int) -> Pieces:
    """Yield the file as it was listed. Raises PullFailed when it changes meanwhile."""
    changed = PullFailed("changed-meanwhile", "The file changed between being listed and being read.")
    with os.fdopen(_opened(root, file), "rb", buffering=0) as stream:
        if not file.still(os.fstat(stream.fileno())):
            raise changed
        try:
            yield from bounded(iter(lambda: stream.read(CHUNK), b""), most)
        except OSError as error:
            raise PullFailed("file-unreadable", f"The file cannot be read: {error.strerror}.") from None
        if not file.still(os.fstat(stream.fileno())):
            raise changed


def items(visit: Visit) -> Offers:
    """Offer the files of the folder that fit and have rested. Raises PullFailed for a folder that cannot be read."""
    root, pattern = split_address(visit.address)
    if refused := root_refused(visit.address):
        raise PullFailed("folder-refused", refused, remedy="Name a folder that holds logs only.", lasting=True)
    folder = _opened_root(root)
    try:
        for file in _listed(folder, ()):
            if isinstance(file, PassedOver):
                yield file
            elif matches(file.key, pattern or visit.options.pattern, whole=pattern is not None):
                yield _offer(root, file, visit)
    except OSError as error:
        raise PullFailed("folder-unreadable", f"The folder cannot be listed: {error.strerror}.") from None
    finally:
        os.close(folder)


def _offer(root: str, file: _File, visit: Visit) -> Offer:
    if words := _unsettled(file, visit):
        return PassedOver(file.key, "not-settled", words)
    return Item(
        key=file.key,
        fingerprint=f"mtime:{file.mtime_ns} size:{file.size}",
        name=Path(file.key).name,
        fetch=lambda: _fetched(root, file, visit.most_bytes),
        size=file.size,
    )
