"""How a figure is shown beside its source: in the words in which it was printed, and with what it cannot be.

The pages and the printed scorecard read the same functions, because one figure must not look like two.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

Record = dict[str, Any]
WHOLE = {"proportion": 1.0, "percent": 100.0}
QUALIFIERS = {"=": "", "~": "about ", "<": "below ", ">": "above ", "<=": "at most ", ">=": "at least "}
SLACK = 1e-9


def printed_value(item: Record) -> str:
    """Return the figure digit by digit as its source prints it; empty where it was measured and not printed."""
    return str((item.get("printed") or {}).get("value", ""))


def unit_words(item: Record) -> str:
    """Return the unit in the source's own words, else the report's."""
    return str((item.get("printed") or {}).get("unit") or item["unit"])


def metric_words(item: Record) -> str:
    """Return the metric in the source's own words, else in the field's notation."""
    return str((item.get("printed") or {}).get("metric") or item["metric"])


def row_words(item: Record, title: str) -> str:
    """Return what tells a figure from the others of its evaluation: its row, its printed name, or `title`."""
    return str(item["stratum"] or (item.get("printed") or {}).get("evaluation") or title)


def figure_words(item: Record) -> str:
    """Return a figure with its unit for a sentence: `13.0 percent`, `0.995 fraction`, `near or at 100 percent`."""
    printed = printed_value(item)
    if printed:
        return f"{printed} {unit_words(item)}"
    if not isinstance(item["value"], (int, float)) or isinstance(item["value"], bool):
        return ""
    return f"{QUALIFIERS.get(item['qualifier'] or '=', '')}{item['value']:g} {item['unit']}"


def _rounded_by(text: str) -> float:
    """Return half of the last digit's place in a printed number; zeros after the point may be padding."""
    number = Decimal(text).normalize()
    exponent = number.as_tuple().exponent
    return 0.5 * 10.0 ** min(0, exponent if isinstance(exponent, int) else 0)


def without_whole_count(text: str, unit: str, n: int | None) -> str:
    """Say that no whole number of `n` gives the printed figure, however it was rounded; empty where one does.

    `unit` is the report's. A figure in words, a bound or a figure without n says nothing here.
    """
    if not n or unit not in WHOLE:
        return ""
    try:
        value = float(text)
        half = _rounded_by(text)
    except (ValueError, InvalidOperation):
        return ""
    low, high = ((value + shift) / WHOLE[unit] * n for shift in (-half, half))
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    if math.ceil(low - SLACK) <= high + SLACK:
        return ""
    return f"no whole number of {n} gives {text}"


def published_n(item: Record) -> int | None:
    """Return the published number of units; None where it was published in words or not at all."""
    text = str(item["reported_n"] or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def count_doubt(item: Record) -> str:
    """Say that a published figure fits no whole count of its n; empty for what was counted, and where one fits."""
    if item["form"] != "estimate":
        return ""
    return without_whole_count(printed_value(item) or f"{item['value']:g}", item["unit"], published_n(item))
