"""What every place of kept bytes shares: names, digests while writing, and the two ways to be disappointed."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

NAMED = re.compile(r"sha256:([0-9a-f]{2})([0-9a-f]{62})")


class BlobMissing(LookupError):
    """There are no bytes under this digest."""


class BlobCorrupted(ValueError):
    """The bytes kept under this digest are not the bytes it names."""


class BlobStoreUnusable(OSError):
    """The place where bytes are kept cannot be used now: gone, forbidden or not answering."""


def hex_of(digest: str) -> tuple[str, str]:
    """Return the first two and the other 62 hexadecimal digits. Raises ValueError for what is no digest."""
    found = NAMED.fullmatch(digest)
    if found is None:
        raise ValueError(f"{digest!r} is no sha256 digest")
    return found[1], found[2]


def written_aside(chunks: Iterable[bytes], folder: Path) -> tuple[Path, str]:
    """Write pieces to a new file in the folder, durably; return it and the digest of its bytes.

    Whatever goes wrong, here or in whoever hands out the pieces, nothing half-written is left.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder, prefix="incoming-")
    hasher = hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                hasher.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name), "sha256:" + hasher.hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
