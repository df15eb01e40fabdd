"""Parts of large JSON come out one by one, within the budget of one part."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from evaluations.logs.refusal import LogRefused
from evaluations.logs.streaming import Rationed, json_parts, parts_of
from tests.adapters.sources import source_of

DOCUMENT = {
    "id": "run-1", "noise": [[{"x": [1, 2]}], "text"],
    "results": {"rows": [{"k": [1, 2.5, None, True]}, "text", [[]], 7], "version": 3}, "end": {"a": {}},
}  # fmt: skip
WANTED = [("id",), ("results", "rows", "*"), ("results", "version"), ("end",), ("absent", "*")]
EXPECTED = [
    (("id",), "run-1"), (("results", "rows", "*"), {"k": [1, 2.5, None, True]}), (("results", "rows", "*"), "text"),
    (("results", "rows", "*"), [[]]), (("results", "rows", "*"), 7), (("results", "version"), 3), (("end",), {"a": {}}),
]  # fmt: skip


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("parts", [json_parts, parts_of])
def test_every_wanted_part_comes_once(parts: Any) -> None:
    assert list(parts(source_of(as_json(DOCUMENT)), WANTED)) == EXPECTED


def test_members_of_a_list_at_the_root_are_parts_too() -> None:
    assert [value for _, value in json_parts(source_of(b"[1, [2], {}]"), [("*",)])] == [1, [2], {}]


def test_memory_follows_the_largest_part_and_not_the_file() -> None:
    data = as_json({"skipped": ["x" * 1000] * 5000, "rows": [{"k": "v" * 1000}] * 10_000})
    source = source_of(data, member_bytes=200_000)
    tracemalloc.start()
    count = sum(1 for _ in json_parts(source, [("rows", "*")]))
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(data) > 14_000_000, count) == (True, 10_000)
    assert held < 2_000_000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"rows": [1, 2', "not-json"),
        (b"", "not-json"),
        (b'{"rows": [NaN]}', "not-json"),
        (b'{"rows": "\xff"}', "not-json"),
        (b'{"rows": []} trailing', "not-json"),
        (b'{"rows": [' + b"9" * 5000 + b"]}", "not-json"),
        (b'{"rows": ' + b"[" * 1000, "too-deep"),
        (b"[" * 100_000, "too-deep"),
        (as_json({"rows": ["x" * 2_000_000]}), "part-too-large"),
    ],
)
def test_what_cannot_be_read_as_a_stream_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(LogRefused) as caught:
        list(json_parts(source_of(data, member_bytes=1_000_000), [("rows", "*")]))
    assert caught.value.fault.code == code


def test_numbers_without_end_and_lone_surrogates_do_no_harm() -> None:
    parts = dict(
        json_parts(
            source_of(b'{"a": 1e999, "b": "\\ud800\\u0000", "c": 12345678901234567890}'), [("a",), ("b",), ("c",)]
        )
    )
    assert parts[("a",)] == float("inf")
    assert "\x00" not in parts[("b",)]
    assert parts[("b",)].encode()
    assert parts[("c",)] == 12345678901234567890


def test_a_small_file_may_hold_bare_nan() -> None:
    ((_, value),) = parts_of(source_of(b'{"rows": [NaN]}'), [("rows", "*")])
    assert value != value


def test_a_ration_is_renewed_and_counts_against_the_total() -> None:
    stream = Rationed(source_of(b"x" * 1000, member_bytes=300, total_bytes=700))
    stream.read(300)
    stream.renew()
    stream.read(300)
    with pytest.raises(LogRefused, match="This part holds more"):
        stream.read(1)
    stream.renew()
    with pytest.raises(LogRefused, match="More than 700 bytes"):
        stream.read(300)
