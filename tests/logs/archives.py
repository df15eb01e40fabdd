"""Archives built byte by byte, so that they can lie as no library would let them."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import zstandard

STORED, DEFLATED, ZSTANDARD = 0, 8, 93


def packed(data: bytes, method: int) -> bytes:
    """The data as a zip member of that method holds it."""
    if method == DEFLATED:
        deflater = zlib.compressobj(wbits=-15)
        return deflater.compress(data) + deflater.flush()
    return zstandard.ZstdCompressor().compress(data) if method == ZSTANDARD else data


def member(name: str, data: bytes = b"", **lies: Any) -> dict[str, Any]:
    """One zip member; `lies` are method, body, crc, size, stored_size, flags, offset."""
    method = lies.get("method", STORED)
    body = lies.get("body", packed(data, method))
    honest = {"method": method, "body": body, "crc": zlib.crc32(data), "size": len(data), "stored_size": len(body)}
    return {"name": name.encode(), "flags": 0, "offset": None, **honest, **lies}


def zipped(*members: dict[str, Any], before: bytes = b"", comment: bytes = b"") -> bytes:
    """A zip file of these members, with bytes before and a comment behind."""
    out, directory = io.BytesIO(), io.BytesIO()
    out.write(before)
    for one in members:
        offset = out.tell() if one["offset"] is None else one["offset"]
        common = struct.pack(
            "<HHHHHIIIHH", 20, one["flags"], one["method"], 0, 0x21, one["crc"], one["stored_size"], one["size"],
            len(one["name"]), 0,
        )  # fmt: skip
        if one["offset"] is None:
            out.write(b"PK\x03\x04" + common + one["name"] + one["body"])
        entry = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, offset)
        directory.write(entry + one["name"])
    place = out.tell()
    out.write(directory.getvalue())
    count = min(len(members), 0xFFFF)
    sizes = (len(directory.getvalue()), place)
    out.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, *sizes, len(comment)) + comment)
    return out.getvalue()


def zipped_plainly(files: dict[str, bytes]) -> bytes:
    """A zip file as Python's library writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: Mapping[str, bytes | tarfile.TarInfo], *, zipped: bool = False) -> bytes:
    """A tar file of regular files, or of whatever else a TarInfo says."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.name = name
            if isinstance(data, bytes):
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            else:
                archive.addfile(info)
    return gzip.compress(out.getvalue(), mtime=0) if zipped else out.getvalue()
