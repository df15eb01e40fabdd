"""Bytes as received: kept once, under their digest, and noticed when a single bit changes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evaluations import blobs


def test_bytes_come_back_as_they_were() -> None:
    digest = blobs.put(b"\x00raw\xff")
    assert digest.startswith("sha256:")
    assert blobs.get(digest) == b"\x00raw\xff"


def test_the_same_bytes_are_stored_once(blob_folder: Path) -> None:
    assert len({blobs.put(b"same") for _ in range(5)}) == 1
    assert len([path for path in blob_folder.rglob("*") if path.is_file()]) == 1


def test_many_writers_of_the_same_bytes_do_not_disturb_each_other(blob_folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(lambda _: blobs.put(b"together" * 1000), range(40)))
    assert len(digests) == 1
    assert [path.name for path in blob_folder.rglob("*") if path.is_file()] == [digests.pop()[9:]]


def test_one_changed_bit_is_noticed() -> None:
    digest = blobs.put(b"evidence")
    path = blobs.path_of(digest)
    path.chmod(0o600)
    path.write_bytes(b"evidencf")
    with pytest.raises(blobs.BlobCorrupted, match=digest):
        blobs.get(digest)


def test_kept_bytes_are_never_overwritten_even_by_the_right_ones() -> None:
    digest = blobs.put(b"evidence")
    path = blobs.path_of(digest)
    path.chmod(0o600)
    path.write_bytes(b"tampered")
    with pytest.raises(blobs.BlobCorrupted):
        blobs.put(b"evidence")
    assert path.read_bytes() == b"tampered"


def test_bytes_that_were_never_kept_are_missing() -> None:
    with pytest.raises(blobs.BlobMissing):
        blobs.get("sha256:" + "0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "sha256:../../x", "md5:" + "0" * 64, "sha256:" + "G" * 64])
def test_only_a_digest_names_bytes(digest: str) -> None:
    with pytest.raises(ValueError, match="no sha256 digest"):
        blobs.get(digest)


def test_a_full_disk_leaves_nothing_half_written(blob_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        blobs.put(b"too much")
    assert [path for path in blob_folder.rglob("*") if path.is_file()] == []
