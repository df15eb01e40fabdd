"""Tables of attempts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.csv_table import ADAPTER, COLUMNS, table
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.inspect_logs import listed
from tests.adapters.mutation import STRANGE
from tests.adapters.soundness import sound
from tests.adapters.sources import source_at, source_of

PLAIN = b"id,score\na,1\nb,0\nc,0.5\n"


def runs_in(data: bytes, name: str = "ctf.csv", **limits: Any) -> list[FoundRun]:
    return [sound(run) for run in ADAPTER.read(source_of(data, name, **limits))]


def only_run(data: bytes, name: str = "ctf.csv") -> FoundRun:
    (run,) = runs_in(data, name)
    return run


def refusal_of(data: bytes, **limits: Any) -> tuple[str, str]:
    with pytest.raises(LogRefused) as refusal:
        runs_in(data, **limits)
    assert refusal.value.fault.remedy
    return refusal.value.fault.code, refusal.value.fault.pointer


def test_the_smallest_table_is_a_run_named_after_its_file() -> None:
    run = only_run(PLAIN)
    assert (run.evaluation, run.metric, run.unit, run.model, run.native_id) == (
        "ctf",
        "score",
        "proportion",
        None,
        None,
    )
    assert run.samples == [
        {"id": "a", "attempt": 1, "status": "scored", "score": 1.0, "transcript": "line 2"},
        {"id": "b", "attempt": 1, "status": "scored", "score": 0.0, "transcript": "line 3"},
        {"id": "c", "attempt": 1, "status": "scored", "score": 0.5, "transcript": "line 4"},
    ]
    assert run.warnings == ["The table names no model."]


def test_all_columns_are_read_in_any_order_and_spelling() -> None:
    header = b"Model;Task;Metric;Run-ID;Sample ID;EPOCH;Correct;Status;Error Origin;Cluster;UUID;comment"
    rows = b"\nm1;ctf;pass@1;r7;a;2;yes;;;p1;u1;fine\nm1;ctf;pass@1;r7;a;1;;Error;system;p1;u2;\n"
    run = only_run(header + rows)
    assert (run.model, run.evaluation, run.metric, run.native_id) == ("m1", "ctf", "pass@1", "r7")
    assert run.samples == [
        {"id": "a", "attempt": 2, "status": "scored", "score": 1.0, "cluster": "p1", "uuid": "u1",
         "transcript": "line 2"},
        {"id": "a", "attempt": 1, "status": "error", "error_origin": "system", "cluster": "p1", "uuid": "u2",
         "transcript": "line 3"},
    ]  # fmt: skip
    assert run.warnings == ["Columns that were not read: comment."]


@pytest.mark.parametrize(("meaning", "spelling"), [(key, name) for key, names in COLUMNS.items() for name in names])
def test_every_documented_spelling_is_understood(meaning: str, spelling: str) -> None:
    others = {"id": "id", "score": "score"} | {meaning: spelling}
    cells = {"id": "a", "score": "1", "attempt": "1", "status": "scored", "error_origin": "system"}
    header, row = ",".join(others.values()), ",".join(cells.get(key, "x") for key in others)
    assert ADAPTER.recognise(source_of(header.encode()))
    assert len(listed(only_run(f"{header}\n{row}\n".encode()))) == 1


@pytest.mark.parametrize(
    ("cell", "score"),
    [
        ("1", 1.0), ("0.25", 0.25), ("TRUE", 1.0), ("false", 0.0), ("Pass", 1.0), ("failed", 0.0), ("no", 0.0),
        ("1e-3", 0.001), ("", None), ("N/A", None), ("NaN", None), ("inf", None), ("1e999", None), ("7.5%", None),
        ("=1+1", None), ("1,5", None), ("9" * 400, None),
    ],
)  # fmt: skip
def test_a_cell_is_a_score_only_where_it_is_a_number_or_says_yes_or_no(cell: str, score: float | None) -> None:
    run = only_run(f'id,score\na,"{cell}"\n'.encode())
    (sample,) = listed(run)
    assert (sample.get("score"), sample["status"]) == (score, "ungraded" if score is None else "scored")
    assert any("ungraded" in words for words in run.warnings) == (score is None)


def test_repeated_ids_are_attempts_in_the_order_of_the_table() -> None:
    run = only_run(b"id,passed\na,1\na,0\nb,1\na,1\n")
    assert [(item["id"], item["attempt"]) for item in listed(run)] == [("a", 1), ("a", 2), ("b", 1), ("a", 3)]


def test_a_status_overrules_a_score() -> None:
    run = only_run(b"id,score,status\na,1,refused\nb,1,not attempted\nc,1,scored\nd,,scored\n")
    assert [item["status"] for item in listed(run)] == ["refused", "not_attempted", "scored", "ungraded"]
    assert any("2 rows have a score and a status" in words for words in run.warnings)


def test_a_table_of_several_models_and_metrics_holds_a_run_for_each() -> None:
    data = b"id,score,model,metric\na,1,m1,accuracy\na,0,m2,accuracy\na,7,m1,points\nb,0,m1,accuracy\n"
    runs = runs_in(data)
    assert [(run.model, run.metric, run.unit, len(listed(run))) for run in runs] == [
        ("m1", "accuracy", "proportion", 2), ("m2", "accuracy", "proportion", 1), ("m1", "points", "score", 1),
    ]  # fmt: skip
    assert [run.locator for run in runs] == ["m1, accuracy", "m2, accuracy", "m1, points"]


def test_cells_that_look_like_formulas_are_plain_text() -> None:
    run = only_run(b"id,score,cluster\n\"=cmd|'/c calc'!A0\",1,@SUM(A1)\n+1,0,-2\n")
    assert [(item["id"], item["cluster"]) for item in listed(run)] == [
        ("=cmd|'/c calc'!A0", "@SUM(A1)"), ("+1", "-2"),
    ]  # fmt: skip


def test_quotes_newlines_tabs_and_a_byte_order_mark_are_what_csv_makes_of_them() -> None:
    run = only_run(b'\xef\xbb\xbfid\tscore\r\n"a ""quoted""\nid"\t1\r\n\r\nb\t0\r\n')
    assert [item["score"] for item in listed(run)] == [1.0, 0.0]
    assert listed(run)[0]["id"].startswith('a "quoted" id ')
    assert listed(run)[1]["transcript"] == "line 5"


def test_ids_that_a_reader_cannot_tell_apart_stay_apart() -> None:
    run = only_run("id,score\na\u200bb,1\na b,1\n".encode())
    assert len({item["id"] for item in listed(run)}) == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("empty", "")),
        (b"id,score\n", ("nothing-measured", "")),
        (b"score,grader,LLM\n7,Human X,LLM A\n", ("unknown-columns", "line 1")),
        (b"id,name\na,b\n", ("unknown-columns", "line 1")),
        (b"id,score,correct\na,1,1\n", ("ambiguous-columns", "line 1")),
        (b"id,sample-id,score\na,b,1\n", ("ambiguous-columns", "line 1")),
        (b"id,score\na,1\nb\n", ("row-length", "line 3")),
        (b"id,score\na,1,2\n", ("row-length", "line 2")),
        (b"id,score\n,1\n", ("sample-id", "line 2")),
        (b"id,score\na\x00,1\n", ("nul", "line 2")),
        (b"id,score\n\xe9,1\n", ("not-utf-8", "line 2")),
        ("id,score\na,1\n".encode("utf-16"), ("nul", "line 1")),
        (b'id,score\n"a,1\n', ("not-csv", "line 2")),
        (b'id,score\n"a"b,1\n', ("not-csv", "line 2")),
        (b'id,"score\n', ("not-csv", "line 1")),
        (b"id,score\n" + b"a" * 200_000 + b",1\n", ("not-csv", "line 2")),
        (b"id,score,status\na,1,fine\n", ("status", "line 2")),
        (b"id,score,error origin\na,1,fate\n", ("error-origin", "line 2")),
        (b"id,score,attempt\na,1,0\n", ("attempt", "line 2")),
        (b"id,score,attempt\na,1,1.5\n", ("attempt", "line 2")),
        (b"id,score,attempt\na,1,1\na,0,1\n", ("duplicate-sample", "line 3")),
        (b"id,score,metric\na,1,a?b\n", ("metric", "line 2")),
        (b"id,score," + b"," * 1_000_000 + b"\n", ("too-many-columns", "line 1")),
        (
            b"id,score,model\n" + b"".join(b"a,1,m%d\n" % number for number in range(101)),
            ("too-many-runs", "line 102"),
        ),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused_with_its_place(data: bytes, expected: tuple[str, str]) -> None:
    assert refusal_of(data) == expected


def test_unknown_columns_are_listed_with_those_that_would_do() -> None:
    with pytest.raises(LogRefused, match="score, grader, LLM") as refusal:
        runs_in(b"score,grader,LLM\n7,Human X,LLM A\n")
    assert "id/sample_id/task_id" in refusal.value.fault.remedy


def test_a_table_stays_within_its_budget() -> None:
    assert refusal_of(PLAIN, samples=2) == ("too-many-samples", "line 4")
    assert refusal_of(PLAIN, member_bytes=5)[0] == "part-too-large"
    assert refusal_of(PLAIN, total_bytes=12)[0] == "too-large"


def place_of(data: bytes) -> str:
    """Where the table is refused; empty where it is read."""
    try:
        return "" if runs_in(data) else "no run"
    except LogRefused as refusal:
        return refusal.fault.pointer


def test_no_strange_cell_breaks_the_reader() -> None:
    header = [
        "id",
        "attempt",
        "score",
        "status",
        "error_origin",
        "cluster",
        "uuid",
        "model",
        "task",
        "metric",
        "run_id",
    ]
    row = ["a", "1", "1", "scored", "system", "c", "u", "m", "t", "accuracy", "r"]
    strange = [str(value) for value in STRANGE[:-1]] + ["\u202e", "\u200b", '"', "\x1b[2J", "\r", "x" * 5000, "\u0661"]
    places = set()
    for place in range(len(row)):
        for cell in strange:
            cells = [*row[:place], cell.replace('"', '""'), *row[place + 1 :]]
            data = ",".join(header) + "\n" + ",".join(f'"{item}"' for item in cells) + "\n"
            places.add(place_of(data.encode()))
    assert places == {"", "line 2"}


def test_no_table_of_another_tool_is_claimed(corpus: Path) -> None:
    assert ADAPTER.recognise(source_of(PLAIN))
    assert not ADAPTER.recognise(source_of(PLAIN, "table.json"))
    assert not ADAPTER.recognise(source_of(b"\xff\xfeid,score\n"))
    files = [path for path in corpus.rglob("*") if path.is_file()]
    assert [path for path in files if ADAPTER.recognise(source_at(path))] == []


def test_rows_are_whole_and_numbered_across_the_pieces_in_which_a_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"\xef\xbb\xbfid;score\n" + b"".join(b'"a\nb \xc3\xa4 %d";1\n\n' % index for index in range(50))
    whole = listed(only_run(data))
    for size in (1, 2, 3, 7, 100):
        monkeypatch.setattr(table, "CHUNK", size)
        assert listed(only_run(data)) == whole
    assert [sample["transcript"] for sample in whole[:3]] == ["line 3", "line 6", "line 9"]


@pytest.mark.parametrize("bad", [b"a\x00,1\n", b"\xff,1\n"])
def test_a_fault_keeps_its_line_among_lines_that_are_read_at_once(bad: bytes) -> None:
    assert refusal_of(b"id,score\nb,1\nc,0\n" + bad + b"d,1\n")[1] == "line 4"


def test_a_table_counts_against_the_total_of_its_budget() -> None:
    assert refusal_of(PLAIN, total_bytes=len(PLAIN))[0] == "too-large"


def test_cells_that_differ_in_every_row_are_read_as_well_as_those_that_repeat() -> None:
    data = b"id,score\n" + b"".join(b"t%d,0.%05d\n" % (index, index) for index in range(1000))
    assert [sample["score"] for sample in listed(only_run(data))] == [index / 1e5 for index in range(1000)]
