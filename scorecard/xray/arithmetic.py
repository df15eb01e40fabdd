"""Arithmetic on printed numbers: how far a printed figure may lie from what it stands for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from evaluations.estimates.wilson import wilson_interval
from scorecard.xray.figure import Figure

SLACK = 1e-9


def decimals(text: str) -> int | None:
    """Return the digits after the point of a printed number without padding zeros; None for words."""
    try:
        exponent = Decimal(text.strip()).normalize().as_tuple().exponent
    except InvalidOperation:
        return None
    return max(0, -exponent) if isinstance(exponent, int) else None


def half_step(figure: Figure, *, digits: int | None = None) -> float:
    """Return half of the last printed digit's place, in the figure's unit; 0 for what was measured and not printed.

    `digits` is the precision of the table where it is finer than that of the figure, whose zeros may be left out.
    """
    own = decimals(figure.printed) if figure.printed else None
    return 0.0 if own is None else 0.5 * 10.0 ** -max(own, digits or 0)


def same_when_rounded(one: Figure, other: Figure) -> bool:
    """Whether two figures, both fractions of a whole, can stand for one number that was rounded twice."""
    if one.share is None or other.share is None or one.value is None or other.value is None:
        return True
    scale = {"percent": 100.0}
    steps = sum(half_step(row) / scale.get(row.unit, 1.0) for row in (one, other))
    return abs(one.share - other.share) <= steps + SLACK


def _digits(parts: Sequence[Figure]) -> int:
    """Return the digits that a table prints: those of most of its rows, zeros apart, which may be left out."""
    found = Counter(decimals(row.printed) or 0 for row in parts if row.printed)
    found.pop(0, None)
    return max(found, key=lambda digits: (found[digits], digits), default=0)


def mean_tolerance(parts: Sequence[Figure], whole: Figure, *, same_table: bool = True) -> float:
    """Return how far the mean of m rounded parts may lie from the rounded mean: their errors shrink by sqrt(m).

    In the `same_table` the whole has the digits of the parts, whose zeros may be left out.
    """
    digits = _digits(parts)
    steps = max((half_step(row, digits=digits) for row in parts), default=0.0)
    return half_step(whole, digits=digits if same_table else 0) + steps / math.sqrt(max(1, len(parts))) + SLACK


def wilson_of(figure: Figure) -> tuple[float, float] | None:
    """Return Wilson's 95 % interval of a figure that has a tally, as fractions; None without one."""
    tally = figure.tally
    if tally is None or not tally["scored"] or tally["units"] <= 0:
        return None
    units = float(tally["units"])
    return wilson_interval(min(units, tally["total"] / tally["scored"] * units), units)
