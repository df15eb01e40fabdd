"""A table by stratum with its printed totals: does each total follow from the rows, and by which mean?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field

from evaluations.evidence.parts import CheckpointDocument, Part, Printed, half_unit, one_form, repeated, unknown
from evaluations.report import Fault
from evaluations.report.values import Count, Metric, Name, PositiveCount

SCALES = {"proportion": 1, "percent": 100}
"""Largest value of the units in which k of n can be printed."""
MEANS = ("sample_weighted", "unweighted")
MEAN_WORDS = {"sample_weighted": "sample-weighted mean", "unweighted": "unweighted mean"}


class Cell(Part):
    """One figure of a row: a printed value, or successes among n."""

    column: Name
    """The column it stands in."""
    value: Printed | None = None
    """The figure as printed, as text."""
    successes: Count | None = None
    """Number of successes, with `n`."""
    n: PositiveCount | None = None
    """Number of samples in this stratum."""


class Row(Part):
    """One stratum."""

    stratum: Name
    """Its name, e.g. `harassment/threatening` or a language."""
    cells: Annotated[list[Cell], Field(min_length=1, max_length=20)]
    """Its figures."""


class Total(Part):
    """A total as it was printed for one column; a column may have several, from several places."""

    column: Name
    """The column that it sums up."""
    printed: Printed
    """The total as printed, as text."""
    label: Name = "Total"
    """Where it was printed, or as what."""
    said: Literal["sample_weighted", "unweighted"] | None = None
    """The mean that the producer says it is."""


class Breakdown(CheckpointDocument):
    """A table of one metric by stratum."""

    schema_name: Literal["breakdown/1"] = Field(alias="schema")
    """Name and version of this kind."""
    metric: Metric
    """The metric in the field's notation."""
    unit: Literal["proportion", "percent", "points", "score", "coefficient"] = "proportion"
    """Unit of all figures."""
    columns: Annotated[list[Name], Field(min_length=1, max_length=20)]
    """The columns in their order, usually models."""
    rows: Annotated[list[Row], Field(min_length=1, max_length=500)]
    """The strata."""
    totals: Annotated[list[Total], Field(max_length=100)] = []
    """The printed totals."""

    def faults(self) -> Iterator[Fault]:
        """Yield repeated or unlisted names, cells without one form, impossible counts and values out of their unit."""
        yield from repeated(self.columns, "/columns", "column")
        yield from repeated((row.stratum for row in self.rows), "/rows", "stratum")
        yield from repeated(((one.column, one.label) for one in self.totals), "/totals", "total")
        filled = {cell.column for row in self.rows for cell in row.cells}
        for index, row in enumerate(self.rows):
            yield from repeated((cell.column for cell in row.cells), f"/rows/{index}/cells", "column")
            for place, cell in enumerate(row.cells):
                yield from self._cell_faults(cell, f"/rows/{index}/cells/{place}")
        for index, total in enumerate(self.totals):
            if total.column not in filled:
                yield unknown(total.column, f"/totals/{index}/column", "column with a figure")
            yield from self._range_fault(total.printed, f"/totals/{index}/printed")

    def _cell_faults(self, cell: Cell, place: str) -> Iterator[Fault]:
        if cell.column not in self.columns:
            yield unknown(cell.column, f"{place}/column", "column")
        yield from one_form({"value": cell.value is not None, "successes": cell.successes is not None}, place)
        if cell.value is not None:
            yield from self._range_fault(cell.value, f"{place}/value")
        if cell.successes is None:
            return
        if self.unit not in SCALES:
            detail = f"Successes among n are a proportion, not {self.unit}."
            yield Fault(f"{place}/successes", "unit-does-not-fit", detail, "Give printed values in this unit.")
        if cell.n is None:
            yield Fault(f"{place}/n", "count-without-n", "Successes need their n.", "Add n.")
        elif cell.successes > cell.n:
            detail = f"There are more successes ({cell.successes}) than samples ({cell.n})."
            yield Fault(f"{place}/successes", "more-successes-than-trials", detail, "Check both counts.")

    def _range_fault(self, printed: str, place: str) -> Iterator[Fault]:
        ceiling = SCALES.get(self.unit)
        if ceiling is not None and not 0 <= Fraction(printed) <= ceiling:
            detail = f"A value in {self.unit} lies between 0 and {ceiling}."
            yield Fault(place, "out-of-range", detail, "Check the value and the unit.")


@dataclass(frozen=True)
class _Figure:
    """What a cell can be: `middle` is its best value, `low` and `high` how far rounding leaves it open."""

    middle: Fraction
    low: Fraction
    high: Fraction
    n: int | None
    successes: int | None
    """The one whole number of successes that fits, if there is exactly one."""
    fits: bool = True
    """False when no whole number of n samples gives the printed value."""


def _figure(cell: Cell, scale: int | None) -> _Figure:
    if cell.successes is not None and cell.n is not None and scale is not None:
        exact = Fraction(cell.successes * scale, cell.n)
        return _Figure(exact, exact, exact, cell.n, cell.successes)
    printed = cell.value or "0"
    middle, half = Fraction(printed), Fraction(half_unit(printed))
    if cell.n is None or scale is None:
        return _Figure(middle, middle - half, middle + half, cell.n, None)
    first, last = math.ceil((middle - half) * cell.n / scale), math.floor((middle + half) * cell.n / scale)
    first, last = max(0, first), min(cell.n, last)
    if first > last:
        return _Figure(middle, middle - half, middle + half, cell.n, None, fits=False)
    low, high = Fraction(first * scale, cell.n), Fraction(last * scale, cell.n)
    if first == last:
        return _Figure(low, low, low, cell.n, first)
    return _Figure(middle, low, high, cell.n, None)


def _tried(figures: Sequence[_Figure], weights: Sequence[int], printed: str) -> dict[str, Any]:
    """Hold one mean against the printed total.

    `reproduces` if it rounds to it, `row_rounding` if rounding of the rows can explain the difference, else `differs`.
    """
    total, said, half = sum(weights), Fraction(printed), Fraction(half_unit(printed))
    middle, low, high = (
        sum((getattr(one, end) * weight for one, weight in zip(figures, weights, strict=True)), Fraction()) / total
        for end in ("middle", "low", "high")
    )
    beyond = max(Fraction(), low - (said + half), (said - half) - high)
    outcome = "reproduces" if abs(middle - said) <= half else "differs" if beyond > 0 else "row_rounding"
    return {
        "value": float(middle),
        "difference": float(said - middle),
        "beyond_rounding": float(beyond),
        "outcome": outcome,
    }


def _samples_off(figures: Sequence[_Figure], printed: str, scale: int | None) -> dict[str, int] | None:
    """Return by how many of all samples the total is off, where every count is known; None where it is not."""
    counts = [one.successes for one in figures]
    if scale is None or None in counts:
        return None
    samples = sum(one.n or 0 for one in figures)
    meant = round(Fraction(printed) * samples / scale)
    return {"off": meant - sum(count or 0 for count in counts), "of": samples}


def _verdict(means: Mapping[str, dict[str, Any] | None], *, between: bool) -> str:
    fitting = [name for name in MEANS if (mean := means[name]) and mean["outcome"] == "reproduces"]
    if len(fitting) == 2:
        return "both"
    if fitting:
        return fitting[0]
    if any(mean and mean["outcome"] == "row_rounding" for mean in means.values()):
        return "row_rounding"
    # A weighted mean lies between the smallest and the largest row, so outside no weights can help.
    return "weights_unknown" if means["sample_weighted"] is None and between else "neither"


def _said_of(mean: dict[str, Any], digits: int) -> str:
    return f"{mean['value']:.{digits}f}, {abs(mean['difference']):.{digits + 1}f} off"


def _words(verdict: str, means: Mapping[str, dict[str, Any] | None], off: dict[str, int] | None, digits: int) -> str:
    if verdict == "both":
        return "Reproduces as the mean of the rows, weighted by samples or not."
    if verdict in MEANS:
        other = means[next(name for name in MEANS if name != verdict)]
        rest = f" The {MEAN_WORDS['unweighted']} is {_said_of(other, digits)}." if other and verdict != MEANS[1] else ""
        return f"Reproduces as the {MEAN_WORDS[verdict]}.{rest}"
    listed = "; ".join(f"{MEAN_WORDS[name]} {_said_of(mean, digits)}" for name in MEANS if (mean := means[name]))
    if verdict == "row_rounding":
        return f"Within what rounding of the rows can explain: {listed}."
    beyond = min(mean["beyond_rounding"] for mean in means.values() if mean)
    count = f" That is {abs(off['off'])} of {off['of']} samples." if off and off["off"] else ""
    if verdict == "weights_unknown":
        return (
            f"Not the {listed}, {beyond:.{digits + 1}f} beyond rounding; the rows' n are not all known, so the "
            "sample-weighted mean cannot be tried."
        )
    return f"Not reproduced: {listed}, {beyond:.{digits + 1}f} beyond rounding.{count}"


def _total_row(total: Total, figures: list[_Figure], scale: int | None) -> dict[str, Any]:
    weights = [one.n for one in figures]
    known = [weight for weight in weights if weight is not None]
    weighted = _tried(figures, known, total.printed) if len(known) == len(weights) else None
    means = {"sample_weighted": weighted, "unweighted": _tried(figures, [1] * len(figures), total.printed)}
    said = Fraction(total.printed)
    between = min(one.low for one in figures) <= said <= max(one.high for one in figures)
    verdict = _verdict(means, between=between)
    digits = max(3, len(total.printed.partition(".")[2]))
    words = _words(verdict, means, _samples_off(figures, total.printed, scale), digits)
    if total.said and verdict in MEANS and verdict != total.said:
        words = f"{words} It is called the {MEAN_WORDS[total.said]}."
    reproduced = verdict in (*MEANS, "both")
    return {**total.model_dump(), **means, "verdict": verdict, "reproduces": reproduced, "words": words}


def read_breakdown(document: Breakdown, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table and, for each printed total, whether it follows from the rows.

    All sums are exact fractions. A printed value with its n is taken for k of n where exactly one k gives it; otherwise
    half a unit of its last digit stays open, and a difference counts as beyond rounding only outside all of that.
    """
    scale = SCALES.get(document.unit)
    cells = {(row.stratum, cell.column): cell for row in document.rows for cell in row.cells}
    figures = {key: _figure(cell, scale) for key, cell in cells.items()}
    totals = [
        _total_row(total, [one for (_, column), one in figures.items() if column == total.column], scale)
        for total in document.totals
    ]
    odd = [total for total in totals if not total["reproduces"]]
    strange = [f"{stratum}, {column}" for (stratum, column), one in figures.items() if not one.fits]
    summary = f"{len(document.rows)} strata; {len(totals) - len(odd)} of {len(totals)} printed totals reproduce."
    if odd:
        summary = f"{summary} {odd[0]['column']}, {odd[0]['label']} {odd[0]['printed']}: {odd[0]['words']}"
    table = [
        {
            "stratum": row.stratum,
            "n": _common_n(row),
            "cells": [_shown(cells.get((row.stratum, name))) for name in document.columns],
        }
        for row in document.rows
    ]
    return {"summary": summary, "table": table, "totals": totals, "impossible": strange}


def _common_n(row: Row) -> int | None:
    """Return the n that all cells of a row share, None where they differ or it is not known."""
    found = {cell.n for cell in row.cells}
    return found.pop() if len(found) == 1 else None


def _shown(cell: Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    text = cell.value if cell.value is not None else f"{cell.successes} of {cell.n}"
    return {"text": text, "n": cell.n}
