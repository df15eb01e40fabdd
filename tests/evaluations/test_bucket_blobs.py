"""Kept bytes in a bucket: the same promises as in a folder, against a server that speaks the part of S3 we use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluations import blobs
from evaluations.blobs.bucket import Bucket
from tests.pulling.servers import Bucket as Objects
from tests.pulling.servers import serving


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[dict[str, bytes]]:
    """What the bucket `kept` holds; the product keeps its bytes there."""
    held: dict[str, bytes] = {}
    with serving(Objects("kept", held)) as server:
        for name, value in (
            ("AWS_ENDPOINT_URL_S3", server.url), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ):  # fmt: skip
            monkeypatch.setenv(name, value)
        settings.BLOB_BUCKET = "s3://kept/raw"
        yield held


def test_bytes_are_kept_under_their_digest_and_come_back(objects: dict[str, bytes], data_dir: Path) -> None:
    digest = blobs.put_stream([b"a log ", b"in pieces"])
    assert digest == "sha256:" + hashlib.sha256(b"a log in pieces").hexdigest()
    assert objects == {f"raw/{digest[7:9]}/{digest[9:]}": b"a log in pieces"}
    assert blobs.get(digest) == b"a log in pieces"
    with blobs.opened(digest) as stream:
        stream.seek(6)
        assert stream.read() == b"in pieces"
    assert [path for path in (data_dir / "blobs").rglob("*") if path.is_file()] == []


def test_the_same_bytes_are_sent_once_and_a_file_is_taken_over(objects: dict[str, bytes], tmp_path: Path) -> None:
    first = blobs.put(b"same")
    path = tmp_path / "file"
    path.write_bytes(b"same")
    assert blobs.put_file(path) == first
    assert len(objects) == 1
    assert not path.exists()


def test_what_is_missing_or_changed_is_noticed(objects: dict[str, bytes]) -> None:
    with pytest.raises(blobs.BlobMissing):
        blobs.get("sha256:" + "0" * 64)
    digest = blobs.put(b"evidence")
    objects[next(iter(objects))] = b"evidencf"
    with pytest.raises(blobs.BlobCorrupted, match=digest):
        blobs.get(digest)


@pytest.mark.parametrize("address", ["", "kept", "https://kept/x", "s3://"])
def test_an_address_that_is_no_bucket_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no bucket"):
        Bucket(address, scratch=tmp_path, client=object())


@pytest.mark.parametrize(
    ("bucket", "endpoint", "why"),
    [("s3://elsewhere/raw", None, "NoSuchBucket|404"), ("s3://kept", "http://127.0.0.1:9", "EndpointConnectionError")],
)
def test_a_bucket_that_cannot_be_used_is_told_and_is_no_missing_log(
    bucket: str, endpoint: str | None, why: str, objects: dict[str, bytes], data_dir: Path, monkeypatch, settings: Any
) -> None:
    settings.BLOB_BUCKET = bucket
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    if endpoint is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    for use in (lambda: blobs.put(b"evidence"), lambda: blobs.get("sha256:" + "0" * 64)):
        with pytest.raises(blobs.BlobStoreUnusable, match=why) as told:
            use()
        assert "SCORECARD_BLOB_BUCKET" in str(told.value)
        assert str(data_dir) not in str(told.value)
    assert [path for path in (data_dir / "blobs").rglob("*") if path.is_file()] == []
