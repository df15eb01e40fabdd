"""A received file is read in bounded pieces, whatever its name and content."""

from __future__ import annotations

import io

import pytest

from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import HEAD_BYTES, LogSource
from tests.adapters.sources import source_of


@pytest.mark.parametrize(
    ("name", "base", "suffix"),
    [
        ("run.JSON", "run.JSON", ".json"),
        ("C:\\logs\\a.eval", "a.eval", ".eval"),
        ("../../etc/x.jsonl.gz", "x.jsonl.gz", ".gz"),
        ("", "", ""),
        ("folder/", "folder", ""),
        (".hidden", ".hidden", ""),
    ],
)
def test_base_name_and_suffix_do_not_depend_on_the_sender_s_separators(name: str, base: str, suffix: str) -> None:
    source = source_of(b"", name)
    assert (source.base_name, source.suffix) == (base, suffix)


def test_the_head_is_read_once_and_bounded() -> None:
    source = source_of(b"x" * (HEAD_BYTES + 10))
    assert len(source.head()) == HEAD_BYTES
    source.stream.close()
    assert len(source.head()) == HEAD_BYTES


def test_the_stream_is_opened_at_its_start_again_and_again() -> None:
    source = source_of(b"abc")
    assert source.open().read() == b"abc"
    assert source.open().read() == b"abc"


def test_lines_are_numbered_from_one_and_blank_ones_are_left_out() -> None:
    source = source_of(b"\n first \r\n\n\t\nlast, cut in the mid")
    assert list(source.lines()) == [(2, b"first"), (5, b"last, cut in the mid")]


def test_a_line_beyond_the_budget_of_one_part_is_refused_with_its_number() -> None:
    source = source_of(b"short\n" + b"x" * 1000, member_bytes=100)
    lines = source.lines()
    assert next(lines) == (1, b"short")
    with pytest.raises(LogRefused) as caught:
        next(lines)
    assert (caught.value.fault.code, caught.value.fault.pointer) == ("part-too-large", "line 2")


def test_lines_count_against_the_total() -> None:
    source = source_of(b"12345678\n" * 10, total_bytes=50)
    with pytest.raises(LogRefused) as caught:
        list(source.lines())
    assert caught.value.fault.code == "too-large"
    assert caught.value.fault.pointer == "line 6"


def test_a_whole_file_beyond_the_budget_is_refused_even_when_its_declared_size_lies() -> None:
    with pytest.raises(LogRefused):
        source_of(b"x" * 101, member_bytes=100).whole()
    lying = LogSource(io.BytesIO(b"x" * 500), "a.json", 5, source_of(b"", member_bytes=100).budget)
    with pytest.raises(LogRefused):
        lying.whole()


def test_an_empty_file_is_refused_with_a_remedy() -> None:
    with pytest.raises(LogRefused) as caught:
        source_of(b"").refuse_empty()
    assert caught.value.fault.code == "empty"
    assert "after the run" in caught.value.fault.remedy
