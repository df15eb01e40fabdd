"""Checks of what a figure says about its own uncertainty: n, intervals, standard errors, digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import NormalDist

from scorecard.framework.printed import WHOLE
from scorecard.xray.arithmetic import SLACK, decimals, half_step
from scorecard.xray.case import Case, grouped
from scorecard.xray.figure import SECOND_HAND, Figure, evaluation_place, shown_names
from scorecard.xray.finding import Check, Spot

STDERR_AGREES = 0.25
"""Share by which half an interval may differ from z times the standard error: bootstraps are not exactly normal."""


def _by_place(case: Case, meant: Callable[[Figure], bool], words: str) -> Iterable[Spot]:
    """Yield one spot for each evaluation of a category and for each other section: fifty rows are one fault."""

    def place(row: Figure) -> str:
        listed = case.catalogue.get(row.evaluation)
        return (
            evaluation_place(row.evaluation)
            if listed is None or listed["category"]
            else f"/sections/{listed['section']}"
        )

    for where, rows in grouped((row for row in case.cited if meant(row)), place).items():
        reason = f"{len(rows)} figures {words}: {shown_names(rows)}."
        yield Spot(where, reason, tuple(row.run for row in rows), True)


def _rated(row: Figure) -> bool:
    return row.unit in WHOLE and row.tally is None


def _n_missing(case: Case) -> Iterable[Spot]:
    yield from _by_place(case, lambda row: _rated(row) and row.n is None and not row.n_text, "state no n")


def _n_in_words(case: Case) -> Iterable[Spot]:
    def meant(row: Figure) -> bool:
        return _rated(row) and row.n is None and bool(row.n_text)

    yield from _by_place(case, meant, "state n in words only, which cannot decide")


def _without_interval(case: Case) -> Iterable[Spot]:
    def meant(row: Figure) -> bool:
        silent = row.interval is None and row.stderr is None
        return row.evaluation in case.judging and row.published and row.unit in WHOLE and silent

    yield from _by_place(case, meant, "that carry a threshold are published without interval and standard error")


def _bounds(row: Figure) -> tuple[float, float] | None:
    return (row.interval["low"], row.interval["high"]) if row.interval else None


def _spots(case: Case, fault: Callable[[Figure, float, float], str]) -> Iterable[Spot]:
    for row in case.shown:
        bounds = _bounds(row)
        told = fault(row, *bounds) if bounds else ""
        if told:
            yield Spot(row.where, f"{row.name}: {told}.", (row.run,), row.published)


def _zero_width(case: Case) -> Iterable[Spot]:
    yield from _spots(
        case, lambda row, low, high: f"the interval [{low:g}, {high:g}] has no width" if low == high else ""
    )
    for row in case.shown:
        if row.stderr == 0:
            yield Spot(row.where, f"{row.name}: a standard error of 0 says nothing.", (row.run,), row.published)


def _outside(case: Case) -> Iterable[Spot]:
    def fault(row: Figure, low: float, high: float) -> str:
        ceiling = WHOLE.get(row.unit)
        beyond = ceiling is not None and (low < -SLACK or high > ceiling + SLACK)
        return f"the interval [{low:g}, {high:g}] leaves the range 0 to {ceiling:g}" if beyond else ""

    yield from _spots(case, fault)


def _excluding(case: Case) -> Iterable[Spot]:
    def fault(row: Figure, low: float, high: float) -> str:
        step = half_step(row) + SLACK
        beyond = row.value is not None and not low - step <= row.value <= high + step
        return f"the interval [{low:g}, {high:g}] does not contain {row.text}" if beyond else ""

    yield from _spots(case, fault)


def _against_stderr(case: Case) -> Iterable[Spot]:
    def fault(row: Figure, low: float, high: float) -> str:
        if not row.stderr or row.interval is None:
            return ""
        z = NormalDist().inv_cdf(0.5 + (row.interval.get("level") or 0.95) / 2)
        found, wanted = (high - low) / 2, z * row.stderr
        differs = abs(found - wanted) > STDERR_AGREES * wanted
        return f"half of the interval is {found:.4g}, but {z:.2f} standard errors are {wanted:.4g}" if differs else ""

    yield from _spots(case, fault)


def _uneven(case: Case) -> Iterable[Spot]:
    printed = (row for row in case.shown if row.printed and decimals(row.printed) is not None)
    for (evaluation, _, table), rows in grouped(printed, lambda row: (row.evaluation, row.unit, row.table)).items():
        digits = Counter(decimals(row.printed) for row in rows)
        usual, times = digits.most_common(1)[0]
        finer = [row for row in rows if (decimals(row.printed) or 0) > (usual or 0) > 0]
        if finer and len(finer) * 3 < times:
            reason = f"{table} prints {usual} decimals, but more for {shown_names(finer)}."
            yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in finer), True)


def _inexact(case: Case) -> Iterable[Spot]:
    def meant(row: Figure) -> bool:
        return row.qualifier != "=" or (bool(row.printed) and decimals(row.printed) is None)

    yield from _by_place(case, meant, "are bounds, approximate or words, and never decide")


def _second_hand(case: Case) -> Iterable[Spot]:
    for quality, words in SECOND_HAND.items():
        rows = frozenset(row.run for row in case.cited if row.quality == quality)
        yield from _by_place(case, lambda row, rows=rows: row.run in rows, f"are {words}")  # type: ignore[misc]


CHECKS = (
    Check("n-missing", "warning", "No n is stated",
          "fractions and percentages of cited runs without n and without standard error",
          "Ask for n; until then the figure informs and decides nothing.", _n_missing),
    Check("n-in-words", "warning", "n is stated in words only",
          "cited figures whose n is no number",
          "Ask for the number; until then the figure informs and decides nothing.", _n_in_words),
    Check("interval-missing", "notice", "Published without any uncertainty",
          "published figures of evaluations that carry a threshold, without interval and standard error",
          "Read the interval that is computed from n, or ask for the source's own.", _without_interval),
    Check("interval-without-width", "warning", "An interval without width",
          "stated intervals whose bounds are equal, and standard errors of 0",
          "State n; the interval is then computed and has a width.", _zero_width),
    Check("interval-out-of-range", "warning", "An interval outside its unit",
          "stated intervals below 0 or above one whole",
          "State n, or an interval by a method that keeps to the range, such as Wilson's.", _outside),
    Check("interval-without-value", "error", "An interval that does not contain its value",
          "stated intervals against their own figure, as it was rounded",
          "Check figure and bounds in the source, and supersede the run.", _excluding),
    Check("interval-against-stderr", "warning", "Interval and standard error disagree",
          "half the interval's width against z standard errors, by more than a quarter",
          "Find out which of the two is of another n or level.", _against_stderr),
    Check("uneven-digits", "notice", "More digits than the table prints",
          "figures with more decimals than most of their table",
          "Read nothing into the extra digits; the others were rounded further.", _uneven),
    Check("no-exact-figure", "notice", "Not an exact figure",
          "cited figures that are bounds, approximate, or words",
          "Ask for the exact figure where a level could rest on it.", _inexact),
    Check("second-hand", "notice", "Not printed by its source",
          "cited figures that were read off a chart, derived from text, or come from a third party",
          "Check them against the source before they carry an argument.", _second_hand),
)  # fmt: skip
