"""The one strict JSON parser for every door: what it lets through means the same to every reader.

There are two ways through it. A few searches say whether anything in a document could be faulty at all; most have
nothing, and are read at the speed of the machine. The others are looked at value by value, which costs several times as
much. The quick way never refuses, so what is refused, and with which words, is decided in one place.

Standard library only and Python 3.9 syntax, because the offline verifier carries this module.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Callable, Dict, List, Optional, Tuple

MAX_SAFE_INTEGER = 2**53
DEFAULT_MAX_BYTES = 64 * 1024 * 1024
DEFAULT_MAX_DEPTH = 32
LONGEST_NUMBER = 40
SLICE = 64 * 1024
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""A text, whether it ends or not, or a bracket."""
DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
ONE_KIND_OF_BRACKET = bytes.maketrans(b"[]", b"{}")
ALL_BUT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")


class StrictJSONError(ValueError):
    """A document that strict readers refuse; `code` is a stable slug, `pointer` a JSON pointer as far as known."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer


def scan_depth(text: str, limit: int) -> None:
    """Refuse nesting deeper than `limit` before the recursive parser sees it."""
    depth = 0
    for token in TOKEN.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > limit:
                raise StrictJSONError("too-deep", "The document is nested deeper than %d levels." % limit)
        elif first != '"':
            depth -= 1


class _Faulty:
    """Stands where a faulty value was read until its place is known; `check_text` raises it with its pointer."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message


def _integer(text: str) -> Any:
    if len(text) > LONGEST_NUMBER or abs(int(text)) > MAX_SAFE_INTEGER:
        return _Faulty("number-too-large", "The integer %s... is beyond 2^53." % text[:24])
    return int(text)


def _float(text: str) -> Any:
    value = float(text)
    if value and len(text) <= LONGEST_NUMBER and not math.isinf(value):
        return value
    if len(text) > LONGEST_NUMBER:
        return _Faulty("number-too-long", "The number %s... has too many digits." % text[:24])
    if math.isinf(value):
        return _Faulty("number-too-large", "The number %s overflows." % text)
    mantissa = text.lower().split("e")[0]
    if value == 0.0 and any(digit in "123456789" for digit in mantissa):
        return _Faulty("number-underflow", "The number %s underflows to zero." % text)
    return 0.0


def _constant(text: str) -> Any:
    return _Faulty("number-not-finite", "%s is not a JSON number." % text)


def unique_object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """Return the object; a faulty value stands under a key that came twice."""
    found: Dict[str, Any] = {}
    for key, value in pairs:
        twice = key in found
        found[key] = _Faulty("duplicate-key", "The key %r stands twice in one object." % key[:80]) if twice else value
    return found


DECODER = json.JSONDecoder(
    object_pairs_hook=unique_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
)
"""Reads faulty values as `_Faulty`, for `check_text` to tell of."""


def _nothing(written: Any) -> None:
    """Stand in for a value of which only the syntax is wanted."""


FORM = json.JSONDecoder(
    object_pairs_hook=_nothing, parse_constant=_nothing, parse_int=_nothing, parse_float=_nothing
)  # fmt: skip
"""Reads nothing but the syntax."""


def _sound(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def value_of(written: Any) -> Any:
        value = read(written)
        if isinstance(value, _Faulty):
            raise ValueError(value.message)
        return value

    return value_of


def _sound_object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


SOUND_KEYS = json.JSONDecoder(object_pairs_hook=_sound_object)
SOUND_VALUES = json.JSONDecoder(
    object_pairs_hook=_sound_object,
    parse_constant=_sound(_constant), parse_int=_sound(_integer), parse_float=_sound(_float),
)  # fmt: skip
"""These raise ValueError at the first fault; the one before does so for keys only, because plain numbers have none."""


def check_text(value: Any, pointer: str = "") -> None:
    """Refuse lone surrogates, NUL characters and faulty values anywhere, with the JSON pointer of the place."""
    if isinstance(value, str):
        if "\x00" in value:
            raise StrictJSONError("nul-character", "The text holds a NUL character.", pointer)
        if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
            raise StrictJSONError("lone-surrogate", "The text holds a lone surrogate.", pointer)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_text(item, "%s/%d" % (pointer, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            place = "%s/%s" % (pointer, key.replace("~", "~0").replace("/", "~1"))
            check_text(key, place)
            check_text(item, place)
    elif isinstance(value, _Faulty):
        raise StrictJSONError(value.code, value.message, pointer)


def decode_utf8(data: bytes, max_bytes: int) -> str:
    """Return strict UTF-8 text without a byte-order mark, within the size limit."""
    if len(data) > max_bytes:
        raise StrictJSONError("too-large", "The document is larger than %d bytes." % max_bytes)
    if data[:3] == b"\xef\xbb\xbf" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise StrictJSONError("byte-order-mark", "The document starts with a byte-order mark; send plain UTF-8.")
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise StrictJSONError("not-utf-8", "Byte %d is not valid UTF-8." % error.start) from None


def _outside_texts(text: str) -> str:
    """Return a JSON document without its texts: brackets, commas, colons, numbers and words."""
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    found, inside = [], 0
    for start in range(0, len(text), SLICE):
        parts = text[start : start + SLICE].split('"')
        found.append("".join(parts[inside::2]))
        inside ^= (len(parts) - 1) & 1
    return "".join(found)


def _fits_depth(outside: bytes, limit: int) -> bool:
    """Whether all brackets are gone when the innermost pairs are taken away `limit` times."""
    brackets = outside.translate(ONE_KIND_OF_BRACKET, ALL_BUT_BRACKETS)
    for _ in range(limit):
        if not brackets:
            break
        brackets = brackets.replace(b"{}", b"")
    return not brackets


def _numbers_are_plain(outside: bytes) -> bool:
    """Whether no number can be faulty: no exponent or negative zero, 15 digits before the point and 23 after."""
    zeros = outside.translate(DIGITS_AS_ZEROS)
    numbers = zeros.replace(b"true", b"").replace(b"false", b"").replace(b"null", b"")
    return not (
        b"-0" in outside
        or any(letter in numbers for letter in (b"e", b"E", b"N", b"I"))
        or b"0" * 24 in numbers
        or b"0" * 16 in numbers.replace(b"." + b"0" * 16, b".")
    )


def _flat_objects(text: str, outside: bytes) -> Optional[List[Any]]:
    """Return a list of objects that hold no others, or None for anything else and for a key that stands twice."""
    if outside.count(b"[") != 1:
        return None
    value = json.loads(text)
    if not isinstance(value, list) or set(map(type, value)) != {dict} or outside.count(b"{") != len(value):
        return None
    return value if outside.count(b":") == sum(map(len, value)) else None


def parse_if_sound(text: str, max_depth: int = DEFAULT_MAX_DEPTH) -> Any:
    """Return the value of a JSON document in which nothing can be faulty.

    Raises ValueError or RecursionError for every other, sound or not; only `parse_json` says what is wrong with it.
    """
    outside = _outside_texts(text).encode("utf-8")
    if not _fits_depth(outside, max_depth):
        raise ValueError("the document is nested too deep")
    value = _sound_value(text, outside)
    if "\\u" in text:
        check_text(value)
    return value


def _sound_value(text: str, outside: bytes) -> Any:
    if not _numbers_are_plain(outside):
        return SOUND_VALUES.decode(text)
    flat = _flat_objects(text, outside)
    return SOUND_KEYS.decode(text) if flat is None else flat


def parse_json(data: bytes, max_bytes: int = DEFAULT_MAX_BYTES, max_depth: int = DEFAULT_MAX_DEPTH) -> Any:
    """Parse one JSON document. Raises StrictJSONError for everything that two readers could understand differently."""
    text = decode_utf8(data, max_bytes)
    if not text.strip():
        raise StrictJSONError("empty", "The document is empty.")
    try:
        return parse_if_sound(text, max_depth)
    except (ValueError, RecursionError):
        return _parse_carefully(text, max_depth)


def _parse_carefully(text: str, max_depth: int) -> Any:
    value = _well_formed(text, max_depth, DECODER)
    check_text(value)
    return value


def _well_formed(text: str, max_depth: int, decoder: json.JSONDecoder) -> Any:
    scan_depth(text, max_depth)
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise StrictJSONError("not-json", "%s at line %d column %d." % (error.msg, error.lineno, error.colno)) from None


def check_form(data: bytes, max_bytes: int = DEFAULT_MAX_BYTES, max_depth: int = DEFAULT_MAX_DEPTH) -> None:
    """Refuse what `parse_json` refuses before it looks at any value: bytes that are no UTF-8, depth, and syntax.

    For readers that take a document in piece by piece, so that they refuse for the same reason. No value is built.
    """
    text = decode_utf8(data, max_bytes)
    if not text.strip():
        raise StrictJSONError("empty", "The document is empty.")
    _well_formed(text, max_depth, FORM)
