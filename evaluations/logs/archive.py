"""Archives within a budget: zip (stored, deflated, Zstandard) and tar, without trusting what they declare.

Python 3.11's zipfile reads no Zstandard members (method 93), which today's Inspect logs are made of.
"""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Protocol, cast

import zstandard

from evaluations.logs.members import checked_name, no_twins, too_many
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import CHUNK, LogSource
from evaluations.logs.tar_archive import GZIP_MAGIC, TarArchive

ZSTANDARD = 93
MOST_SMALL = 8 * 1024 * 1024
READABLE = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated", ZSTANDARD: "Zstandard"}
LOCAL_HEADER = struct.Struct("<4s22xHH")
USUAL_NAMES = 512
"""Bytes of a member's name and extra fields in its local header, as far as they are read together with the member."""
LOCAL_MAGIC = b"PK\x03\x04"
ENTRY_MAGIC = b"PK\x01\x02"
END_MAGIC = b"PK\x05\x06"
END = struct.Struct("<4s6xHIIH")
"""End of the directory: magic, members in all, directory's bytes, its offset, bytes of the comment."""
END_64 = struct.Struct("<4s36xQ8x4s16x")
"""The same of large archives (ZIP64), with its locator: magic, directory's bytes, magic of the locator."""
END_64_MAGIC, LOCATOR_64_MAGIC = b"PK\x06\x06", b"PK\x06\x07"
END_SEARCHED = END.size + 65_535
"""The end record is followed by a comment of at most 65,535 bytes."""


class Archive(Protocol):
    """A readable archive: names in the order of the file, and members read whole or as a stream."""

    def names(self) -> list[str]: ...

    def stream(self, name: str) -> IO[bytes]: ...

    def read(self, name: str) -> bytes: ...


def _directory(source: LogSource) -> tuple[int, int] | None:
    """Return (offset, bytes) of the zip directory as zipfile will read it, or None without an end record."""
    stream = source.open()
    start = max(0, source.size - END_SEARCHED)
    stream.seek(start)
    tail = stream.read(END_SEARCHED)
    plain = tail[-END.size :]
    at = len(tail) - END.size if plain[:4] == END_MAGIC and plain[-2:] == b"\0\0" else tail.rfind(END_MAGIC)
    if at < 0 or len(tail) < at + END.size:
        return None
    end, size = start + at, END.unpack_from(tail, at)[2]
    stream.seek(max(0, end - END_64.size))
    large = stream.read(END_64.size)
    if len(large) == END_64.size and end >= END_64.size:
        magic, large_size, locator = END_64.unpack(large)
        if magic == END_64_MAGIC and locator == LOCATOR_64_MAGIC:
            end, size = end - END_64.size, large_size
    return max(0, end - size), size


def _refuse_crowds(source: LogSource) -> None:
    """Refuse too many members before anything is made of them: zipfile would hold the whole directory in memory."""
    found = _directory(source)
    if found is None:
        return
    offset, size = found
    source.budget.member(size, place="the directory of the zip file")
    stream, left, count, kept = source.stream, size, 0, b""
    stream.seek(offset)
    while left > 0 and (part := stream.read(min(CHUNK, left))):
        left -= len(part)
        count += (kept + part).count(ENTRY_MAGIC)
        kept = part[-len(ENTRY_MAGIC) + 1 :]
    if count > source.budget.members:
        raise too_many(count, source)


def _refuse_overlaps(infos: list[zipfile.ZipInfo], directory: int) -> None:
    """Refuse members that share bytes: that is how a small file unfolds into a large one, member by member."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for info, after in zip(ordered, [*(one.header_offset for one in ordered[1:]), directory], strict=False):
        if info.header_offset + LOCAL_HEADER.size + info.compress_size > after:
            words = "The member overlaps with what follows it."
            raise LogRefused("members-overlap", words, pointer=info.filename[:200])


class _Metered(io.RawIOBase):
    """A member's inflated bytes, counted against the budget and checked against the recorded CRC at the end."""

    def __init__(self, chunks: Iterator[bytes], source: LogSource, place: str, crc: int | None) -> None:
        self._chunks, self._source, self._place, self._expected = chunks, source, place, crc
        self._left, self._crc = b"", 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                if self._expected is not None and self._crc != self._expected:
                    raise LogRefused("member-damaged", "The checksum does not match.", pointer=self._place)
                return 0
            self._source.budget.spend(len(chunk), place=self._place)
            self._crc, self._left = zlib.crc32(chunk, self._crc), chunk
        size = min(len(target), len(self._left))
        target[:size], self._left = self._left[:size], self._left[size:]
        return size


class ZipArchive:
    """A zip file. Raises LogRefused for what is none, lists too many members, or hides where a member leads."""

    def __init__(self, source: LogSource) -> None:
        self._source = source
        # One for each archive, because two threads must not use the same.
        self._zstandard = zstandard.ZstdDecompressor(max_window_size=2**27)
        _refuse_crowds(source)
        try:
            with zipfile.ZipFile(source.open()) as opened:
                infos, directory = opened.infolist(), opened.start_dir
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, IndexError, struct.error) as error:
            words = f"The zip file cannot be opened: {error}. It may be cut."
            raise LogRefused("not-a-zip", words, remedy="Send the complete file.") from None
        if len(infos) > source.budget.members:
            raise too_many(len(infos), source)
        self._infos = {checked_name(info.filename): info for info in infos if not info.is_dir()}
        no_twins([info.filename for info in infos])
        _refuse_overlaps(infos, directory)

    def names(self) -> list[str]:
        """Member names in the order of the directory."""
        return list(self._infos)

    def size(self, name: str) -> int:
        """The declared size of a member in bytes; what is read is counted anyway."""
        return self._infos[name].file_size

    def stream(self, name: str) -> IO[bytes]:
        """Return the member's bytes as a stream. Raises LogRefused for an unknown method, a lie or damage."""
        info = self._infos.get(name)
        if info is None:
            raise LogRefused("member-missing", "The archive lacks this member.", pointer=name[:200])
        if info.flag_bits & 0x1:
            raise LogRefused("member-encrypted", "The member is encrypted.", pointer=name[:200])
        if info.compress_type not in READABLE:
            words = f"Compression method {info.compress_type} is not one of {', '.join(READABLE.values())}."
            raise LogRefused("member-method", words, pointer=name[:200])
        metered = _Metered(self._inflated(info), self._source, name[:200], info.CRC)
        return io.BufferedReader(metered, CHUNK)

    def read(self, name: str) -> bytes:
        """Return the member's bytes within the budget of one part."""
        if (quickly := self._read_small(name)) is not None:
            return quickly
        limit = self._source.budget.member_bytes
        data = self.stream(name).read(limit + 1)
        self._source.budget.member(len(data), place=name[:200])
        return data

    def _read_small(self, name: str) -> bytes | None:
        """Return a small Zstandard member in one go, or None where anything about it is not as it should be.

        Because a log has one member a sample, and the stream of each costs more than inflating it. The frame says how
        long it is before it is inflated, so nothing can unfold.
        """
        info = self._infos.get(name)
        if info is None or info.compress_type != ZSTANDARD or info.flag_bits & 0x1:
            return None
        if info.compress_size > CHUNK or info.file_size > min(MOST_SMALL, self._source.budget.member_bytes):
            return None
        packed = self._packed(info)
        try:
            if zstandard.frame_content_size(packed) != info.file_size:
                return None
            data = self._zstandard.decompress(packed)
        except zstandard.ZstdError:
            return None
        if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
            return None
        self._source.budget.spend(len(data), place=name[:200])
        return data

    def _packed(self, info: zipfile.ZipInfo) -> bytes:
        """Return a small member's compressed bytes, in one reading where its local header is of the usual length."""
        self._source.stream.seek(info.header_offset)
        data = self._source.stream.read(LOCAL_HEADER.size + USUAL_NAMES + info.compress_size)
        if data.startswith(LOCAL_MAGIC) and len(data) > LOCAL_HEADER.size:
            _, name_length, extra_length = LOCAL_HEADER.unpack_from(data)
            if name_length + extra_length <= USUAL_NAMES:
                start = LOCAL_HEADER.size + name_length + extra_length
                packed = data[start : start + info.compress_size]
                if len(packed) == info.compress_size:
                    return packed
        return b"".join(self._compressed(info))

    def _inflated(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            yield from self._decoded(info)
        except LogRefused:
            raise
        except (zlib.error, zstandard.ZstdError, EOFError, OSError, ValueError, OverflowError) as error:
            words = f"The member cannot be inflated: {error}."
            raise LogRefused("member-damaged", words, pointer=info.filename[:200]) from None

    def _decoded(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        raw = self._compressed(info)
        if info.compress_type == zipfile.ZIP_STORED:
            yield from raw
        elif info.compress_type == zipfile.ZIP_DEFLATED:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            for part in raw:
                while part:
                    if chunk := inflater.decompress(part, CHUNK):
                        yield chunk
                    part = inflater.unconsumed_tail
            if chunk := inflater.flush():
                yield chunk
        else:
            reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(
                cast(IO[bytes], _Joined(raw)), read_across_frames=True, read_size=CHUNK
            )
            while chunk := reader.read(CHUNK):
                yield chunk

    def _compressed(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        stream, position, left = self._source.stream, info.header_offset, info.compress_size
        stream.seek(position)
        header = stream.read(LOCAL_HEADER.size)
        if len(header) < LOCAL_HEADER.size or not header.startswith(LOCAL_MAGIC):
            words = "The member does not start where the directory says."
            raise LogRefused("member-damaged", words, pointer=info.filename[:200])
        _, name_length, extra_length = LOCAL_HEADER.unpack(header)
        position += LOCAL_HEADER.size + name_length + extra_length
        while left > 0:
            # Sought each time, because two members may be read in turns from the one stream.
            stream.seek(position)
            part = stream.read(min(CHUNK, left))
            if not part:
                raise LogRefused("member-damaged", "The file ends inside this member.", pointer=info.filename[:200])
            position, left = position + len(part), left - len(part)
            yield part


class _Joined(io.RawIOBase):
    """An iterator of byte strings as a readable stream."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        if not self._left:
            self._left = next(self._parts, b"")
        size = min(len(target), len(self._left))
        target[:size], self._left = self._left[:size], self._left[size:]
        return size


def is_zip(source: LogSource) -> bool:
    """Whether the file starts as a zip file does."""
    return source.head().startswith((LOCAL_MAGIC, END_MAGIC))


def is_tar(source: LogSource) -> bool:
    """Whether the file is a tar file, plain or in gzip by its name."""
    head = source.head()
    return head[257:262] == b"ustar" or (
        head.startswith(GZIP_MAGIC) and (".tar" in source.base_name or source.suffix == ".tgz")
    )


def listed_names(source: LogSource) -> list[str]:
    """Return the member names of an archive, for recognising; nothing for a file that is none or cannot be listed.

    Listed once for all adapters, and on a budget of its own, because the reading that follows needs the source's.
    """
    if source.names is None:
        source.names = []
        if is_zip(source) or is_tar(source):
            with contextlib.suppress(LogRefused):
                source.names = open_archive(LogSource(source.stream, source.name, source.size)).names()
    return source.names


def open_archive(source: LogSource) -> Archive:
    """Return the zip or tar archive in the file. Raises LogRefused for anything else."""
    if is_zip(source):
        return ZipArchive(source)
    if is_tar(source):
        return TarArchive(source)
    raise LogRefused("not-an-archive", "The file is neither a zip nor a tar archive.")
