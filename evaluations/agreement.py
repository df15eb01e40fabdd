"""The producer's headline numbers beside ours: which of them speak of the same thing, and whether they agree."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

SMALLEST = 1e-6
"""Difference, as a share of one whole, that no rounding of floating-point sums explains."""


def _as_fraction(value: Any) -> tuple[float, float] | None:
    """Return (value, tolerance) of a printed number, or None; a percent sign is the only thing that rescales.

    The tolerance is half a unit of the last printed digit of a text, as the producer rounded it; a number that was not
    printed has all its digits.
    """
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip()
    percent = text.endswith("%")
    try:
        number = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    exponent = number.as_tuple().exponent
    digits = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0) / 2
    size = Decimal(100) if percent else Decimal(1)
    rounded = percent or len(text.lstrip("-0.").replace(".", "")) < 6
    return float(number / size), max(float(digits / size) if (rounded and "." in text) or percent else 0.0, SMALLEST)


def _speaks_of(figure: dict[str, Any], metric: str) -> bool:
    """Whether a reported figure is of the run's metric: the same name, or the same before the scorer."""
    name, _, rest = metric.partition(":")
    said = str(figure.get("metric", ""))
    if said == metric:
        return True
    scorer = figure.get("scorer")
    return said in (name, "mean", "accuracy") and (scorer is None or str(scorer) in rest or not rest)


def agreement(report: dict[str, Any], point: float | None) -> list[dict[str, Any]]:
    """Return a row for each reported figure of the run's own metric: what was reported, what we find, do they agree.

    `report` is a canonical report, `point` our point estimate as a fraction; without one there is nothing to compare.
    """
    figures = (report.get("reported") or {}).get("figures")
    if point is None or not isinstance(figures, list):
        return []
    rows = []
    for figure in figures:
        printed = _as_fraction(figure.get("value")) if isinstance(figure, dict) else None
        if printed is None or not _speaks_of(figure, report["metric"]):
            continue
        value, tolerance = printed
        rows.append(
            {
                "metric": figure["metric"],
                "reported": figure["value"],
                "difference": value - point,
                "agrees": abs(value - point) <= tolerance,
            }
        )
    return rows
