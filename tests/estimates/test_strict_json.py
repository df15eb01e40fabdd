"""The one strict parser: what two readers could understand differently is refused, each with its own code."""

from __future__ import annotations

import math

import pytest

from evaluations.strict_json import StrictJSONError, parse_json

REFUSED = [
    ("duplicate-key", b'{"score":0.1,"score":0.9}'),
    ("duplicate-key", b'{"meta":{"a":[{"b":1,"b":1}]}}'),
    ("duplicate-key", b'{"a":1,"\\u0061":2}'),
    ("number-not-finite", b"[NaN]"),
    ("number-not-finite", b"[Infinity]"),
    ("number-not-finite", b"[-Infinity]"),
    ("number-too-large", b"[1e999]"),
    ("number-too-large", b"[-1e999]"),
    ("number-underflow", b"[1e-400]"),
    ("number-underflow", b"[-0.1E-400]"),
    ("number-too-large", b"[9007199254740993]"),
    ("number-too-large", b"[-9223372036854775808]"),
    ("number-too-large", b"[" + b"9" * 5000 + b"]"),
    ("number-too-long", b"[0." + b"1" * 5000 + b"]"),
    ("too-deep", b"[" * 33 + b"]" * 33),
    ("too-deep", b'{"a":' * 900 + b"1" + b"}" * 900),
    ("too-deep", b"[" * 100_000),
    ("too-deep", b"[" * 100_000 + b"]" * 100_000),
    ("not-utf-8", b'["\xc0\xaf"]'),
    ("not-utf-8", b'["\xff"]'),
    ("not-utf-8", b'["\xed\xa0\x80"]'),
    ("byte-order-mark", b"\xef\xbb\xbf{}"),
    ("byte-order-mark", '{"a":1}'.encode("utf-16")),
    ("not-json", b'{"a":1} x'),
    ("not-json", b'{"a":1}{"a":1}'),
    ("not-json", b"[1,]"),
    ("not-json", b"{'a':1}"),
    ("not-json", b"[01]"),
    ("not-json", b"[1_0]"),
    ("not-json", "[٠.٥]".encode()),
    ("not-json", b'["line\nbreak"]'),
    ("not-json", b"[1] // why"),
    ("empty", b""),
    ("empty", b" \n\t "),
    ("nul-character", b'["a\\u0000b"]'),
    ("nul-character", b'{"\\u0000":1}'),
    ("lone-surrogate", b'["\\ud800"]'),
    ("lone-surrogate", b'{"\\udfff":1}'),
]


@pytest.mark.parametrize(("code", "body"), REFUSED)
def test_a_document_that_readers_could_understand_differently_is_refused(code, body):
    with pytest.raises(StrictJSONError) as refusal:
        parse_json(body)
    assert refusal.value.code == code
    assert refusal.value.message


def test_utf_16_without_a_mark_is_no_json():
    with pytest.raises(StrictJSONError) as refusal:
        parse_json('{"a":1}'.encode("utf-16-le"))
    assert refusal.value.code == "not-json"


def test_a_document_over_the_limit_is_refused_and_one_at_the_limit_is_read():
    assert parse_json(b'"abc"', max_bytes=5) == "abc"
    with pytest.raises(StrictJSONError) as refusal:
        parse_json(b'"abcd"', max_bytes=5)
    assert refusal.value.code == "too-large"


def test_the_deepest_allowed_document_is_read():
    assert parse_json(b"[" * 32 + b"]" * 32)


def test_brackets_inside_a_text_are_no_depth():
    assert parse_json(b'["' + b"[{" * 500 + b'\\"[["]') == ["[{" * 500 + '"[[']


@pytest.mark.parametrize("written", [b"-0.0", b"-0e9", b"0e-999", b"-0.000E-5"])
def test_negative_zero_is_zero(written):
    value = parse_json(written)
    assert (value, math.copysign(1, value)) == (0.0, 1.0)


def test_negative_integer_zero_is_zero():
    assert str(parse_json(b"-0")) == "0"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b"9007199254740992", 2**53),
        (b"-9007199254740992", -(2**53)),
        (b"5e-324", 5e-324),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'{"__proto__":1,"$where":2,"__class__":3}', {"__proto__": 1, "$where": 2, "__class__": 3}),
        (b"null", None),
        (b'"nan"', "nan"),
        (b"[3.0,3,true]", [3.0, 3, True]),
    ],
)
def test_what_every_reader_understands_alike_is_read(written, value):
    assert parse_json(written) == value


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"a/b":[0,{"c~":"\\u0000"}]}', "/a~1b/1/c~0"),
        (b'{"x/y":1,"x/y":2}', "/x~1y"),
        (b'["\\ud800"]', "/0"),
        (b'{"tally":{"successes":NaN}}', "/tally/successes"),
        (b'{"a":[0,-Infinity]}', "/a/1"),
        (b'[{"b":1e999}]', "/0/b"),
        (b'{"a":[9007199254740993]}', "/a/0"),
        (b'{"meta":{"a":[{"b":1,"b":1}]}}', "/meta/a/0/b"),
    ],
)
def test_a_refusal_points_at_its_place(body, pointer):
    with pytest.raises(StrictJSONError) as refusal:
        parse_json(body)
    assert refusal.value.pointer == pointer
