"""Uploads in parts: a file of gigabytes arrives piece by piece, and a part that was lost is sent again alone."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from evaluations import blobs
from evaluations.actors import Actor
from evaluations.binding import Binding, faults_of
from evaluations.logs.values import text_of
from evaluations.models import Upload, UploadPart
from evaluations.reach import EVERYWHERE, Reach
from evaluations.reading_logs import BindingRefused, LogReceipt, receive_log

PART_BYTES = 16 * 1024 * 1024
"""Bytes of every part but the last."""
KEPT_FOR = timedelta(days=7)
CHUNK = 1024 * 1024
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class UploadRefused(ValueError):
    """An upload or a part that cannot be: `code` is a stable slug, `remedy` what to do."""

    def __init__(self, code: str, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.remedy = code, detail, remedy


@dataclass(frozen=True)
class Progress:
    """How far an upload is."""

    upload: Upload
    received: list[int]
    parts: int


def _folder(upload: Upload) -> Path:
    return Path(settings.DATA_DIR) / "uploads" / upload.id


def _part_count(upload: Upload) -> int:
    return max(1, -(-upload.bytes // upload.part_bytes))


def _length(upload: Upload, number: int) -> int:
    last = _part_count(upload)
    return upload.part_bytes if number < last else upload.bytes - (last - 1) * upload.part_bytes


def begin(
    digest: str, size: int, *, name: str, format: str, binding: Binding, by: Actor, at: datetime,
    within: Reach = EVERYWHERE,
) -> Upload:  # fmt: skip
    """Announce a file of `size` bytes with this digest. Raises UploadRefused and BindingRefused."""
    if not DIGEST.fullmatch(digest):
        raise UploadRefused("digest-malformed", "The digest is not sha256:<64 hex digits>.", "Hash the whole file.")
    if not 1 <= size <= settings.MAX_LOG_BYTES:
        words = f"A file has between 1 and {settings.MAX_LOG_BYTES} bytes."
        raise UploadRefused("size-refused", words, "Split the log.")
    if faults := faults_of(binding, within):
        raise BindingRefused(faults)
    _forget_old(at)
    return Upload.objects.create(
        digest=digest, bytes=size, part_bytes=PART_BYTES, name=text_of(name) or "", format=format,
        binding=binding.to_dict(), programme=within.programme or "", suites=list(within.suites), owner=by.id,
        created_at=at,
    )  # fmt: skip


def take_part(upload: Upload, number: int, chunks: Iterable[bytes]) -> Progress:
    """Keep one part, numbered from 1; sent again it replaces itself. Raises UploadRefused."""
    if upload.log_id is not None:
        raise UploadRefused("upload-complete", "The upload is complete already.", "Nothing needs to be sent.")
    if not 1 <= number <= _part_count(upload):
        raise UploadRefused("no-such-part", f"Parts are numbered 1 to {_part_count(upload)}.", "Check the number.")
    folder, expected = _folder(upload), _length(upload, number)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    incoming = folder / f"{number}.{os.getpid()}.{id(chunks)}"
    hasher, size = hashlib.sha256(), 0
    try:
        with incoming.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > expected:
                    break
                hasher.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if size != expected:
            words = (
                f"Part {number} has {'more than ' if size > expected else ''}{min(size, expected)} of {expected} bytes."
            )
            raise UploadRefused("part-length", words, "Send the whole part again.")
        incoming.rename(folder / str(number))
    finally:
        incoming.unlink(missing_ok=True)
    facts = {"digest": f"sha256:{hasher.hexdigest()}", "bytes": size}
    UploadPart.objects.update_or_create(upload=upload, number=number, defaults=facts)
    return progress_of(upload)


def progress_of(upload: Upload) -> Progress:
    """Return which parts are there."""
    received = list(upload.parts.values_list("number", flat=True))
    return Progress(upload, received, _part_count(upload))


def _pieces(upload: Upload) -> Iterator[bytes]:
    for number in range(1, _part_count(upload) + 1):
        try:
            with (_folder(upload) / str(number)).open("rb") as part:
                while chunk := part.read(CHUNK):
                    yield chunk
        except FileNotFoundError:
            raise UploadRefused(
                "part-missing", f"Part {number} is not there.", "Send it, then complete again."
            ) from None


def complete(upload: Upload, *, by: Actor, at: datetime) -> LogReceipt:
    """Join the parts into a received log. Raises UploadRefused while a part is missing or the digest differs."""
    binding = Binding.of(upload.binding)
    if upload.log is None:
        missing = sorted(set(range(1, _part_count(upload) + 1)) - set(progress_of(upload).received))
        if missing:
            words = f"{len(missing)} parts are missing, first part {missing[0]}."
            raise UploadRefused("part-missing", words, "Send them, then complete again.")
        digest = blobs.put_stream(_pieces(upload))
        if digest != upload.digest:
            words = f"The parts make {digest}, not {upload.digest}."
            raise UploadRefused("digest-differs", words, "Send the parts again from the file that was announced.")
    with transaction.atomic():
        receipt = receive_log(
            upload.digest, upload.bytes, name=upload.name, format=upload.format, binding=binding, by=by, at=at,
            within=Reach.of(upload.programme, upload.suites),
        )  # fmt: skip
        if upload.log is None:
            upload.log = receipt.log
            upload.save(update_fields=["log"])
    shutil.rmtree(_folder(upload), ignore_errors=True)
    return receipt


def _forget_old(now: datetime) -> None:
    """Remove uploads that nobody completed within a week, and their parts."""
    for upload in Upload.objects.filter(log=None, created_at__lt=now - KEPT_FOR):
        shutil.rmtree(_folder(upload), ignore_errors=True)
        upload.delete()
