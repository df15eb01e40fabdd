"""Archives that unfold without end, lead outside, lie about sizes or are damaged are refused with the place."""

from __future__ import annotations

import collections
import gzip
import random
import tarfile
import tracemalloc
import zlib

import pytest
import zstandard

from evaluations.logs.archive import ZipArchive, is_tar, is_zip, open_archive
from evaluations.logs.refusal import LogRefused
from evaluations.logs.tar_archive import TarArchive
from tests.adapters.sources import source_of
from tests.logs.archives import DEFLATED, STORED, ZSTANDARD, member, tarred, zipped, zipped_plainly

MEBIBYTE = 1024 * 1024


def refusal(data: bytes, *, read: str | None = None, name: str = "log.zip", **limits: int) -> LogRefused:
    """The refusal of opening the archive, or of reading that member."""
    source = source_of(data, name, **limits)
    if read is None:
        with pytest.raises(LogRefused) as caught:
            open_archive(source)
        return caught.value
    archive = open_archive(source)
    with pytest.raises(LogRefused) as caught:
        archive.read(read)
    return caught.value


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTANDARD])
@pytest.mark.parametrize("size", [0, 1, 70_000, MEBIBYTE])
def test_members_of_every_readable_method_are_read_whole_and_as_a_stream(method: int, size: int) -> None:
    data = random.Random(size).randbytes(size)
    archive = open_archive(source_of(zipped(member("a", data, method=method), member("b", b"after"))))
    assert archive.names() == ["a", "b"]
    assert archive.read("a") == data
    assert archive.stream("a").read() == data
    assert archive.read("b") == b"after"


def test_two_members_can_be_read_in_turns_from_the_one_stream() -> None:
    first, second = (random.Random(seed).randbytes(MEBIBYTE) for seed in (1, 2))
    archive = open_archive(source_of(zipped(member("a", first, method=DEFLATED), member("b", second))))
    one, other = archive.stream("a"), archive.stream("b")
    parts = [(one.read(10_000), other.read(10_000)) for _ in range(110)]
    assert b"".join(part for part, _ in parts) == first
    assert b"".join(part for _, part in parts) == second


def test_a_member_of_several_zstandard_frames_is_read_to_its_end() -> None:
    frames = [b"one " * 1000, b"two " * 1000, b"", b"three"]
    body = b"".join(zstandard.ZstdCompressor().compress(frame) for frame in frames)
    whole = b"".join(frames)
    archive = open_archive(source_of(zipped(member("a", whole, method=ZSTANDARD, body=body))))
    assert archive.read("a") == whole


def test_bytes_before_the_archive_and_a_comment_behind_it_do_no_harm() -> None:
    data = zipped(member("a", b"text", method=DEFLATED), before=b"#!/bin/sh\n", comment=b"PK is no end")
    assert ZipArchive(source_of(data)).read("a") == b"text"


@pytest.mark.parametrize("method", [DEFLATED, ZSTANDARD])
def test_a_bomb_is_stopped_by_what_comes_out_and_not_by_its_ratio(method: int) -> None:
    bomb = member("bomb", bytes(64 * MEBIBYTE), method=method, size=10)
    data = zipped(bomb)
    assert len(data) < MEBIBYTE
    assert refusal(data, read="bomb", member_bytes=MEBIBYTE).fault.code == "part-too-large"
    source = source_of(data, total_bytes=8 * MEBIBYTE)
    tracemalloc.start()
    stream = open_archive(source).stream("bomb")
    with pytest.raises(LogRefused) as caught:
        collections.deque(iter(lambda: stream.read(65_536), b""), maxlen=0)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.fault.code == "too-large"
    assert caught.value.fault.pointer == "bomb"
    assert held < 8 * MEBIBYTE


def test_the_total_counts_over_all_members() -> None:
    archive = open_archive(
        source_of(zipped(*(member(str(n), bytes(400_000)) for n in range(4))), total_bytes=1_000_000)
    )
    archive.read("0")
    archive.read("1")
    with pytest.raises(LogRefused, match="More than 1000000 bytes"):
        archive.read("2")


def test_two_hundred_thousand_members_are_refused_before_anything_is_made_of_them() -> None:
    data = zipped(*(member(f"m{number}") for number in range(200_000)))
    tracemalloc.start()
    refused = refusal(data)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.fault.code == "too-many-members"
    assert "200000" in refused.fault.detail
    assert held < 8 * MEBIBYTE


def test_a_directory_larger_than_one_part_is_refused_unread() -> None:
    data = zipped(*(member("m" * 60_000 + str(number)) for number in range(20)))
    assert refusal(data, member_bytes=MEBIBYTE).fault.code == "part-too-large"


@pytest.mark.parametrize(
    "name", ["../up", "a/../../up", "/etc/passwd", "C:\\x", "c:x", "\\\\host\\share", "a\\..\\..\\up", "..", "a/.."]
)
def test_a_member_whose_path_leads_outside_is_refused_with_its_name(name: str) -> None:
    assert refusal(zipped(member("fine"), member(name))).fault.code == "member-path"
    assert refusal(tarred({"fine": b"", name: b"x"}), name="a.tar").fault.code == "member-path"


def test_harmless_names_with_dots_are_read() -> None:
    names = ["..hidden", "a..b", "samples/1_epoch_1.json", "日本/ü.json", "a b"]
    coded = [member(name, name.encode(), flags=0x800) for name in names]
    archive = open_archive(source_of(zipped(*coded)))
    assert archive.names() == names
    assert all(archive.read(name) == name.encode() for name in names)


def test_duplicate_members_are_refused_because_readers_differ_in_which_one_counts() -> None:
    assert refusal(zipped(member("a", b"1"), member("a", b"2"))).fault.code == "member-twice"
    twice = tarred({"a": b"1"})[:1024] + tarred({"a": b"2"})
    assert refusal(twice, name="a.tar").fault.code == "member-twice"


def test_members_that_share_bytes_are_refused() -> None:
    kernel = member("a", bytes(100_000), method=DEFLATED)
    quine = [kernel, *(member(f"q{n}", bytes(100_000), method=DEFLATED, offset=0) for n in range(5))]
    assert refusal(zipped(*quine)).fault.code == "members-overlap"


def test_a_member_that_reaches_into_its_neighbour_or_the_directory_is_refused() -> None:
    greedy = member("a", b"x" * 10, stored_size=80)
    assert refusal(zipped(greedy, member("b", b"y" * 100))).fault.code == "members-overlap"
    assert refusal(zipped(member("a", b"x" * 10, stored_size=500))).fault.code == "members-overlap"


@pytest.mark.parametrize("offset", [2**31, 2**32 - 2, 5])
def test_a_member_that_starts_elsewhere_than_the_directory_says_is_refused(offset: int) -> None:
    data = zipped(member("a", b"x" * 200), member("b", offset=offset))
    source = source_of(data)
    with pytest.raises(LogRefused) as caught:
        open_archive(source).read("b")
    assert caught.value.fault.code in {"members-overlap", "member-damaged"}


def test_an_encrypted_member_is_refused_by_name() -> None:
    refused = refusal(zipped(member("secret", b"x", flags=1)), read="secret")
    assert (refused.fault.code, refused.fault.pointer) == ("member-encrypted", "secret")


@pytest.mark.parametrize("method", [1, 9, 12, 14, 95, 99])
def test_an_unknown_method_is_refused_and_the_readable_ones_are_named(method: int) -> None:
    refused = refusal(zipped(member("a", b"x", method=method, body=b"x")), read="a")
    assert refused.fault.code == "member-method"
    assert "Zstandard" in refused.fault.detail


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTANDARD])
def test_a_wrong_checksum_is_refused(method: int) -> None:
    refused = refusal(zipped(member("a", b"text" * 100, method=method, crc=7)), read="a")
    assert (refused.fault.code, refused.fault.pointer) == ("member-damaged", "a")


@pytest.mark.parametrize("method", [DEFLATED, ZSTANDARD])
@pytest.mark.parametrize("harm", ["cut", "noise"])
def test_a_damaged_body_is_refused(method: int, harm: str) -> None:
    whole = random.Random(3).randbytes(5000)
    body = member("a", whole, method=method)["body"]
    body = body[:-100] if harm == "cut" else b"\xff" * 50 + body[50:]
    refused = refusal(zipped(member("a", whole, method=method, body=body, stored_size=len(body))), read="a")
    assert refused.fault.code == "member-damaged"


def test_a_zstandard_frame_that_wants_a_giant_window_is_refused() -> None:
    frame = b"\x28\xb5\x2f\xfd\x00\xf8" + bytes(10)
    assert refusal(zipped(member("a", b"x", method=ZSTANDARD, body=frame)), read="a").fault.code == "member-damaged"


def test_a_declared_size_that_lies_changes_nothing_of_what_is_read() -> None:
    for size in (0, 1, 2**32 - 1):
        archive = ZipArchive(source_of(zipped(member("a", b"text", method=DEFLATED, size=size))))
        assert archive.size("a") == size
        assert archive.read("a") == b"text"


def test_every_cut_of_a_zip_file_is_refused_and_says_that_it_may_be_cut() -> None:
    data = zipped_plainly({"a": b"text" * 50, "b": b"more"})
    for end in range(4, len(data)):
        refused = refusal(data[:end])
        assert refused.fault.code == "not-a-zip"
        assert "cut" in refused.fault.detail


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_any_changed_byte_gives_the_members_or_a_refusal_and_never_another_error(kind: str) -> None:
    files = {"a.json": b'{"x": 1}', "b/c.json": b"text" * 20}
    data = zipped_plainly(files) if kind == "zip" else tarred(files, zipped=kind == "tar.gz")
    draw = random.Random(7)
    for place in range(len(data)):
        if kind == "tar" and place > 3000:
            break
        changed = bytearray(data)
        changed[place] = draw.randrange(256)
        try:
            source = source_of(bytes(changed), f"log.{kind}", total_bytes=10 * MEBIBYTE)
            archive = open_archive(source)
            for name in archive.names():
                archive.read(name)
        except LogRefused:
            pass


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_file_are_refused_by_name(kind: bytes) -> None:
    info = tarfile.TarInfo("link")
    info.type, info.linkname = kind, "/etc/passwd"
    refused = refusal(tarred({"fine": b"x", "link": info}), name="a.tar")
    assert (refused.fault.code, refused.fault.pointer) == ("member-kind", "link")


@pytest.mark.parametrize("packed", [False, True])
def test_tar_members_are_read_plain_and_gzipped(packed: bool) -> None:
    files = {"a.json": b"{}", "folder/b.json": bytes(300_000)}
    data = tarred(files, zipped=packed)
    source = source_of(data, "run.tar.gz" if packed else "run.tar")
    assert is_tar(source)
    assert not is_zip(source)
    archive = open_archive(source)
    assert {name: archive.read(name) for name in archive.names()} == files


def test_a_tar_bomb_is_stopped_by_the_total_before_it_is_unpacked() -> None:
    data = tarred({"bomb": bytes(32 * MEBIBYTE)}, zipped=True)
    assert refusal(data, name="a.tar.gz", total_bytes=MEBIBYTE).fault.code == "too-large"
    assert refusal(data, name="a.tar.gz", read="bomb", member_bytes=MEBIBYTE).fault.code == "part-too-large"


def test_a_tar_header_of_gigabytes_is_not_read_into_memory() -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 2**33
    data = gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(4 * MEBIBYTE))
    tracemalloc.start()
    refused = refusal(data, name="a.tar.gz", member_bytes=MEBIBYTE)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.fault.code == "part-too-large"
    assert held < 3 * MEBIBYTE


def test_too_many_tar_members_are_refused_while_counting() -> None:
    data = tarred({str(number): b"" for number in range(50)})
    assert refusal(data, name="a.tar", members=49).fault.code == "too-many-members"


def test_a_cut_tar_file_is_refused() -> None:
    data = tarred({"a": bytes(5000), "b": bytes(5000)})
    assert refusal(data[:7000], name="a.tar").fault.code == "not-a-tar"
    packed = gzip.compress(data)
    assert refusal(packed[: len(packed) // 2], name="a.tar.gz").fault.code == "not-a-tar"


def test_a_tar_file_with_a_damaged_header_does_not_lose_the_members_behind_it_silently() -> None:
    data = bytearray(tarred({"a": b"1", "b": b"2"}))
    data[1024 + 150] ^= 0xFF
    assert refusal(bytes(data), name="a.tar").fault.code == "not-a-tar"
    assert "byte 1024" in refusal(bytes(data), name="a.tar").fault.detail


def test_what_is_no_archive_is_refused_as_such() -> None:
    assert refusal(b"just text").fault.code == "not-an-archive"
    with pytest.raises(LogRefused):
        TarArchive(source_of(zlib.compress(b"x"), "a.tgz"))


def test_a_member_that_is_not_there_is_refused_by_name() -> None:
    assert refusal(zipped(member("a")), read="b").fault.code == "member-missing"
    assert refusal(tarred({"a": b""}), read="b", name="a.tar").fault.code == "member-missing"


def test_an_empty_archive_has_no_members() -> None:
    assert open_archive(source_of(zipped())).names() == []
