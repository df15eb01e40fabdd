"""Numbers, names and clocks of other tools: what is none becomes None, and nothing hostile raises anything else."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import moment, number, sample_id, slug_of, text_of, tolerant_json, whole_number
from evaluations.report.values import visible
from evaluations.strict_json import StrictJSONError, scan_depth

SLUG = re.compile(r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$")


def refused(data: bytes, **options: int) -> LogRefused:
    with pytest.raises(LogRefused) as caught:
        tolerant_json(data, place="line 3", **options)
    return caught.value


def test_bare_nan_and_infinity_are_read_and_are_no_numbers() -> None:
    value = tolerant_json(b'{"a": NaN, "b": -Infinity, "c": Infinity, "d": 1e999}', place="x")
    assert [number(value[key]) for key in "abcd"] == [None] * 4


@pytest.mark.parametrize(
    "spelling",
    ["NaN", "nan", "Infinity", "-inf", "N/A", "", " ", "null", "7.5%", "1,5", "1_000", "0x10", "١", "１", "1e9999",
     "1" * 400, "--1", "1.2.3", True, False, None, [], {}, [1], 10**400, Decimal("NaN"), Decimal("sNaN"), b"1", 1j],
)  # fmt: skip
def test_every_spelling_of_no_number_is_none(spelling: object) -> None:
    assert number(spelling) is None
    assert whole_number(spelling) is None


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [("0.5", 0.5), (" 1e-3 ", 0.001), ("+2", 2.0), (".5", 0.5), ("1.", 1.0), (3, 3.0), (0.25, 0.25),
     (Decimal("0.1"), 0.1), ("-0", 0.0)],
)  # fmt: skip
def test_the_usual_spellings_of_a_number_are_read(spelling: object, expected: float) -> None:
    assert number(spelling) == expected


def test_whole_numbers_are_not_negative_and_fit_a_database() -> None:
    assert [whole_number(value) for value in (0, "7", 7.0, 2**31 - 1)] == [0, 7, 7, 2**31 - 1]
    assert [whole_number(value) for value in (-1, 0.5, 2**31, 1e300, "1e20")] == [None] * 5


def test_a_numeral_of_a_million_digits_is_read_at_once_and_is_no_number() -> None:
    value = tolerant_json(b"[" + b"9" * 1_000_000 + b"]", place="x")
    assert number(value[0]) is None


@pytest.mark.parametrize("before", ["", "x" * 149, "x" * 400])
@pytest.mark.parametrize(("digits", "finite"), [(299, True), (300, True), (301, False), (308, False)])
def test_a_numeral_of_more_than_three_hundred_digits_is_no_number_wherever_it_stands(
    before: str, digits: int, finite: bool
) -> None:
    document = tolerant_json(f'["{before}", {"1" * digits}]'.encode(), place="")
    assert (number(document[1]) is not None) == finite


def test_nesting_is_refused_at_the_limit_and_not_by_the_parser() -> None:
    assert tolerant_json(b"[" * 64 + b"]" * 64, place="x")
    assert refused(b"[" * 65 + b"]" * 65).fault.code == "too-deep"
    assert refused(b'{"a":' * 100_000).fault.code == "too-deep"
    assert refused(b"[[[]]]", depth=2).fault.pointer == "line 3"
    assert tolerant_json(json.dumps(["[" * 1000, '"[' * 100] * 100).encode(), place="x")


def test_the_quick_look_at_nesting_agrees_with_the_exact_one() -> None:
    draw = random.Random(5)
    for _ in range(20_000):
        text = "".join(draw.choice('[]{}"\\a\n') for _ in range(draw.randrange(40)))
        assert too_deep(tolerant_json, text.encode(), place="x", depth=3) == too_deep(scan_depth, text, 3)


def too_deep(look: Callable[..., object], *given: object, **options: object) -> bool:
    try:
        look(*given, **options)
    except LogRefused as refusal:
        return refusal.fault.code == "too-deep"
    except StrictJSONError:
        return True
    return False


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"a": 1', b"{'a': 1}", b'{"a": 1}}', b"nul", b"[1,]", b'"\x01"', b'"\\ud8', b"\x00"]
)
def test_what_is_no_json_is_refused_with_its_place(data: bytes) -> None:
    fault = refused(data).fault
    assert (fault.code, fault.pointer) == ("not-json", "line 3")
    assert "may be cut" in fault.detail


@pytest.mark.parametrize("data", [b"\xff\xfe{\x00}\x00", b'"\xed\xa0\x80"', b'"\xc0\xaf"', b'{"a": "\xe6\x97'])
def test_what_is_no_utf_8_is_refused(data: bytes) -> None:
    assert refused(data).fault.code == "not-utf-8"


def test_a_byte_order_mark_is_read_over() -> None:
    assert tolerant_json(b"\xef\xbb\xbf[1]", place="x") == [1]


def test_lone_surrogates_and_nul_become_the_replacement_character() -> None:
    value = tolerant_json(b'{"a\\ud800": ["\\udfff\\u0000", "\\ud83d\\ude00"]}', place="x")
    ((first, second),) = value.values()
    assert json.dumps(value, ensure_ascii=False).encode()
    assert "\x00" not in first
    assert second == "😀"


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    assert tolerant_json(b'{"a": 1, "a": 2}', place="x") == {"a": 2}


def test_names_lose_what_a_reader_cannot_see() -> None:
    assert text_of("\x1b[31mred\u202eevil\u200b\ufeff\x00 \n name\ue000") == "[31mred evil name"
    assert text_of("  ") is None
    assert text_of("\u200b\u202e") is None
    nothing: list[object] = [None, [], {}, 10**5000]
    assert [text_of(value) for value in nothing] == [None] * 4
    assert (text_of(7), text_of("x" * 500)) == ("7", "x" * 200)


@given(st.text(max_size=300) | st.integers() | st.floats())
def test_every_name_is_one_that_a_report_accepts(value: object) -> None:
    for made in (text_of(value), sample_id(value)):
        if made is not None:
            assert visible(made) == made
            assert 1 <= len(unicodedata.normalize("NFC", made)) <= 200


def test_ids_that_cutting_or_cleaning_would_make_one_stay_two() -> None:
    assert sample_id("plain id") == "plain id"
    assert sample_id(3) == "3"
    assert sample_id("a\u200bb") != sample_id("a b")
    long = "x" * 300
    assert sample_id(long + "1") != sample_id(long + "2")
    assert sample_id(long + "1") == sample_id(long + "1")
    assert sample_id("\u200b") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_764_000_000, "2025-11-24T16:00:00.000000Z"),
        (1_764_000_000_000, "2025-11-24T16:00:00.000000Z"),
        ("1764000000.5", "2025-11-24T16:00:00.500000Z"),
        ("2026-11-23T16:04:00.193Z", "2026-11-23T16:04:00.193000Z"),
        ("2026-11-23T18:04:00+02:00", "2026-11-23T16:04:00.000000Z"),
    ],
)
def test_instants_become_utc_text(value: object, expected: str) -> None:
    assert moment(value) == expected


@pytest.mark.parametrize(
    "value",
    [3391296.96, 0, -5, 1e18, float("nan"), "2026-11-23T16:04:00", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00",
     "0001-01-01T00:00:00+23:59", "2026-02-30T00:00:00Z", "yesterday", "", None, [], True, 10**400, "20261123_163207"],
)  # fmt: skip
def test_what_names_no_instant_is_none(value: object) -> None:
    assert moment(value) is None


def test_a_naive_time_counts_only_where_the_format_is_documented_as_utc() -> None:
    assert moment("2026-11-23 16:04:00") is None
    assert moment("2026-11-23 16:04:00", naive_is_utc=True) == "2026-11-23T16:04:00.000000Z"


@given(st.text(max_size=200))
def test_every_slug_is_one_that_the_catalogue_accepts(name: str) -> None:
    slug = slug_of(name)
    assert SLUG.fullmatch(slug)
    assert len(slug) <= 100
