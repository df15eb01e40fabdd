"""Values of a log that are shown to readers, made small, finite and printable; nothing is computed from them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from evaluations.logs.values import cleaned

LONGEST_SHOWN_TEXT = 500
MOST_ITEMS = 200
DEEPEST = 8
LARGEST_SHOWN = 32 * 1024
LARGEST_INTEGER_BITS = 1000
CREDENTIALS = re.compile(r"//[^/@\s]*@")


def verbatim(value: Any) -> Any:
    """Return a producer's number or text as it stands; a bare NaN or infinity as its name, containers as JSON text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and value.bit_length() > LARGEST_INTEGER_BITS:
        return "an integer beyond 2^1000"
    if isinstance(value, dict | list):
        return _text(json.dumps(_small(value, DEEPEST)))
    return _text(value) if isinstance(value, str) else value


def shown(value: Any) -> Any:
    """Return a small copy of a value, or None where there is nothing to show; long texts are cut and say so."""
    small = _small(value, DEEPEST)
    if small in (None, {}, [], ""):
        return None
    size = len(json.dumps(small))
    return small if size <= LARGEST_SHOWN else f"({size} characters, only in the log)"


def without_nothing(**parts: Any) -> dict[str, Any] | None:
    """Return the parts that have something to show, or None when none has."""
    found = {name: small for name, part in parts.items() if (small := shown(part)) is not None}
    return found or None


def _small(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        if depth == 0:
            return "..."
        pairs = list(value.items())[:MOST_ITEMS]
        return {_text(str(key)): item for key, part in pairs if (item := _small(part, depth - 1)) is not None}
    if isinstance(value, list):
        return [_small(part, depth - 1) for part in value[:MOST_ITEMS]] if depth else "..."
    return verbatim(value)


def _text(text: str) -> str:
    clean: str = cleaned(CREDENTIALS.sub("//", text))
    if len(clean) <= LONGEST_SHOWN_TEXT:
        return clean
    return f"{clean[:LONGEST_SHOWN_TEXT]}... ({len(clean)} characters)"
