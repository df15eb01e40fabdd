"""The two files that hold a bundle: a zip written in exactly one way, and a PDF whose last line seals it."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.verifier import opened
from scorecard.verifier.archive import ArchiveFaulty, pack_stored, unpack_stored
from scorecard.verifier.pdf_file import PdfAltered, check_seal_line, embedded_bundle
from tests.verifier.bundles import ORIGIN, Maker, printed
from tests.verifier.running import checked_file

NAMES = st.text("abcdefgh/._-0123456789", min_size=1).filter(
    lambda name: all(part not in ("", ".", "..") for part in name.split("/"))
)


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=6))
def test_what_is_packed_unpacks_and_other_tools_read_it_too(members: dict[str, bytes]) -> None:
    data = pack_stored(members)
    assert list(unpack_stored(data).items()) == list(members.items())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {row.filename: archive.read(row) for row in archive.infolist()} == members
        assert all(row.date_time == (1980, 1, 1, 0, 0, 0) and row.compress_type == 0 for row in archive.infolist())


def _by_another_tool(**options: object) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        row = zipfile.ZipInfo("scorecard.json", (1980, 1, 1, 0, 0, 0))
        for name, value in options.items():
            setattr(row, name, value)
        archive.writestr(row, b"{}" * 50)
    return target.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"compress_type": zipfile.ZIP_DEFLATED}, {"date_time": (2026, 11, 24, 12, 0, 0)}, {"comment": b"hello"},
        {"extra": b"\x99\x99\x02\x00ab"}, {"create_system": 0}, {"external_attr": 0o120777 << 16}, {"external_attr": 0},
    ],
)  # fmt: skip
def test_a_zip_with_anything_optional_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ArchiveFaulty):
        unpack_stored(_by_another_tool(**options))


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../x", "a//x", "a\\x", "C:x", "./x", "a/", ".", "..", "x/.."]
)  # fmt: skip
def test_a_member_that_would_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(ArchiveFaulty, match="not a plain relative path"):
        unpack_stored(pack_stored({name: b""}))


def test_a_member_that_stands_twice_is_refused() -> None:
    one, other = pack_stored({"a": b"1"}), pack_stored({"a": b"2"})
    with pytest.raises(ArchiveFaulty, match="a stands twice"):
        unpack_stored(one[:32] + other)


def test_a_name_outside_ascii_is_refused() -> None:
    data = pack_stored({"abc": b""}).replace(b"abc", b"a\xffc")
    with pytest.raises(ArchiveFaulty, match="plain ASCII"):
        unpack_stored(data)


def test_a_size_that_is_longer_than_the_file_is_cut_short() -> None:
    data = bytearray(pack_stored({"abc": b"content"}))
    data[18:26] = b"\xff\xff\xff\x7f" * 2
    with pytest.raises(ArchiveFaulty, match="abc is cut short"):
        unpack_stored(bytes(data))


def test_limits_hold_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, honest: Maker) -> None:
    monkeypatch.setattr(opened, "LARGEST_ARCHIVE", 1000)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "big.zip").write_bytes(bytes(1001))
    (tmp_path / "folder" / "big").write_bytes(bytes(1001))
    assert "the file is larger than 1000 bytes" in checked_file(tmp_path / "big.zip", None)[1][-1]
    assert "the folder is larger than 1000 bytes" in checked_file(tmp_path / "folder", None)[1][-1]
    monkeypatch.setattr(opened, "MOST_FILES", 0)
    monkeypatch.setattr(opened, "LARGEST_ARCHIVE", 10_000)
    assert "the folder holds more than 0 files" in checked_file(tmp_path / "folder", None)[1][-1]


@pytest.mark.parametrize("compressed", [True, False])
def test_the_bundle_is_taken_out_of_the_pdf(honest: Maker, compressed: bool) -> None:
    assert embedded_bundle(honest.pdf(compressed=compressed)) == honest.zip()


def test_a_stream_that_speaks_of_streams_is_read_to_its_stated_end() -> None:
    bundle = pack_stored({"verify.py": b"endstream endobj stream\n/EmbeddedFile"})
    assert embedded_bundle(printed(bundle, compressed=False)) == bundle


def test_a_length_that_stands_elsewhere_is_found_by_the_end_of_the_stream() -> None:
    bundle = pack_stored({"a": b"content"})
    for content, filter_ in ((bundle, b""), (zlib.compress(bundle), b"/Filter /FlateDecode ")):
        data = b"%%PDF-1.7\n1 0 obj\n<</Type/EmbeddedFile %s/Length 9 0 R>>stream\r\n%s\nendstream\nendobj" % (
            filter_, content,
        )  # fmt: skip
        assert embedded_bundle(data) == bundle


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n<< /Type /EmbeddedFile >>\nendobj\nstream\nPK\x03\x04",
        b"%PDF-1.7\n<< /Type /EmbeddedFile /Filter /FlateDecode /Length 4 >>\nstream\nnope\nendstream",
        b"%PDF-1.7\n<< /Names /EmbeddedFiles >>\nstream\nPK\x03\x04\nendstream",
        printed(pack_stored({"a": b"1"}), compressed=True) * 2,
    ],
)
def test_a_pdf_without_exactly_one_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(PdfAltered, match="bundles instead of one"):
        embedded_bundle(data)


def test_the_last_line_names_its_signer(honest: Maker) -> None:
    assert check_seal_line(honest.pdf(), honest.key) == ORIGIN
    assert check_seal_line(honest.pdf(), None) == ORIGIN


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pdf: pdf + b"\n",
        lambda pdf: pdf + b"more after the seal\n",
        lambda pdf: pdf.replace(b"%%EOF", b"%%EOF "),
        lambda pdf: pdf.rpartition(b"%scorecard")[0],
        lambda pdf: pdf.rpartition(b" ")[0] + b" AAAA\n",
        lambda pdf: pdf.rpartition(b" ")[0] + b" !!!!\n",
        lambda pdf: pdf.replace(b"%scorecard-seal/1", b"%scorecard-seal/2"),
    ],
)
@pytest.mark.parametrize("with_key", [True, False])
def test_a_broken_seal_line_is_refused(honest: Maker, spoil: object, with_key: bool) -> None:
    with pytest.raises(PdfAltered):
        check_seal_line(spoil(honest.pdf()), honest.key if with_key else None)  # type: ignore[operator]


def test_a_seal_over_other_bytes_does_not_serve_this_file(honest: Maker) -> None:
    body, mark, line = honest.pdf().rpartition(b"%scorecard-seal")
    other = Maker(seed=2)
    with pytest.raises(PdfAltered, match="not the ones its last line seals"):
        check_seal_line(
            other.pdf().replace(b"%PDF-1.7", b"%PDF-1.6").rpartition(b"%scorecard-seal")[0] + mark + line, None
        )
    with pytest.raises(PdfAltered, match="was not signed by the key"):
        check_seal_line(body + mark + line, other.key)
