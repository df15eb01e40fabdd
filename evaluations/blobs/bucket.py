"""Kept bytes in an S3-compatible bucket, under the same names as in a folder; needs the extra `s3`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from evaluations.blobs.kept import BlobCorrupted, BlobMissing, BlobStoreUnusable, digest_of_file, hex_of, written_aside
from evaluations.canonical import named_digest

MISSING = ("404", "NoSuchKey", "NotFound")


def s3_client(endpoint: str | None = None, **options: Any) -> Any:
    """Return a client with credentials from the environment unless `options` of boto3 say otherwise.

    Raises RuntimeError with the remedy without boto3.
    """
    try:
        boto3 = import_module("boto3")
    except ModuleNotFoundError:
        raise RuntimeError("A bucket needs the extra s3: pip install 'preparedness-scorecard[s3]'.") from None
    return boto3.client("s3", endpoint_url=endpoint, **options)


def _code(error: BaseException) -> str:
    """Return S3's own code of an error, also where a transfer hides the answer behind another error; empty for none."""
    hidden = error.__cause__ or error.__context__
    answer = getattr(error, "response", None) or getattr(hidden, "response", None)
    return str(answer.get("Error", {}).get("Code", ""))[:60] if isinstance(answer, dict) else ""


class Bucket:
    """A bucket named as `s3://name/prefix`; the endpoint and the credentials come from the usual AWS variables."""

    def __init__(self, address: str, *, scratch: Path, client: Any = None) -> None:
        parts = urlsplit(address)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"{address!r} is no bucket; write s3://name/prefix")
        self.name, self.prefix, self._scratch = parts.netloc, parts.path.strip("/"), scratch
        self._client = client or s3_client()

    def key_of(self, digest: str) -> str:
        """Return the object's key of a digest. Raises ValueError for what is no digest."""
        return "/".join(part for part in (self.prefix, *hex_of(digest)) if part)

    def put_stream(self, chunks: Iterable[bytes]) -> str:
        """Keep bytes that come in pieces and return their digest."""
        return self._settle(*written_aside(chunks, self._scratch))

    def put_file(self, path: Path) -> str:
        """Keep a file, which is removed, and return its digest."""
        return self._settle(path, digest_of_file(path))

    def _settle(self, written: Path, digest: str) -> str:
        try:
            with self._told():
                if not self._holds(digest):
                    self._client.upload_file(str(written), self.name, self.key_of(digest))
        finally:
            written.unlink(missing_ok=True)
        return digest

    def _holds(self, digest: str) -> bool:
        try:
            self._client.head_object(Bucket=self.name, Key=self.key_of(digest))
        except self._client.exceptions.ClientError as error:
            if _code(error) in MISSING:
                return False
            raise
        return True

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the libraries raise into our words. Their messages may repeat local paths and what was sent."""
        try:
            yield
        except OSError:
            raise
        except Exception as error:  # boto3 makes its exceptions at run time, so they have no common name here
            words = f"the bucket s3://{self.name} cannot be used ({_code(error) or type(error).__name__}); check"
            raise BlobStoreUnusable(f"{words} SCORECARD_BLOB_BUCKET and the AWS variables") from error

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest. Raises BlobMissing, and BlobCorrupted when a single bit has changed."""
        with self.opened(digest) as file:
            data = file.read()
        if named_digest(data) != digest:
            raise BlobCorrupted(f"the bytes kept under {digest} are not the ones it names")
        return data

    def opened(self, digest: str) -> BinaryIO:
        """Return a local, seekable copy of the bytes of a digest, gone when it is closed. Raises BlobMissing."""
        with self._told():
            held = self._holds(digest)
            if not held:
                # Without its bucket an object is as unknown as one that was never kept, and only this tells them apart.
                self._client.head_bucket(Bucket=self.name)
        if not held:
            raise BlobMissing(f"no bytes are kept under {digest}")
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            with self._told():
                self._client.download_fileobj(self.name, self.key_of(digest), copy)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return cast(BinaryIO, copy)
