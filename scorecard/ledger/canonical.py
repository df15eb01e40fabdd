"""Canonical JSON (RFC 8785): one byte sequence for one value, so that a digest names a record for ever."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, List

LARGEST_INTEGER = 2**53 - 1


class NotCanonical(ValueError):
    """A value that RFC 8785 cannot carry: NaN, an integer beyond 2^53 - 1, a lone surrogate, a foreign type."""


def number_text(value: float) -> str:
    """Return a finite double as ECMAScript prints it (RFC 8785, 3.2.2.3)."""
    if not math.isfinite(value):
        raise NotCanonical("%r is not a JSON number" % value)
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent_text = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = int(exponent_text or "0")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + exponent - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    rest = "." + digits[1:] if count > 1 else ""
    return "%s%s%se%s%d" % (sign, digits[0], rest, "+" if point > 0 else "-", abs(point - 1))


STRINGS = json.JSONEncoder(ensure_ascii=False)
"""Kept, because `json.dumps` with any option makes a new encoder for every text."""


def string_text(value: str) -> str:
    """Return a string with the escapes of RFC 8785, 3.2.2.2."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("a lone surrogate has no UTF-8 form") from None
    return STRINGS.encode(value)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _write(value: Any, out: List[str]) -> None:
    if value is None or value is True or value is False:
        out.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, str):
        out.append(string_text(value))
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise NotCanonical("the integer %d is beyond 2^53 - 1" % value)
        out.append(str(value))
    elif isinstance(value, float):
        out.append(number_text(value))
    elif isinstance(value, (list, tuple)):
        out.append("[")
        for index, item in enumerate(value):
            out.append("," if index else "")
            _write(item, out)
        out.append("]")
    elif isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonical("an object's keys are strings")
        out.append("{")
        # The order of ASCII texts is the same in every encoding.
        for index, key in enumerate(sorted(value, key=None if "".join(value).isascii() else _utf16)):
            out.append(("," if index else "") + string_text(key) + ":")
            _write(value[key], out)
        out.append("}")
    else:
        raise NotCanonical("%s has no JSON form" % type(value).__name__)


def canonical_bytes(value: Any) -> bytes:
    """Return the canonical UTF-8 bytes of a JSON value. Raises NotCanonical."""
    out: List[str] = []
    _write(value, out)
    return "".join(out).encode("utf-8")


def digest_bytes(data: bytes) -> str:
    """Return `sha256:<hex>` of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """Return `sha256:<hex>` of the canonical bytes of a value."""
    return digest_bytes(canonical_bytes(value))
