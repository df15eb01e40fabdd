"""A place that an adapter noted leads back to the sample, in every form that adapters write."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import tracemalloc
from pathlib import Path

import pytest

from evaluations.adapters.registry import chosen
from evaluations.logs.budget import Budget
from evaluations.logs.places import HELD, Unfound, part_at, whole
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.unpacking import unpacked
from tests.logs.archives import DEFLATED, ZSTANDARD, member, tarred, zipped

LINES = b'\n{"id": "a"}\r\n\n{"id": "b", "scores": [{"v": 1}, {"v": 2}]}\n{"id": "cut'
NESTED = {
    "results": [{"id": "first"}, {"id": "second", "text": "a/b"}],
    "attack_results": {"jail/break  one": [{"n": 0}, {"n": 1}], "other": [{"n": 2}]},
    "body": json.dumps([{"event": "x"}, {"event": "y"}]),
}
JUNIT = b"""<?xml version="1.0"?><testsuites><testsuite name="one"><testcase name="a"/></testsuite>
<testsuite name="two"><testcase name="b"><failure message="no">&lt;script&gt;</failure></testcase></testsuite>
</testsuites>"""
LONG_NAME = "samples/" + "x" * 300 + ".json"


def source(data: bytes, name: str = "log", **limits: int) -> LogSource:
    return LogSource(io.BytesIO(data), name, len(data), Budget(**limits))


def found(data: bytes, place: str, name: str = "log") -> bytes:
    return part_at(source(data, name), place).data


def test_a_line_is_found_by_its_number_with_blank_lines_counted() -> None:
    assert found(LINES, "line 2") == b'{"id": "a"}'
    assert found(LINES, "line 5") == b'{"id": "cut'


@pytest.mark.parametrize("place", ["line 6", "line 0", "line 99999999999", "somewhere", "/a", "line -1", "s3://x/y"])
def test_a_place_that_is_not_there_is_said_to_be_none(place: str) -> None:
    with pytest.raises((Unfound, LogRefused)):
        part_at(source(LINES), place)


def test_a_pointer_goes_on_inside_a_line() -> None:
    assert json.loads(found(LINES, "line 4/scores/1")) == {"v": 2}


def test_a_line_of_a_file_that_was_compressed_as_a_whole_is_found() -> None:
    with unpacked(source(gzip.compress(LINES), "log.jsonl.gz")) as inside:
        assert part_at(inside, "line 2").data == b'{"id": "a"}'


def test_a_row_of_a_table_is_found_by_its_last_line_with_its_quoted_line_ends() -> None:
    table = b'id,score,note\r\na,1,"two\r\nlines, and ""quotes"""\r\nb,0,plain 5" pipe\r\n'
    assert found(table, "line 3") == b'a,1,"two\r\nlines, and ""quotes"""'
    assert found(table, "line 4") == b'b,0,plain 5" pipe'


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("/results/1", {"id": "second", "text": "a/b"}),
        ("/results/1/id", "second"),
        ("/attack_results/jail/break one/1", {"n": 1}),
        ("/attack_results/other/0", {"n": 2}),
        ("/body/1", {"event": "y"}),
    ],
)
@pytest.mark.parametrize("nan", [False, True])
def test_a_pointer_is_found_in_a_document_also_with_bare_nan_and_with_keys_as_readers_see_them(
    place: str, value: object, nan: bool
) -> None:
    document = {"stats": float("nan") if nan else 1.5, **NESTED}
    assert json.loads(found(json.dumps(document).encode(), place)) == value


@pytest.mark.parametrize(
    "place", ["/results/2", "/results/01", "/results/-1", "/results/1/id/x", "/nothing", "/body/7"]
)
def test_a_pointer_to_nothing_is_unfound(place: str) -> None:
    with pytest.raises((Unfound, LogRefused)):
        part_at(source(json.dumps(NESTED).encode()), place)


def test_a_document_that_was_cut_still_gives_what_stands_before_the_cut() -> None:
    assert json.loads(found(json.dumps(NESTED).encode()[:60], "/results/0")) == {"id": "first"}


def test_members_are_found_whole_by_pointer_by_line_and_by_a_cut_name() -> None:
    rows = json.dumps([{"row": 0}, {"row": 1}]).encode()
    files = {"samples/a.json": b'{"id": "a"}', "run/stats.json": rows, "s_task.jsonl": LINES, LONG_NAME: b"long"}
    archives = (
        zipped(*(member(name, data, method=ZSTANDARD) for name, data in files.items())),
        zipped(*(member(name, data, method=DEFLATED) for name, data in files.items())),
        tarred(files),
    )
    for data in archives:
        assert found(data, "samples/a.json") == b'{"id": "a"}'
        assert json.loads(found(data, "run/stats.json/1")) == {"row": 1}
        assert json.loads(found(data, "run/stats.json#/0")) == {"row": 0}
        assert found(data, "s_task.jsonl, line 2") == b'{"id": "a"}'
        assert found(data, LONG_NAME[:200]) == b"long"
        for place in (
            "samples/b.json",
            "run/stats.json/9",
            "s_task.jsonl, line 77",
            "samples/a.json, page 3",
            "line 1",
        ):
            with pytest.raises(Unfound):
                part_at(source(data), place)


def test_a_cut_name_that_means_two_members_means_none() -> None:
    data = tarred({LONG_NAME: b"one", LONG_NAME + "2": b"two"})
    with pytest.raises(Unfound):
        part_at(source(data), LONG_NAME[:200])


def test_a_damaged_member_is_refused_and_not_shown() -> None:
    data = zipped(member("a.json", b'{"id": "a"}', crc=1))
    with pytest.raises(LogRefused):
        part_at(source(data), "a.json")


def test_elements_of_xml_are_found_by_number_and_stay_text() -> None:
    assert found(JUNIT, "testcase 1") == b'<testcase name="a" />'
    assert b"&lt;script&gt;" in found(JUNIT, "testcase 2")
    promptfoo = b"<promptfoo><results><results><id>0</id></results><results><id>1</id></results></results></promptfoo>"
    assert found(promptfoo, "/results/results/1") == b"<results><id>1</id></results>"
    for place in ("testcase 3", "testcase 0", "/results/results/2"):
        with pytest.raises(Unfound):
            part_at(source(JUNIT), place)


def test_xml_with_entities_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuites><testsuite><testcase name="&a;"/></testsuite></testsuites>'
    with pytest.raises(LogRefused):
        part_at(source(bomb), "testcase 1")


def test_the_whole_file_stands_at_no_place_and_at_its_own_name() -> None:
    assert found(b"grade", "") == found(b"grade", "grade.json", "grade.json") == b"grade"
    assert whole(source(tarred({"a": b"1", "b/c": b"2"}))).data == b"a\nb/c"


def test_a_long_part_is_counted_to_its_end_and_held_only_at_its_beginning() -> None:
    line = b'{"id": "' + b"x" * (3 * HELD) + b'"}'
    data = b"{}\n" * 1000 + line + b"\n{}"
    opened = source(data)
    tracemalloc.start()
    part = part_at(opened, "line 1001")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(part.data), part.size) == (HELD, len(line))
    assert peak < 2.5 * HELD


def test_reading_stops_at_the_budget() -> None:
    for place in ("line 5000", "/x/9"):
        data = b"[" + b"1,\n" * 100_000 + b"1]" if place.startswith("/") else b"{}\n" * 100_000
        with pytest.raises((LogRefused, Unfound)):
            part_at(source(data, total_bytes=5_000), place)


def test_every_place_in_the_corpus_of_real_logs_leads_somewhere(corpus: Path) -> None:
    seen = 0
    for path in sorted(corpus.rglob("*")):
        if path.is_file() and path.stat().st_size < 5_000_000:
            seen += _places_of(path)
    assert seen > 300


def _places_of(path: Path) -> int:
    places: set[str] = set()
    with path.open("rb") as file:
        try:
            with unpacked(LogSource(file, path.name, path.stat().st_size)) as log:
                for run in itertools.islice(chosen(log).read(log), 2):
                    samples = itertools.islice(run.samples or (), 15)
                    places |= {place for one in samples if (place := one.get("transcript")) is not None}
                for place in places:
                    if place != "/reductions" and not place.endswith("_ids"):
                        assert part_at(log, place).size > 0, (path, place)
        except LogRefused:
            return 0  # the corpus holds damaged logs on purpose
    return len(places)
