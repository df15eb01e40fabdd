"""The strict parser beside a second one, which looks at every character and every value."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluations.strict_json import StrictJSONError, parse_if_sound, parse_json, scan_depth
from tests.effort import examples

Verdict = tuple[str, Any]
DEPTH = 32


class Fault(Exception):
    """What the plain parser refuses: code and pointer."""


class Wrong:
    """A faulty value; its code."""

    def __init__(self, code: str) -> None:
        self.code = code


def integer(text: str) -> Any:
    return Wrong("number-too-large") if len(text) > 40 or abs(int(text)) > 2**53 else int(text)


def real(text: str) -> Any:
    if len(text) > 40:
        return Wrong("number-too-long")
    value = float(text)
    if math.isinf(value):
        return Wrong("number-too-large")
    if value == 0.0 and any(digit in "123456789" for digit in text.lower().split("e")[0]):
        return Wrong("number-underflow")
    return 0.0 if value == 0.0 else value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = Wrong("duplicate-key") if key in found else value
    return found


def depth_of(text: str) -> int:
    deepest = depth = 0
    inside = escaped = False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def walk(value: Any, pointer: str) -> None:
    if isinstance(value, Wrong):
        raise Fault(value.code, pointer)
    if isinstance(value, str):
        if "\x00" in value:
            raise Fault("nul-character", pointer)
        if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
            raise Fault("lone-surrogate", pointer)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            walk(item, f"{pointer}/{number}")
    elif isinstance(value, dict):
        for key, item in value.items():
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            walk(key, place)
            walk(item, place)


def plainly(text: str) -> Verdict:
    """The verdict of the second parser: its value, or the code and place of the first fault."""
    if not text.strip():
        return "empty", ""
    if depth_of(text) > DEPTH:
        return "too-deep", ""
    try:
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_int=integer,
            parse_float=real,
            parse_constant=lambda _: Wrong("number-not-finite"),
        )
    except json.JSONDecodeError:
        return "not-json", ""
    try:
        walk(value, "")
    except Fault as fault:
        return fault.args[0], fault.args[1]
    return "value", repr(value)


def strictly(text: str) -> Verdict:
    try:
        return "value", repr(parse_json(text.encode()))
    except StrictJSONError as error:
        return error.code, error.pointer


NUMBERS = st.sampled_from(
    """
    0 -0 -0.0 0e5 1 -1 1.5 1e-5 1E5 2.5e-308 1e-400 -1e-400 1e999 0.1 0.8333333333333334 123456789012345
    1234567890123456 9007199254740992 9007199254740993 -9007199254740993 0.12345678901234567890123
    0.123456789012345678901234 1.23456789012345678901234567890123456789 1.234567890123456789012345678901234567890
    12345678901234567.5 NaN -Infinity Infinity 01 1. .5 - +1 1_0
    """.split()  # noqa: SIM905
)
TEXTS = st.text(
    st.sampled_from('a:,"[]{}\\/e-0 \u00e9\u0301\x00N') | st.characters(exclude_categories=["Cs"]), max_size=6
)
WRITTEN = TEXTS.map(json.dumps) | TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False))
ESCAPES = st.sampled_from(
    [r'"\ud800"', r'"\ud83d\ude00"', r'"\u0000"', r'"\\u0000"', r'"\""', r'"\\"', '"\\', '"', "\\"]
)
KEYS = st.sampled_from(['"id"', '"score"', '"a/b~"', r'"\u0069d"']) | WRITTEN
BLANKS = st.sampled_from(["", " ", "\n", "\t\r\n "])


def in_brackets(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(KEYS, BLANKS, parts).map(lambda pair: f"{pair[0]}{pair[1]}:{pair[2]}")
    comma = BLANKS.map(lambda blank: f",{blank}")
    lists = st.tuples(comma, st.lists(parts, max_size=4)).map(lambda found: f"[{found[0].join(found[1])}]")
    objects = st.tuples(comma, st.lists(pairs, max_size=4)).map(lambda found: "{" + found[0].join(found[1]) + "}")
    return lists | objects


ATOMS = NUMBERS | WRITTEN | ESCAPES | st.sampled_from(["true", "false", "null", "True", ""])
DOCUMENTS = st.recursive(ATOMS, in_brackets, max_leaves=6)
SAMPLES = st.lists(
    st.lists(st.tuples(KEYS, ATOMS).map(":".join), max_size=4).map(lambda pairs: "{" + ", ".join(pairs) + "}"),
    max_size=4,
).map(lambda samples: "[" + ",".join(samples) + "]")


@examples(600)
@given(DOCUMENTS | SAMPLES)
@example('["xx",{"a":{"a":1,"a":2}}]')
@example('[{"a":"\\\\","b":1e-400}]')
@example('[{"a":":","a":1}]')
@example('\\"[[[[')
def test_both_parsers_read_and_refuse_alike(text: str) -> None:
    assert strictly(text) == plainly(text)


@examples(150)
@given(DOCUMENTS | SAMPLES)
def test_what_is_read_quickly_is_what_is_read_carefully(text: str) -> None:
    try:
        quick = parse_if_sound(text)
    except (ValueError, RecursionError):
        return
    assert ("value", repr(quick)) == plainly(text)


@examples(150)
@given(st.text(st.sampled_from('[]{}"\\a'), max_size=30), st.integers(0, 6))
def test_the_depth_is_the_one_that_is_counted_by_characters(text: str, limit: int) -> None:
    try:
        scan_depth(text, limit)
    except StrictJSONError:
        assert depth_of(text) > limit
    else:
        assert depth_of(text) <= limit


@pytest.mark.parametrize("pair", ["[]", "{}"])
@pytest.mark.parametrize("depth", [DEPTH, DEPTH + 1])
def test_the_deepest_document_is_the_same_in_both(pair: str, depth: int) -> None:
    key = '"a":' if pair == "{}" else ""
    text = (pair[0] + key) * (depth - 1) + pair + pair[1] * (depth - 1)
    assert strictly(text)[0] == plainly(text)[0] == ("value" if depth <= DEPTH else "too-deep")


def test_a_large_document_with_texts_across_all_slices_is_read_alike() -> None:
    rows = [
        {"id": f'{number}"[{{' * (number % 7), "score": number / 3, "note": "\\" * (number % 5)}
        for number in range(9_000)
    ]
    text = json.dumps(rows)
    assert parse_if_sound(text) == parse_json(text.encode()) == rows
