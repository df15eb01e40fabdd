"""The table that a run writes: its verdicts, its ratios, and nothing outside its marks."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from benchmarks import making, table
from benchmarks.peers import inflated_and_hashed
from benchmarks.timing import Line, shown
from evaluations.adapters.inspect_log import ADAPTER
from evaluations.logs.source import LogSource


def test_a_target_is_met_up_to_its_ratio_and_missed_beyond() -> None:
    assert Line("x", 1.0, "y", 6.0, most=1 / 6).verdict == "met"
    assert Line("x", 1.1, "y", 6.0, most=1 / 6).verdict == "missed"
    assert Line("x", 301, unit="MiB", most=300).verdict == "missed"
    assert Line("x", 1.0, "y", 6.0).verdict == ""


def test_a_line_shows_both_figures_the_ratio_and_the_target() -> None:
    cells = Line("read", 0.5, "peer", 10.0, most=1 / 15).cells()
    assert cells == ["read", "500 ms", "peer", "10 s", "0.05", "≤ 1/15", "met"]
    assert Line("peak", 1234.6, unit="MiB", most=300).cells() == [
        "peak",
        "1,235 MiB",
        "",
        "",
        "",
        "≤ 300 MiB",
        "missed",
    ]


@pytest.mark.parametrize(("seconds", "words"), [(0.0000021, "2 µs"), (0.0123, "12.3 ms"), (12.34, "12.3 s")])
def test_times_are_shown_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert shown(seconds, "s") == words


def test_only_what_stands_between_the_marks_is_rewritten(db: None) -> None:
    (begin, end), (begin_other, end_other) = table.marks("memory"), table.marks("ingest")
    text = f"before\n{begin}\nold\n{end}\n{begin_other}\nkept\n{end_other}\nafter\n"
    found = table.rewrite(text, "memory", [Line("new", 1.0)])
    assert found.startswith(f"before\n{begin}\n")
    assert found.endswith(f"{end}\n{begin_other}\nkept\n{end_other}\nafter\n")
    assert "old" not in found
    assert "| new | 1 s |" in found
    assert table.rewrite(found, "memory", []).count("| new |") == 0


def test_a_readme_without_marks_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        table.rewrite("nothing here", "memory", [])


def test_the_readme_has_the_marks_of_every_part() -> None:
    text, source = (path.read_text(encoding="utf-8") for path in (table.README, table.README.parent / "__main__.py"))
    parts = re.findall(r'"(\w+)": \w+,', source)
    assert len(parts) == 9
    for begin, end in map(table.marks, parts):
        assert text.index(begin) < text.index(end)


def test_the_inspect_log_that_is_made_is_one(tmp_path: Path) -> None:
    path = making.inspect_archive(tmp_path / "made.eval", samples=20, sample_bytes=5_000)
    with zipfile.ZipFile(path) as archive:
        sizes = [info.file_size for info in archive.infolist() if info.filename.startswith("samples/")]
    assert len(sizes) == 20
    assert all(4_000 < size < 8_000 for size in sizes)
    assert inflated_and_hashed(path) > sum(sizes)
    with path.open("rb") as stream:
        (run,) = ADAPTER.read(LogSource(stream, path.name, path.stat().st_size))
        assert [sample["status"] for sample in run.samples or ()] == ["scored"] * 20
