"""Canonical JSON: one byte sequence for one value, as another implementation writes it too."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from scorecard.ledger.canonical import LARGEST_INTEGER, NotCanonical, canonical_bytes, digest, digest_bytes, number_text

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | NUMBERS | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)


@given(VALUES)
def test_any_value_has_the_bytes_that_another_implementation_writes(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(st.integers(0, 2**64 - 1))
def test_every_double_reads_back_to_itself_and_is_written_like_elsewhere(bits: int) -> None:
    (value,) = struct.unpack("<d", bits.to_bytes(8, "little"))
    if not math.isfinite(value):
        return
    text = number_text(value)
    assert float(text) == value
    assert text.encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (1e20, "100000000000000000000"),
        (9007199254740992.0, "9007199254740992"), (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"), (1e23, "1e+23"), (1e21, "1e+21"),
        (999999999999999700000.0, "999999999999999700000"), (333333333.3333332, "333333333.3333332"),
        (0.000001, "0.000001"), (1e-7, "1e-7"), (1.5, "1.5"), (-1.5e-9, "-1.5e-9"), (100.0, "100"),
    ],
)  # fmt: skip
def test_numbers_are_printed_as_ecmascript_prints_them(value: float, text: str) -> None:
    assert number_text(value) == text


@given(VALUES)
def test_canonical_bytes_read_back_to_the_same_canonical_bytes(value: Any) -> None:
    data = canonical_bytes(value)
    # Doubles from 2^53 on are printed without a point, so they are read as doubles again.
    again = json.loads(data, parse_int=lambda text: int(text) if abs(int(text)) <= LARGEST_INTEGER else float(text))
    assert canonical_bytes(again) == data


def test_keys_are_ordered_by_their_utf_16_units_and_not_by_code_points() -> None:
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    order = list(json.loads(canonical_bytes(value)))
    assert order == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_strings_carry_only_the_escapes_that_they_must() -> None:
    assert canonical_bytes("\u20ac$\u000f\nA'\u0042\"\\/\u007f") == '"€$\\u000f\\nA\'B\\"\\\\/\u007f"'.encode()


@pytest.mark.parametrize(
    "value",
    [
        math.nan, math.inf, -math.inf, 2**53, -(2**53), "\ud800", {"\udfff": 1}, {1: "one"}, {None: 1}, b"bytes",
        {1, 2},
        object(),
    ],
)  # fmt: skip
def test_what_json_cannot_carry_exactly_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical_bytes(value)
    with pytest.raises(NotCanonical):
        canonical_bytes({"deep": [value]})


def test_the_largest_exact_integers_are_accepted() -> None:
    assert canonical_bytes([LARGEST_INTEGER, -LARGEST_INTEGER]) == b"[9007199254740991,-9007199254740991]"


def test_booleans_are_not_numbers_and_tuples_are_arrays() -> None:
    assert canonical_bytes((True, False, None, 1, 0)) == b"[true,false,null,1,0]"


def test_a_digest_names_its_algorithm() -> None:
    assert digest({}) == digest_bytes(b"{}")
    assert digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@given(st.dictionaries(TEXTS, st.integers(0, 9), min_size=2))
def test_the_order_in_which_keys_were_added_does_not_matter(value: dict[str, int]) -> None:
    assert canonical_bytes(dict(reversed(list(value.items())))) == canonical_bytes(value)
