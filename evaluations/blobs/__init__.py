"""Bytes kept for ever under their digest: in a folder by default, in an S3-compatible bucket by setting."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from evaluations.blobs.bucket import Bucket
from evaluations.blobs.folder import Folder
from evaluations.blobs.kept import BlobCorrupted, BlobMissing, BlobStoreUnusable, hex_of

__all__ = [
    "BlobCorrupted",
    "BlobMissing",
    "BlobStoreUnusable",
    "get",
    "opened",
    "path_of",
    "put",
    "put_file",
    "put_stream",
    "store",
]


def store() -> Folder | Bucket:
    """Return where bytes are kept now: the bucket that `SCORECARD_BLOB_BUCKET` names, or the data folder."""
    root = Path(settings.DATA_DIR) / "blobs"
    if settings.BLOB_BUCKET:
        return Bucket(settings.BLOB_BUCKET, scratch=root)
    return Folder(root)


def path_of(digest: str) -> Path:
    """Return where the data folder keeps the bytes of a digest. Raises ValueError for anything but a digest."""
    first, rest = hex_of(digest)
    return Path(settings.DATA_DIR) / "blobs" / first / rest


def put(data: bytes) -> str:
    """Keep the bytes and return their digest; bytes that are kept already are not written again.

    They are durable before this returns. Raises OSError when there is no room, leaving nothing half-written behind,
    BlobStoreUnusable (an OSError) for a bucket that cannot be used, and BlobCorrupted when other bytes stand under
    their digest.
    """
    return store().put_stream([data])


def put_stream(chunks: Iterable[bytes]) -> str:
    """Keep bytes that come in pieces, however many, and return their digest. Raises as `put` does."""
    return store().put_stream(chunks)


def put_file(path: Path) -> str:
    """Keep the bytes of a file, which is moved or removed, and return their digest."""
    return store().put_file(path)


def get(digest: str) -> bytes:
    """Return the bytes of a digest. Raises BlobMissing, and BlobCorrupted when a single bit has changed."""
    return store().get(digest)


def opened(digest: str) -> BinaryIO:
    """Return a seekable stream of the bytes of a digest, to be closed by the caller. Raises BlobMissing.

    The bytes are not hashed again: whoever decides on them compares what is read with a digest of its own.
    """
    return store().opened(digest)
