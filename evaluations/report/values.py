"""The small types that a run report is made of: names, moments, counts and bounded free-form values."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, ValidationInfo
from pydantic_core import PydanticCustomError

LARGEST_COUNT = 2**31 - 1
LONGEST_NAME = 200
SHOWN_LIMIT = 64 * 1024
FUTURE_TOLERANCE = timedelta(minutes=5)
RFC_3339 = re.compile(
    r"(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Refuse what a reader cannot see in a name: control, zero-width and bidirectional characters, outer blanks."""
    if text.isascii() and text.isprintable() and text[:1] != " " != text[-1:]:
        return text
    for character in text:
        if unicodedata.category(character) in INVISIBLE:
            raise PydanticCustomError(
                "invisible-character",
                "The name holds the invisible character U+{code}.",
                {"code": f"{ord(character):04X}"},
            )
    if text != text.strip():
        raise PydanticCustomError("outer-blanks", "The name starts or ends with a blank.")
    return text


def are_plain_names(texts: Sequence[str]) -> bool:
    """Whether all these are texts that make a `Name`, told by a few searches through all of them at once.

    False says only that each must be looked at for itself. Raises TypeError for what is no text.
    """
    joined = "".join(texts)
    if not (texts and joined.isascii() and joined.isprintable() and max(map(len, texts)) <= LONGEST_NAME):
        return False
    return "" not in texts and (" " not in joined or not any(" " in (text[0], text[-1]) for text in texts))


def moment(value: Any, info: ValidationInfo) -> datetime:
    """Return the UTC instant of an RFC 3339 text with offset; refuse naive, impossible and future ones.

    "Future" is against the `now` of the validation context, with five minutes for clocks that differ.
    """
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise PydanticCustomError("not-rfc3339", "The time is not RFC 3339 with an offset, as 2026-03-01T12:00:00Z.")
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("no-such-time", "There is no such time in the calendar.") from None
    now = (info.context or {}).get("now")
    if now is not None and instant > now + FUTURE_TOLERANCE:
        raise PydanticCustomError("in-the-future", "The time lies more than five minutes in the future.")
    return instant


def bounded(value: JsonValue) -> JsonValue:
    """Refuse free-form values that are larger than anybody would read."""
    if len(json.dumps(value)) > SHOWN_LIMIT:
        raise PydanticCustomError("too-large", "The value is larger than 64 KiB.")
    return value


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(visible)]
ShortName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(visible)]
Prose = Annotated[str, Field(max_length=10_000)]
Slug = Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$")]
Metric = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@+%/:=-]*(?: [A-Za-z0-9_.@+%/:=-]+)*$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Address = Annotated[str, Field(max_length=2000, pattern=r"^(?:https?|s3|gs)://[^\s<>\"']+$")]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
PositiveCount = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Moment = Annotated[datetime, BeforeValidator(moment)]
Shown = Annotated[JsonValue, AfterValidator(bounded)]
