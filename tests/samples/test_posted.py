"""A posted report read piece by piece says what the whole document says: the same evidence, the same refusals."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.report import ReportRefused, parse_report, piecewise
from evaluations.samples import SampleColumns, posted, read_posted
from evaluations.strict_json import DEFAULT_MAX_BYTES
from tests.effort import examples
from tests.evaluations.reports import NOW, report, with_samples

Outcome = tuple[Any, ...]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of two or three samples, so that small documents have many."""
    monkeypatch.setattr(piecewise, "PIECE", 96)


def outcome_of(found: Any, columns: SampleColumns | None) -> Outcome:
    header = found.model_dump(by_alias=True, exclude={"samples"})
    if columns is None:
        return "taken", header
    details = [columns.detail(index) for index in columns.order()]
    return "taken", header, b"".join(columns.csv()), details, columns.unit


def refused(refusal: ReportRefused) -> Outcome:
    return "refused", refusal.status, refusal.errors


def as_a_whole(data: bytes) -> Outcome:
    try:
        found = parse_report(data, now=NOW)
    except ReportRefused as refusal:
        return refused(refusal)
    columns = None if found.samples is None else SampleColumns.of(found.samples, unit=found.unit)
    return outcome_of(found, columns)


def piece_by_piece(data: bytes) -> Outcome:
    try:
        taken = read_posted(io.BytesIO(data), now=NOW)
    except ReportRefused as refusal:
        return refused(refusal)
    return outcome_of(taken.report, taken.columns)


def sample(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"task-{number:03}", "score": number % 3 / 2, **fields}


SAMPLES = [sample(number) for number in range(20)]


def body(*samples: Any, **changes: Any) -> bytes:
    return json.dumps(report(**with_samples(*samples, **changes)), ensure_ascii=False).encode()


def within(samples: list[Any], place: int, one: Any) -> list[Any]:
    return [*samples[:place], one, *samples[place + 1 :]]


SOUND: dict[str, bytes] = {
    "plain": body(*SAMPLES),
    "one": body(SAMPLES[0]),
    "indented": json.dumps(report(**with_samples(*SAMPLES)), indent=3).encode(),
    "without blanks": json.dumps(report(**with_samples(*SAMPLES)), separators=(",", ":")).encode(),
    "samples first": json.dumps(dict(sorted(report(**with_samples(*SAMPLES)).items(), reverse=True))).encode(),
    "percent": body(*[sample(number, score=number * 7.3 % 100) for number in range(20)], unit="percent"),
    "minutes": body(*[sample(number, score=-number * 7) for number in range(20)], unit="minutes"),
    "exponents": body(*[sample(number, score=10.0**-number) for number in range(20)]),
    "negative zero": body(*SAMPLES, sample(30, score=-0.0)),
    "escapes": json.dumps(report(**with_samples(*SAMPLES, sample(30, cluster="\u00e9\U0001f600")))).encode(),
    "composed": body(*[sample(number, cluster="caf\u00e9" if number % 2 else "cafe\u0301") for number in range(20)]),
    "beyond the plane": body(*[sample(number, id=f"\U0001f600{number}") for number in range(20)]),
    "to quote": body(*[sample(number, id=f'a,"{number}', cluster='x"y') for number in range(20)]),
    "backslashes": body(*[sample(number, id=f"\\{number}\\", transcript='\\"},{"id"') for number in range(20)]),
    "judges": body(*[sample(number, judge={"model": "m", "votes": [{"id": 1}, {"id": 2}]}) for number in range(20)]),
    "judge names": body(*[sample(number, judge="m:1" if number % 2 else None) for number in range(20)]),
    "every field": body(*[
        sample(number, attempt=number, status="error", score=None, error_origin="model", uuid=f"u{number}",
               superseded=number == 3, cluster=None, transcript="t") for number in range(20)
    ]),
    "unsorted": body(*random.Random(1).sample(SAMPLES, 20)),
    "attempts": body(*[sample(number // 3, attempt=number % 3) for number in range(30)]),
    "mixed shapes": body(*[sample(n) if n % 2 else {"score": 1, "id": str(n)} for n in range(20)]),
    "no samples": json.dumps(report()).encode(),
    "null for samples": json.dumps(report(samples=None) | {"samples": None}).encode(),
    "blanks around": b" \n\t" + body(*SAMPLES) + b"\r\n ",
}  # fmt: skip


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND.keys())
def test_a_sound_report_gives_the_same_evidence(data: bytes) -> None:
    expected = as_a_whole(data)
    assert expected[0] == "taken"
    assert piece_by_piece(data) == expected


def edited(before: str, after: str) -> bytes:
    text = body(*SAMPLES).decode()
    assert before in text
    return text.replace(before, after, 1).encode()


SEVENTH = '"task-007", "score": 0.5'
FAULTY: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "text": b'"text"',
    "null": b"null",
    "array": b'[{"id": 1}]',
    "empty object": b"{}",
    "array of twins": '[{"caf\u00e9": 1, "cafe\u0301": 2}]'.encode(),
    "open": b'{"samples": [',
    "open sample": b'{"samples": [{"id": "a"',
    "cut": body(*SAMPLES)[:700],
    "cut text": body(*SAMPLES)[:-40],
    "two documents": body(*SAMPLES) + b"{}",
    "comma at the end": edited("}]", "},]"),
    "comma before the end": body(*SAMPLES)[:-1] + b",}",
    "no comma": edited('}, {"id": "task-009"', '} {"id": "task-009"'),
    "two commas": edited('}, {"id": "task-009"', '},, {"id": "task-009"'),
    "no colon": edited('"task-007", "score":', '"task-007", "score"'),
    "wrong bracket": edited("}]", "}}"),
    "single quotes": edited('"task-007"', "'task-007'"),
    "line end in a text": edited("task-007", "task\n007"),
    "leading zero": edited(SEVENTH, '"task-007", "score": 01'),
    "no utf-8": body(*SAMPLES).replace(b"task-007", b"task-\xff07"),
    "no utf-8 after a syntax error": b'{"a" 1}\xff',
    "byte-order mark": b"\xef\xbb\xbf" + body(*SAMPLES),
    "utf-16": body(*SAMPLES).decode().encode("utf-16"),
    "nan": edited(SEVENTH, '"task-007", "score": NaN'),
    "infinity": edited(SEVENTH, '"task-007", "score": -Infinity'),
    "overflow": edited(SEVENTH, '"task-007", "score": 1e999'),
    "underflow": edited(SEVENTH, '"task-007", "score": 1e-400'),
    "too many digits": edited(SEVENTH, '"task-007", "score": 0.' + "1" * 50),
    "integer too large": edited(SEVENTH, '"task-007", "score": 9007199254740993'),
    "key twice": edited(SEVENTH, SEVENTH + ', "score": 0.5'),
    "key twice with an escape": edited(SEVENTH, SEVENTH + ', "sc\\u006fre": 1'),
    "nul": edited("task-007", "task\\u0000"),
    "surrogate": edited("task-007", "task\\ud800"),
    "too deep": edited(SEVENTH, SEVENTH + ', "judge": ' + "[" * 40 + "]" * 40),
    "just too deep": edited(SEVENTH, SEVENTH + ', "judge": ' + "[" * 30 + "]" * 30),
    "deep enough": edited(SEVENTH, SEVENTH + ', "judge": ' + "[" * 29 + "]" * 29),
    "far too deep": edited(SEVENTH, SEVENTH + ', "judge": ' + "[" * 5000),
    "deep header": b'{"a": ' + b"[" * 5000,
    "header just too deep": b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}",
    "fault before a syntax error": edited("task-007", "task\\ud800")[:-1],
    "fault before depth": edited("task-007", "task\\ud800")[:-1] + b', "a": ' + b"[" * 40 + b"]" * 40 + b"}",
    "faults in two samples": edited("task-007", "\\ud800").replace(b"task-003", b"\\u0000"),
    "fault in header and sample": edited("task-007", "\\ud800")[:-1] + b', "a": NaN}',
    "samples twice": body(*SAMPLES)[:-1] + b', "samples": []}',
    "samples twice, faulty": edited("task-007", "\\ud800")[:-1] + b', "samples": [NaN]}',
    "header key twice around a fault": b'{"a": 1, "samples": [NaN], "a": 2}',
    "twins in a judge": body(*within(SAMPLES, 7, sample(7, judge={"caf\u00e9": 1, "cafe\u0301": 2}))),
    "twins in the header": body(*SAMPLES, reported={"caf\u00e9": 1, "cafe\u0301": 2}),
    "none": body(),
    "not a list": body(*SAMPLES).replace(b'"samples": [', b'"samples": {"a": [')[:-1] + b"}}",
    "number": body(*within(SAMPLES, 7, 7)),
    "numbers": body(*[1] * 30),
    "text among them": body(*within(SAMPLES, 7, "")),
    "list among them": body(*within(SAMPLES, 7, [])),
    "null among them": body(*within(SAMPLES, 7, None)),
    "without id": body(*within(SAMPLES, 7, {"score": 1})),
    "unknown field": body(*within(SAMPLES, 7, sample(7, grade=1))),
    "empty id": body(*within(SAMPLES, 7, sample(7, id=""))),
    "long id": body(*within(SAMPLES, 7, sample(7, id="x" * 201))),
    "blank id": body(*within(SAMPLES, 7, sample(7, id=" x"))),
    "hidden": body(*within(SAMPLES, 7, sample(7, id="x\u200b"))),
    "number as id": body(*within(SAMPLES, 7, sample(7, id=7))),
    "two faults": body(*within(SAMPLES, 7, {"score": "1", "grade": 2})),
    "negative attempt": body(*within(SAMPLES, 7, sample(7, attempt=-1))),
    "null attempt": body(*within(SAMPLES, 7, sample(7, attempt=None))),
    "fraction of an attempt": body(*within(SAMPLES, 7, sample(7, attempt=1.0))),
    "true score": body(*within(SAMPLES, 7, sample(7, score=True))),
    "unknown status": body(*within(SAMPLES, 7, sample(7, status="ok"))),
    "list as status": body(*within(SAMPLES, 7, sample(7, status=[]))),
    "large judge": body(*within(SAMPLES, 7, sample(7, judge="x" * 70_000))),
    "origin": body(*within(SAMPLES, 7, sample(7, error_origin=""))),
    "two wrong samples": body(*within(within(SAMPLES, 7, sample(7, id=7)), 3, sample(3, grade=1))),
    "wrong header and sample": body(*within(SAMPLES, 7, sample(7, id=7)), metric=1, foo=2, tags=3),
    "scores": body(*within(within(SAMPLES, 7, sample(7, score=2)), 3, sample(3, score=None))),
    "percent": body(*within(SAMPLES, 7, sample(7, score=100.5)), unit="percent"),
    "score of an error": body(*within(SAMPLES, 7, sample(7, status="error"))),
    "twice": body(*SAMPLES, sample(3), sample(3), sample(7)),
    "twice unsorted": body(*SAMPLES[::-1], sample(3), sample(3)),
    "twice and incoherent": body(*SAMPLES, sample(3, score=7)),
    "all superseded": body(*[{**one, "superseded": True} for one in SAMPLES]),
    "few planned": body(*SAMPLES, planned_samples=3),
    "two forms": body(*SAMPLES)[:-1] + b', "tally": {"successes": 1, "trials": 2}}',
    "every fault": body(*[sample(0, score=9)] * 80, planned_samples=0),
    "flood": body(*[sample(0, score=9)] * 80),
}


@pytest.mark.parametrize("data", FAULTY.values(), ids=FAULTY.keys())
def test_a_faulty_report_is_refused_with_the_same_words(data: bytes) -> None:
    assert piece_by_piece(data) == as_a_whole(data)


def test_the_window_ends_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    data = body(
        *within(SAMPLES, 7, sample(7, id="caf\u00e9\U0001f600", score=0.25, judge=[1.5e-3, -2, None])),
        reported={"a": 1.5e-3},
    )
    expected = as_a_whole(data)
    for size in range(1, 60):
        monkeypatch.setattr(piecewise, "PIECE", size)
        assert piece_by_piece(data) == expected


def test_too_many_samples_are_refused_like_a_wrong_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posted, "MOST_SAMPLES", 10)
    refusal = piece_by_piece(body(*SAMPLES, metric=1))[2]
    detail = "List should have at most 10 items after validation, not 20"
    assert [(row["pointer"], row["code"]) for row in refusal] == [("/metric", "string-type"), ("/samples", "too-long")]
    assert refusal[1]["detail"] == detail


def test_a_document_over_the_limit_is_refused_unread() -> None:
    padded = body(*SAMPLES) + b" " * DEFAULT_MAX_BYTES
    assert piece_by_piece(padded)[2][0]["code"] == "too-large"


def traced(samples: int) -> int:
    """Bytes at the peak of reading so many samples, those of the document left out."""
    stream = io.BytesIO(body(*[sample(number) for number in range(samples)]))
    tracemalloc.start()
    try:
        taken = read_posted(stream, now=NOW)
        assert taken.columns is not None
        assert len(taken.columns) == samples
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_by_tens_of_bytes_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    read_posted(io.BytesIO(body(*SAMPLES)), now=NOW)
    assert (traced(15_000) - traced(5_000)) / 10_000 < 100


VALUES = st.recursive(
    st.sampled_from(
        [0, 1, 0.5, -1, 1e-7, 2**53, True, None, "", "x", "caf\u00e9", "e\u0301", "a,b", '"', "\\", "},{", "\u200b"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "b", "e\u0301"]), inner, max_size=2)
    ),
    max_leaves=4,
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "score": st.sampled_from([0, 1, 0.0, 1.0, 0.25, 1 / 3, None]) | VALUES,
    "attempt": st.integers(0, 2) | VALUES,
    "status": st.sampled_from(["scored", "error", "limit"]) | VALUES,
    "cluster": st.sampled_from(["a", "b", None]) | VALUES,
    "superseded": st.booleans() | VALUES,
    "judge": VALUES,
    "uuid": VALUES,
    "error_origin": st.sampled_from(["system", None]) | VALUES,
    "transcript": VALUES,
    "grade": VALUES,
}
LIKELY = st.fixed_dictionaries(
    {"id": st.sampled_from([f"t{n}" for n in range(30)]), "score": st.sampled_from([0.0, 0.5, 1.0])}
)
ODD = st.fixed_dictionaries({"id": st.sampled_from(["a", "b"]) | VALUES}, optional=FIELDS)
ROWS = st.lists(LIKELY | LIKELY | LIKELY | ODD, max_size=12)


@examples(150)
@given(ROWS, st.booleans(), st.sampled_from([None, 1]), st.sampled_from(["proportion", "percent", "count"]))
def test_any_samples_are_read_alike(rows: list[Any], escaped: bool, indent: int | None, unit: str) -> None:
    document = report(**with_samples(*rows, unit=unit))
    data = json.dumps(document, ensure_ascii=escaped, indent=indent).encode()
    assert piece_by_piece(data) == as_a_whole(data)


@examples(150)
@given(
    st.integers(0, 1200),
    st.sampled_from(['"', "\\", "{", "}", "[", "]", ",", ":", "-", "e", "0", " ", "\\u0000", "NaN", "\x00", "\u0301"]),
    st.booleans(),
)
def test_any_damage_is_told_alike(place: int, thing: str, instead: bool) -> None:
    text = body(*SAMPLES).decode()
    data = (text[:place] + thing + text[place + instead :]).encode()
    assert piece_by_piece(data) == as_a_whole(data)
