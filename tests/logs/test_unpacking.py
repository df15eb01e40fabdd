"""A log that was compressed as a whole: read as what is inside, within the budget, with damage as a refusal."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest
import zstandard

from evaluations.logs.refusal import LogRefused
from evaluations.logs.unpacking import unpacked
from tests.adapters.sources import source_of

TEXT = b"".join(b"line %d\n" % number for number in range(5000))


@pytest.mark.parametrize(
    ("packed", "name"),
    [
        (gzip.compress(TEXT), "run.jsonl.gz"),
        (gzip.compress(TEXT[:20_000]) + gzip.compress(TEXT[20_000:]), "run.jsonl.gz"),
        (zstandard.compress(TEXT), "run.jsonl.zst"),
        (zstandard.compress(TEXT[:20_000]) + zstandard.compress(TEXT[20_000:]), "run.jsonl.zst"),
        (TEXT, "run.jsonl"),
    ],
)
def test_what_is_inside_is_read_under_its_own_name(packed: bytes, name: str) -> None:
    with unpacked(source_of(packed, name)) as source:
        assert (source.name, source.size, source.whole()) == ("run.jsonl", len(TEXT), TEXT)
        assert source.head() == TEXT[: len(source.head())]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_cut_or_damaged_file_is_refused(compress) -> None:
    packed = compress(TEXT)
    for broken in (packed[: len(packed) // 2], packed[:20] + b"\xff" * 40 + packed[60:]):
        with pytest.raises(LogRefused) as refusal, unpacked(source_of(broken, "x.gz")):
            pass
        assert refusal.value.fault.code in ("cut-short", "damaged")


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_bomb_is_noticed_while_it_unfolds(compress) -> None:
    bomb = compress(b"0" * 5_000_000)
    with pytest.raises(LogRefused, match="More than 1000000 bytes"), unpacked(source_of(bomb, total_bytes=1_000_000)):
        pass


def test_a_packed_archive_is_left_to_the_archive_reader() -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    source = source_of(target.getvalue(), "run.tar.gz")
    with unpacked(source) as same:
        assert same is source
