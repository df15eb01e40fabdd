"""The streaming JSON cursor of the Inspect adapter, wherever the pieces of the file happen to end."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest

from evaluations.adapters.inspect_log import scanning
from evaluations.adapters.inspect_log.scanning import JsonStream, parsed
from evaluations.logs.budget import Budget
from evaluations.logs.refusal import LogRefused

DOCUMENT: dict[str, Any] = {
    "plain": 1, "text": 'a "quoted" \\ back\\\\slash { ] , :', "empty": "", "none": None, "yes": True, "real": -1.5e-7,
    "list": [1, "two", [3, {"four": []}], {}], "object": {"k}": "v{", "": [""]}, "wide": "日 🧪 \u0000 é", "last": [[]],
}  # fmt: skip


def cursor_over(data: bytes, budget: Budget | None = None) -> JsonStream:
    return JsonStream(io.BytesIO(data), budget or Budget(), place="x", counted=False)


def walked(data: bytes, *, taken: set[str]) -> dict[str, Any]:
    cursor, found = cursor_over(data), {}
    for key in cursor.members():
        if key in taken:
            found[key] = parsed(cursor.take(), place="x", depth=64)
        else:
            cursor.skip()
    cursor.finish()
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 100_000])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_what_is_taken_is_what_json_reads_whatever_is_skipped(
    monkeypatch: pytest.MonkeyPatch, size: int, indent: int | None, ascii_only: bool
) -> None:
    monkeypatch.setattr(scanning, "CHUNK", size)
    data = json.dumps(DOCUMENT, indent=indent, ensure_ascii=ascii_only).encode()
    assert walked(data, taken=set(DOCUMENT)) == DOCUMENT
    for key in DOCUMENT:
        assert walked(data, taken={key}) == {key: DOCUMENT[key]}


def test_a_byte_order_mark_and_blanks_around_the_document_are_passed_over() -> None:
    assert walked(b"\xef\xbb\xbf \n" + json.dumps(DOCUMENT).encode() + b" \n", taken={"last"}) == {"last": [[]]}


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_every_cut_of_a_document_is_told_from_its_end(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(scanning, "CHUNK", size)
    data = json.dumps(DOCUMENT).encode()
    for length in range(len(data)):
        with pytest.raises(LogRefused) as refusal:
            walked(data[:length], taken={"list"})
        assert refusal.value.fault.code in ("truncated", "not-json")


def test_bare_nan_and_infinity_stand_anywhere() -> None:
    data = b'{"a": NaN, "b": [-Infinity, Infinity], "c": {"d": NaN}, "e": 1}'
    found = walked(data, taken={"a", "b"})
    assert math.isnan(found["a"])
    assert found["b"] == [-math.inf, math.inf]


@pytest.mark.parametrize(
    "data", [b"{1: 2}", b'{"a" 1}', b'{"a": 1 "b": 2}', b'{"a": }', b'{"a": 1} x', b'{"a": ,}', b"[]", b'{"a": 1}}']
)
def test_a_document_that_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(LogRefused, match="not JSON"):
        walked(data, taken={"a"})


def test_a_value_too_large_to_hold_is_refused_when_taken_and_passed_over_when_not() -> None:
    data = json.dumps({"big": "x" * 100_000, "small": 1}).encode()
    budget = Budget(member_bytes=1000)
    cursor = cursor_over(data, budget)
    names = cursor.members()
    assert next(names) == "big"
    cursor.skip()
    assert next(names) == "small"
    cursor = cursor_over(data, budget)
    next(cursor.members())
    with pytest.raises(LogRefused) as refusal:
        cursor.take()
    assert refusal.value.fault.code == "part-too-large"
    with pytest.raises(LogRefused, match="a name is too long"):
        list(cursor_over(json.dumps({"k" * 20_000: 1}).encode()).members())


def test_elements_are_counted_from_zero() -> None:
    cursor = cursor_over(b"[10, [20], {}]")
    assert [(place, cursor.take()) for place in cursor.elements()] == [(0, b"10"), (1, b"[20]"), (2, b"{}")]
