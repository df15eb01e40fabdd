"""A log that was compressed as a whole is read as what it was before, within the budget."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import zstandard

from evaluations.logs.archive import is_tar
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import CHUNK, LogSource

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
SUFFIXES = (".gz", ".zst", ".zstd")
IN_MEMORY = 8 * 1024 * 1024
BITE = 2048
"""Compressed bytes that are inflated at once."""


def _gunzipped(stream: BinaryIO) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    while part := stream.read(CHUNK):
        while part:
            if inflater.eof:
                inflater = zlib.decompressobj(wbits=31)
            yield inflater.decompress(part, CHUNK)
            part = inflater.unconsumed_tail or inflater.unused_data
    if not inflater.eof:
        raise LogRefused("cut-short", "The gzip file ends too early.", remedy="Send the complete file.")


def _unzstd(stream: BinaryIO) -> Iterator[bytes]:
    # Frame by frame, because a reader over the whole stream takes a frame that was cut for the end of the file; in
    # small bites, because four bytes may unfold into a block of 128 KiB.
    decompressor = zstandard.ZstdDecompressor(max_window_size=2**27)
    frame = None
    while part := stream.read(BITE):
        while part:
            frame = frame or decompressor.decompressobj()
            if chunk := frame.decompress(part):
                yield chunk
            part, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame is not None:
        raise LogRefused("cut-short", "The Zstandard file ends too early.", remedy="Send the complete file.")


def _chunks(source: LogSource) -> Iterator[bytes]:
    stream = source.open()
    try:
        if source.head().startswith(GZIP):
            yield from _gunzipped(stream)
            return
        yield from _unzstd(stream)
    except (zlib.error, zstandard.ZstdError) as error:
        raise LogRefused("damaged", f"The file cannot be decompressed: {error}.") from None


@contextmanager
def unpacked(source: LogSource) -> Iterator[LogSource]:
    """Yield the source itself, or what is inside it when it is one gzip or Zstandard file. Raises LogRefused."""
    if not source.head().startswith((GZIP, ZSTD)) or is_tar(source):
        yield source
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as inside:
        size = 0
        for chunk in _chunks(source):
            source.budget.spend(len(chunk), place=source.base_name)
            size += inside.write(chunk)
        name = source.name
        for suffix in SUFFIXES:
            name = name.removesuffix(suffix)
        yield LogSource(cast(BinaryIO, inside), name, size, source.budget)
