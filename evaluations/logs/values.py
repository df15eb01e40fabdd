"""Reading other tools' values tolerantly: every spelling of a number that is none becomes None, never a score."""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic_core import from_json

from evaluations.logs.refusal import LogRefused
from evaluations.strict_json import StrictJSONError, scan_depth

DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
LONGEST_INTEGER = 300
LONG_NUMERAL, TWO_DIGITS = re.compile(rf"[0-9]{{{LONGEST_INTEGER}}}"), re.compile(r"[0-9]{2}")
LONGEST_TEXT = 200
LOOKED_AT = 10_000
"""Characters of a value that a name of it is made from."""
DIGEST_DIGITS = 12
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
JSON_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
EARLIEST, LATEST = datetime(2015, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _integer(text: str) -> int | float:
    # int() of a very long numeral is quadratic, and no count or score of an evaluation is that long.
    return int(text) if len(text) <= LONGEST_INTEGER else math.inf


DECODER = json.JSONDecoder(parse_int=_integer)


def _refuse_deep(text: str, depth: int) -> None:
    # The exact scan walks every character in Python; few brackets need none, and strings can be taken out first.
    if text.count("[") + text.count("{") > depth:
        scan_depth("".join(re.findall(r"[\[\]{}]", JSON_STRING.sub("", text))), depth)


def _holds_long_numeral(text: str) -> bool:
    # Such a run of digits has two beside each other where only every 150th character is looked at.
    return TWO_DIGITS.search(text[:: LONGEST_INTEGER // 2]) is not None and LONG_NUMERAL.search(text) is not None


def _decoded(text: str) -> Any:
    if len(text) < LONGEST_INTEGER or not _holds_long_numeral(text):
        try:
            return from_json(text)
        except ValueError:
            # Lone surrogates are read by the slower decoder alone, which also says what is wrong and where.
            pass
    return DECODER.decode(text)


def tolerant_json(data: bytes, *, place: str, depth: int = 64) -> Any:
    """Return a JSON document in which NaN, Infinity and -Infinity may stand bare.

    `place` names the part for the refusal. Lone surrogates and NUL become U+FFFD; of a key that stands twice the last
    counts, as in the tools that write such files. Raises LogRefused.
    """
    try:
        # The codec of files with a byte-order mark is written in Python, and hardly a line has one.
        text = data.decode("utf-8-sig" if data.startswith(BYTE_ORDER_MARK) else "utf-8")
    except UnicodeDecodeError as error:
        raise LogRefused("not-utf-8", f"Byte {error.start} is not UTF-8.", pointer=place) from None
    try:
        _refuse_deep(text, depth)
        value = _decoded(text)
    except StrictJSONError as error:
        raise LogRefused(error.code, error.message, pointer=place) from None
    except json.JSONDecodeError as error:
        words = f"{error.msg} at line {error.lineno}, column {error.colno}; the file may be cut."
        raise LogRefused("not-json", words, pointer=place) from None
    return cleaned(value) if "\\u" in text or "\x00" in text else value


def cleaned(value: Any) -> Any:
    """Return the value with what cannot be stored as text (lone surrogates, NUL) replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    return value


def mapping(value: Any) -> dict[str, Any]:
    """Return the value where it is an object, else an empty one: a field of another type says nothing."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """Return the value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """Return a finite number, or None for everything that is none: NaN in any spelling, text, booleans, null."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        text = value[:LONGEST_INTEGER].strip()
        if len(value) > LONGEST_INTEGER or not DECIMAL.fullmatch(text):
            return None
        value = float(text)
    try:
        found = float(value) if isinstance(value, int | float | Decimal) else math.nan
    except (OverflowError, ValueError):
        return None
    return found if math.isfinite(found) else None


def whole_number(value: Any) -> int | None:
    """Return a non-negative integer below 2^31 in any usual spelling, or None."""
    if type(value) is int and 0 <= value < 2**31:
        return value
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) and found < 2**31 else None


def text_of(value: Any, *, limit: int = LONGEST_TEXT) -> str | None:
    """Return a one-line name of at most `limit` characters that a reader can see, or None where nothing is left.

    Control, zero-width and direction characters become spaces, so that a name from a log cannot imitate another.
    """
    if type(value) is str and value.isascii() and value.isprintable() and len(value) <= limit:
        # Most names are plain already; in ASCII the one printable blank is the space.
        return (value if "  " not in value and value.strip() == value else " ".join(value.split())) or None
    plain = _text(value)
    shown = "".join(character if character.isprintable() else " " for character in plain or "")
    return " ".join(shown.split())[:limit].strip() or None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    try:
        return unicodedata.normalize("NFC", str(value)[:LOOKED_AT])
    except ValueError:
        # Python refuses to write out an integer of thousands of digits.
        return None


def sample_id(value: Any) -> str | None:
    """Return a name as `text_of` does, with a digest at its end where cutting or cleaning could make two ids one."""
    shown = text_of(value)
    if shown is None or shown == value or not isinstance(value, str):
        return shown
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]
    return f"{shown[: LONGEST_TEXT - DIGEST_DIGITS - 1].strip()} {digest}"


def moment(value: Any, *, naive_is_utc: bool = False) -> str | None:
    """Return an instant as RFC 3339 UTC text, or None for what names none between 2015 and 2100.

    Numbers are seconds or milliseconds since 1970; a clock that counts from the machine's start is none of both.
    Text is ISO 8601; without an offset it counts only where the format is documented as UTC (`naive_is_utc`).
    """
    instant = _instant(value, naive_is_utc)
    if instant is None or not EARLIEST <= instant <= LATEST:
        return None
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _instant(value: Any, naive_is_utc: bool) -> datetime | None:
    seconds = number(value)
    if seconds is not None:
        if seconds > 1e11:
            seconds /= 1000.0
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds) if 0 <= seconds < 4.2e9 else None
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC) if naive_is_utc else None
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return None


def verbatim(value: Any) -> Any:
    """Return a producer's figure as it stands: a number or truth value, NaN and infinity as their text, else a name."""
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)
    if isinstance(value, bool | float) or value is None or (isinstance(value, int) and abs(value) < 2**53):
        return value
    return text_of(value)


def slug_of(name: str) -> str:
    """Return the slug of an evaluation's name as a log spells it: lower case, everything else but `.` a hyphen."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return re.sub(r"[-.]*([-.])[-.]*", r"\1", plain)[:100].strip("-.") or "unnamed"
