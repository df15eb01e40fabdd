"""Kept bytes in a folder: written once, durable with their name, checked at every whole reading."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from evaluations.blobs.kept import BlobCorrupted, BlobMissing, digest_of_file, hex_of, written_aside
from evaluations.canonical import named_digest


def _make_names_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Folder:
    """A folder of files named by the digests of their bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, digest: str) -> Path:
        """Return the file of a digest. Raises ValueError for what is no digest."""
        first, rest = hex_of(digest)
        return self.root / first / rest

    def put_stream(self, chunks: Iterable[bytes]) -> str:
        """Keep bytes that come in pieces and return their digest."""
        return self._settle(*written_aside(chunks, self.root))

    def put_file(self, path: Path) -> str:
        """Keep a file by moving it into its place, and return its digest."""
        with path.open("rb") as file:
            os.fsync(file.fileno())
        return self._settle(path, digest_of_file(path))

    def _settle(self, written: Path, digest: str) -> str:
        target = self.path_of(digest)
        try:
            if target.exists():
                if digest_of_file(target) != digest:
                    raise BlobCorrupted(f"the bytes kept under {digest} are not the ones it names")
                return digest
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            written.chmod(0o400)
            # Two writers of the same bytes may both come here; the second puts the same bytes in the same place.
            written.rename(target)
        finally:
            written.unlink(missing_ok=True)
        for folder in (target.parent, self.root):
            _make_names_durable(folder)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest. Raises BlobMissing, and BlobCorrupted when a single bit has changed."""
        with self.opened(digest) as file:
            data = file.read()
        if named_digest(data) != digest:
            raise BlobCorrupted(f"the bytes kept under {digest} are not the ones it names")
        return data

    def opened(self, digest: str) -> BinaryIO:
        """Return the file of a digest, open for reading. Raises BlobMissing."""
        try:
            return self.path_of(digest).open("rb")
        except FileNotFoundError:
            raise BlobMissing(f"no bytes are kept under {digest}") from None
