"""The conversations that send evidence. Each may be repeated as a whole: the server knows the bytes by their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

from scorecard_client.answers import Receipt, Upload, read
from scorecard_client.errors import CheckFailed, Misused, ProblemAnswer
from scorecard_client.parcels import Parcel
from scorecard_client.report import Postable, report_bytes
from scorecard_client.resuming import Marks, NoMarks
from scorecard_client.retrying import PATIENT, Patience, patiently
from scorecard_client.steps import Answer, Call, FileSlice, Steps

JSON = {"Content-Type": "application/json"}
BYTES = {"Content-Type": "application/octet-stream"}
FORGETFUL = NoMarks()
FIRST_PART = 1
MOST_PARTS = 10_000
Told = Callable[[int, int], None]
"""Is told how many bytes of how many have arrived."""


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


def _receipt(answer: Answer) -> Receipt:
    receipt = read(Receipt, answer)
    replayed = answer.headers.get("idempotency-replayed") == "true"
    return receipt.model_copy(update={"created": answer.status != 200 and not replayed})


def create_run(report: Postable, *, patience: Patience = PATIENT) -> Steps[Receipt]:
    """Post a run report under its content digest as the idempotency key."""
    raw = report_bytes(report)
    key = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    call = Call("POST", "runs/", headers={**JSON, "Idempotency-Key": key}, body=raw)
    return _receipt((yield from patiently(call, patience)))


def push_log(
    parcel: Parcel, *, patience: Patience = PATIENT, told: Told = _silent, marks: Marks = FORGETFUL
) -> Steps[Receipt]:
    """Send a raw log: in one request, or in parts that are not sent twice. Raises CheckFailed when it changes."""
    if parcel.in_parts:
        receipt = yield from _by_parts(parcel, patience, told, marks)
    else:
        headers = {**BYTES, "X-Filename": parcel.file_name, "Idempotency-Key": parcel.key}
        body = FileSlice(parcel.path, 0, parcel.size)
        call = Call("POST", "logs/", query=parcel.binding.said(), headers=headers, body=body)
        receipt = _receipt((yield from patiently(call, patience)))
    if receipt.digest != parcel.digest:
        raise CheckFailed(f"{parcel.name} changed while it was sent.", remedy="Push it again when it is finished.")
    return receipt


def push_parcel(
    parcel: Parcel, *, patience: Patience = PATIENT, told: Told = _silent, marks: Marks = FORGETFUL
) -> Steps[Receipt]:
    """Send a parcel as what it is."""
    if parcel.kind == "log":
        return (yield from push_log(parcel, patience=patience, told=told, marks=marks))
    try:
        raw = parcel.path.read_bytes()
    except OSError as fault:
        raise Misused(f"{parcel.path} cannot be read: {fault.strerror or fault}.") from None
    if f"sha256:{hashlib.sha256(raw).hexdigest()}" != parcel.digest:
        raise CheckFailed(f"{parcel.name} changed while it was read.", remedy="Push it again when it is finished.")
    return (yield from create_run(raw, patience=patience))


def _slices(parcel: Parcel, part_bytes: int) -> Iterator[tuple[int, FileSlice]]:
    for index, start in enumerate(range(0, parcel.size, part_bytes)):
        yield FIRST_PART + index, FileSlice(parcel.path, start, min(part_bytes, parcel.size - start))


def _begun(parcel: Parcel, patience: Patience, marks: Marks) -> Steps[Upload]:
    """Return the upload that was begun earlier, as far as it got, or begin one."""
    known = marks.recall(parcel.key)
    if known is not None:
        try:
            return read(Upload, (yield from patiently(Call("GET", f"uploads/{known}/"), patience)))
        except ProblemAnswer as refusal:
            if refusal.status != 404:
                raise
    order = {"bytes": parcel.size, "digest": parcel.digest, "filename": parcel.shown_name, **parcel.binding.said()}
    call = Call("POST", "uploads/", headers=JSON, body=json.dumps(order).encode())
    upload = read(Upload, (yield from patiently(call, patience)))
    marks.remember(parcel.key, upload.id)
    return upload


def _by_parts(parcel: Parcel, patience: Patience, told: Told, marks: Marks) -> Steps[Receipt]:
    upload = yield from _begun(parcel, patience, marks)
    if parcel.size / upload.part_bytes > MOST_PARTS:
        raise CheckFailed(f"The server asks for parts of {upload.part_bytes} bytes, too small for {parcel.name}.")
    place, done = f"uploads/{quote(upload.id, safe='')}/", 0
    for number, part in _slices(parcel, upload.part_bytes):
        if number not in upload.received and not upload.log:
            call = Call("PUT", f"{place}parts/{number}/", headers=BYTES, body=part)
            yield from patiently(call, patience)
        done += part.length
        told(done, parcel.size)
    receipt = _receipt((yield from patiently(Call("POST", f"{place}complete/"), patience)))
    marks.forget(parcel.key)
    return receipt
