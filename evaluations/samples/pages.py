"""The pages of a Parquet file, made from columns as they are kept: no data frame and no object per value between."""

from __future__ import annotations

import struct
import threading
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
import zstandard
from fastparquet import parquet_thrift as thrift
from fastparquet.cencoding import ThriftObject

Codes = Any
"""A numpy array of numbers or truth values, one for each row or each value."""


class _OfThread(threading.local):
    """A compressor for each thread: one that two threads use at once fails, or takes the process with it."""

    def __init__(self) -> None:
        self.zstandard = zstandard.ZstdCompressor()


OF_THREAD = _OfThread()
PADDING = bytes(8)
"""Behind the values of a page, as fastparquet writes it, whose reader looks at eight bytes at once."""


def plain_texts(lengths: Codes, data: bytes) -> bytes:
    """Return texts in PLAIN encoding, each behind its length in four bytes; `data` holds them one after another."""
    count = len(lengths)
    starts = np.cumsum(lengths) - lengths + 4 * np.arange(count)
    heads = (starts[:, None] + np.arange(4)).ravel()
    target = np.empty(4 * count + len(data), dtype=np.uint8)
    bodies = np.ones(len(target), dtype=np.bool_)
    bodies[heads] = False
    target[heads] = lengths.astype("<u4").view(np.uint8)
    target[bodies] = np.frombuffer(data, dtype=np.uint8)
    return target.tobytes()


def plain_names(names: Sequence[str | None], codes: Codes) -> bytes:
    """Return one of few texts for each code in PLAIN encoding."""
    encoded = [(name or "").encode("utf-8") for name in names]
    written = [struct.pack("<I", len(name)) + name for name in encoded]
    return b"".join(map(written.__getitem__, codes.tolist()))


def plain_bits(values: Codes) -> bytes:
    """Return truth values as bits, the lowest first."""
    return np.packbits(values, bitorder="little").tobytes()


def _levels(there: Codes) -> bytes:
    """Return which rows hold a value: one run where all or none do, bits otherwise."""
    count = len(there)
    if there.all() or not there.any():
        found = _variable(count << 1) + bytes([bool(there[0])])
    else:
        found = _variable((count + 7) // 8 << 1 | 1) + plain_bits(there)
    return struct.pack("<I", len(found)) + found


def _variable(number: int) -> bytes:
    """Return a number in seven bits to the byte, the lowest first."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def write_column(file: BinaryIO, element: Any, there: Codes, values: bytes) -> Any:
    """Write one column of a row group as one page; return its ColumnChunk.

    `element` is its SchemaElement; `there` says which rows hold a value, and `values` are those in PLAIN encoding.
    """
    start = file.tell()
    page = _levels(there) + values + PADDING
    compressed = OF_THREAD.zstandard.compress(page)
    data_header = thrift.DataPageHeader(
        num_values=len(there), encoding=thrift.Encoding.PLAIN, definition_level_encoding=thrift.Encoding.RLE,
        repetition_level_encoding=thrift.Encoding.BIT_PACKED, i32=1,
    )  # fmt: skip
    header = thrift.PageHeader(
        type=thrift.PageType.DATA_PAGE, uncompressed_page_size=len(page), compressed_page_size=len(compressed),
        data_page_header=data_header, crc=None, i32=1,
    )  # fmt: skip
    file.write(header.to_bytes())
    file.write(compressed)
    size = file.tell() - start
    told = ThriftObject.from_fields(
        "ColumnMetaData", type=element.type, path_in_schema=[element.name], encodings=[thrift.Encoding.PLAIN],
        codec=thrift.CompressionCodec.ZSTD, num_values=len(there), data_page_offset=start, key_value_metadata=[],
        statistics=thrift.Statistics(null_count=int(len(there) - np.count_nonzero(there))),
        total_uncompressed_size=size + len(page) - len(compressed), total_compressed_size=size, i32list=[1, 4],
    )  # fmt: skip
    return thrift.ColumnChunk(file_offset=start, meta_data=told, file_path=None)


def row_group(chunks: Sequence[Any], rows: int) -> Any:
    """Return the RowGroup of written columns."""
    size = sum(chunk.meta_data.total_uncompressed_size for chunk in chunks)
    return ThriftObject.from_fields("RowGroup", num_rows=rows, columns=list(chunks), total_byte_size=size)
