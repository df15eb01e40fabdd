"""The bundle's zip, written and read in exactly one way, so that every byte of the file is accounted for."""

from __future__ import annotations

import struct
import zlib
from typing import Dict

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
DOS_DATE = 0x21  # 1 January 1980
UNIX_FILE = 0o100644 << 16
LARGEST_ARCHIVE = 2 * 1024 * 1024 * 1024
MOST_MEMBERS = 65000
BLOCK = 4096


class ArchiveFaulty(ValueError):
    """A zip that is not byte for byte what the product writes; the text names the member."""


def pack_stored(members: Dict[str, bytes]) -> bytes:
    """Return a zip of stored members in the given order, with fixed dates and nothing optional."""
    body, directory = [], []
    offset = 0
    for path, data in members.items():
        name = path.encode("ascii")
        crc = zlib.crc32(data)
        local = LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, DOS_DATE, crc, len(data), len(data), len(name), 0) + name
        central = CENTRAL.pack(
            b"PK\x01\x02", 0x314, 20, 0, 0, 0, DOS_DATE, crc, len(data), len(data), len(name), 0, 0, 0, 0, UNIX_FILE,
            offset,
        )  # fmt: skip
        body += [local, data]
        directory.append(central + name)
        offset += len(local) + len(data)
    central_directory = b"".join(directory)
    end = END.pack(b"PK\x05\x06", 0, 0, len(members), len(members), len(central_directory), offset, 0)
    return b"".join(body) + central_directory + end


def _safe_path(name: bytes) -> str:
    try:
        path = name.decode("ascii")
    except UnicodeDecodeError:
        raise ArchiveFaulty("a member's name is not plain ASCII") from None
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or "\\" in path or ":" in path:
        raise ArchiveFaulty("the member name %r is not a plain relative path" % path)
    return path


def _altered_place(members: Dict[str, bytes], data: bytes) -> str:
    """Return whose header or directory entry the first byte belongs to that the product would not have written."""
    expected = pack_stored(members)
    blocks = range(0, min(len(data), len(expected)), BLOCK)
    block = next((at for at in blocks if data[at : at + BLOCK] != expected[at : at + BLOCK]), 0)
    pairs = zip(data[block : block + BLOCK], expected[block : block + BLOCK])
    place = next((block + at for at, (one, other) in enumerate(pairs) if one != other), None)
    if place is None:
        return "its length, after %d bytes" % min(len(data), len(expected))
    header = sum(LOCAL.size + len(path) + len(content) for path, content in members.items())
    offset = 0
    for path, content in members.items():
        end = offset + LOCAL.size + len(path) + len(content)
        entry = header + CENTRAL.size + len(path)
        if offset <= place < end or header <= place < entry:
            return "byte %d, which describes %s" % (place, path)
        offset, header = end, entry
    return "byte %d, in its last record" % place


def unpack_stored(data: bytes) -> Dict[str, bytes]:
    """Return the members of a zip that `pack_stored` would write byte for byte the same. Raises ArchiveFaulty."""
    if len(data) > LARGEST_ARCHIVE:
        raise ArchiveFaulty("the archive is larger than %d bytes" % LARGEST_ARCHIVE)
    members: Dict[str, bytes] = {}
    offset, last = 0, "the start of the archive"
    while data[offset : offset + 4] == b"PK\x03\x04" and len(members) < MOST_MEMBERS:
        if offset + LOCAL.size > len(data):
            raise ArchiveFaulty("the archive ends within a header after %s" % last)
        size, length = LOCAL.unpack_from(data, offset)[7], LOCAL.unpack_from(data, offset)[9]
        start = offset + LOCAL.size + length
        path = _safe_path(data[offset + LOCAL.size : start])
        if path in members:
            raise ArchiveFaulty("%s stands twice in the archive" % path)
        content = data[start : start + size]
        if len(content) != size:
            raise ArchiveFaulty("%s is cut short" % path)
        if zlib.crc32(content) != LOCAL.unpack_from(data, offset)[6]:
            raise ArchiveFaulty("%s: its bytes do not have the checksum that the archive states" % path)
        members[path] = content
        offset, last = start + size, path
    if pack_stored(members) != data:
        where = _altered_place(members, data)
        raise ArchiveFaulty("the archive was altered after %s: %s, is not what the product writes" % (last, where))
    return members
