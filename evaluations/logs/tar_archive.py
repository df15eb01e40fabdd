"""Tar files within a budget, plain or gzipped, without trusting what their headers declare."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zlib
from typing import IO, cast

from evaluations.logs.members import checked_name, no_twins, too_many
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import CHUNK, LogSource

GZIP_MAGIC = b"\x1f\x8b"
UNREADABLE = (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, OverflowError, IndexError, struct.error)
"""What tarfile and gzip raise for damaged files, documented or not."""


class _Portioned(io.RawIOBase):
    """A seekable stream that refuses to hand out more at once than one part may hold.

    A tar header may declare an extended header of gigabytes, which tarfile would read into memory whole.
    """

    def __init__(self, stream: IO[bytes], source: LogSource) -> None:
        self._stream, self._source = stream, source

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int = -1) -> bytes:
        if size > 0:
            self._source.budget.member(size - 1, place="tar header")
        return self._stream.read(size)

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)


class _Guarded(io.RawIOBase):
    """A tar member whose read errors are refusals with the member's name."""

    def __init__(self, stream: IO[bytes], place: str) -> None:
        self._stream, self._place = stream, place

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(target))
        except LogRefused:
            raise
        except UNREADABLE as error:
            raise LogRefused("member-damaged", f"The member cannot be read: {error}.", pointer=self._place) from None
        target[: len(data)] = data
        return len(data)


class TarArchive:
    """A tar file, plain or gzipped; links, devices and paths that lead outside are refused."""

    def __init__(self, source: LogSource) -> None:
        self._source = source
        packed = source.head().startswith(GZIP_MAGIC)
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=source.open())) if packed else source.open()
        try:
            portioned = cast(IO[bytes], _Portioned(stream, source))
            self._tar = tarfile.open(fileobj=portioned, mode="r:")  # noqa: SIM115 - the stream is the caller's
            members = self._listed(portioned)
        except LogRefused:
            raise
        except UNREADABLE as error:
            words = f"The tar file cannot be opened: {error}. It may be cut."
            raise LogRefused("not-a-tar", words, remedy="Send the complete file.") from None
        self._members = {checked_name(member.name): member for member in members}
        no_twins([member.name for member in members])

    def _listed(self, stream: IO[bytes]) -> list[tarfile.TarInfo]:
        members = []
        for count, member in enumerate(self._tar, 1):
            if count > self._source.budget.members:
                raise too_many(count, self._source)
            self._source.budget.spend(max(0, member.size), place=member.name[:200])
            if not (member.isfile() or member.isdir()):
                raise LogRefused("member-kind", "The member is a link or a device.", pointer=member.name[:200])
            if member.isfile():
                members.append(member)
        self._refuse_cut(stream)
        return members

    def _refuse_cut(self, stream: IO[bytes]) -> None:
        # tarfile takes a damaged header behind the first for the end, and would lose the rest without a word.
        stream.seek(self._tar.offset)
        if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            words = f"The tar file is damaged or cut at byte {self._tar.offset}."
            raise LogRefused("not-a-tar", words, remedy="Send the complete file.")

    def names(self) -> list[str]:
        """Member names in the order of the file."""
        return list(self._members)

    def stream(self, name: str) -> IO[bytes]:
        """Return the member's bytes as a stream. Raises LogRefused for a member that is not there."""
        member = self._members.get(name)
        opened: IO[bytes] | None = self._tar.extractfile(member) if member is not None else None
        if opened is None:
            raise LogRefused("member-missing", "The archive lacks this member.", pointer=name[:200])
        return io.BufferedReader(_Guarded(opened, name[:200]), CHUNK)

    def read(self, name: str) -> bytes:
        """Return the member's bytes within the budget of one part."""
        data = self.stream(name).read(self._source.budget.member_bytes + 1)
        self._source.budget.member(len(data), place=name[:200])
        return data
