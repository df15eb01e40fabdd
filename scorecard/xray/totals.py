"""Checks of tables: do totals, averages, shares and effects reproduce from their own rows?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from scorecard.framework.printed import WHOLE
from scorecard.xray.arithmetic import SLACK, decimals, half_step, mean_tolerance, same_when_rounded
from scorecard.xray.case import Case, grouped
from scorecard.xray.figure import Figure, evaluation_place
from scorecard.xray.finding import Check, Spot

AVERAGE = re.compile(r"\b(overall|average|mean)\b", flags=re.IGNORECASE)
WEIGHTED = re.compile(r"weighted", flags=re.IGNORECASE)
RECLASSIFIED = re.compile(r"reclassified|initially", flags=re.IGNORECASE)
TIE = re.compile(r"\btie", flags=re.IGNORECASE)


def _words(row: Figure) -> str:
    return f"{row.stratum or ''} {row.printed_metric or row.metric}"


def _mean(parts: Sequence[Figure]) -> float:
    return math.fsum(row.value or 0.0 for row in parts) / len(parts)


def _tables(case: Case) -> Iterable[tuple[list[Figure], list[Figure]]]:
    """Yield (parts, averages) of every column: one model's rows of an evaluation in one table and unit."""
    columns = grouped(
        (row for row in case.shown if row.value is not None and row.qualifier == "=" and row.unit != "count"),
        lambda row: (row.evaluation, row.table, row.unit, row.model, row.scaffold),
    )
    for rows in columns.values():
        averages = [row for row in rows if AVERAGE.search(_words(row))]
        parts = [row for row in rows if row not in averages]
        if averages and len(parts) > 1:
            yield parts, averages


def _averages(case: Case) -> Iterable[Spot]:
    for parts, averages in _tables(case):
        for whole in averages:
            off = abs(_mean(parts) - (whole.value or 0.0))
            if not WEIGHTED.search(_words(whole)) and off > mean_tolerance(parts, whole):
                reason = (
                    f"{whole.name} is printed as {whole.text}; the mean of its {len(parts)} rows is {_mean(parts):.4g}."
                )
                yield Spot(whole.where, reason, (whole.run,), whole.published)


def _weighted(case: Case) -> Iterable[Spot]:
    for parts, averages in _tables(case):
        values = [row.value or 0.0 for row in parts]
        for whole in averages:
            step = mean_tolerance(parts, whole)
            if not min(values) - step <= (whole.value or 0.0) <= max(values) + step:
                span = f"{min(values):g} to {max(values):g}"
                reason = f"{whole.name} is {whole.text}, but its rows reach from {span}: no weights give it."
                yield Spot(whole.where, reason, (whole.run,), whole.published)


def _counts_and_shares(case: Case) -> Iterable[Spot]:
    columns = grouped(case.shown, lambda row: (row.evaluation, row.stratum, row.model, row.table))
    for rows in columns.values():
        counts = [row for row in rows if row.unit == "count" and row.value is not None]
        shares = [row for row in rows if row.unit in WHOLE and row.n and row.value is not None]
        for count, share in ((count, share) for count in counts for share in shares):
            found = (count.value or 0.0) / (share.n or 1) * WHOLE[share.unit]
            if found <= WHOLE[share.unit] and abs(found - (share.value or 0.0)) > half_step(share) + SLACK:
                right = f"{found:.{decimals(share.printed) or 0}f}"
                reason = (
                    f"{share.name} is printed as {share.text}; {count.text} of {share.n} is {found:.4f}, so {right}."
                )
                yield Spot(share.where, reason, (count.run, share.run), share.published)


def _sums(case: Case) -> Iterable[Spot]:
    counts = (
        row
        for row in case.shown
        if row.unit == "count" and row.value is not None and not RECLASSIFIED.search(_words(row))
    )
    for rows in grouped(counts, lambda row: (row.evaluation, row.model, row.table)).values():
        totals = [row for row in rows if re.match(r"total (?!cots?\b|classified)", (row.stratum or "").lower())]
        parts = [row for row in rows if not (row.stratum or "").lower().startswith("total")]
        for whole in totals if len(parts) > 1 else ():
            found = math.fsum(row.value or 0.0 for row in parts)
            if found != whole.value:
                reason = f"{whole.name} is {whole.text}; its {len(parts)} parts add up to {found:g}."
                yield Spot(whole.where, reason, (whole.run, *(row.run for row in parts)), whole.published)


def _over_n(case: Case) -> Iterable[Spot]:
    counts = (row for row in case.shown if row.unit == "count" and row.n and row.stratum is None)
    for (evaluation, _, n, _), rows in grouped(
        counts, lambda row: (row.evaluation, row.model, row.n, row.table)
    ).items():
        rated = [row for row in rows if " rated " in f" {row.printed_metric} " and not RECLASSIFIED.search(_words(row))]
        found = math.fsum(row.value or 0.0 for row in rated)
        if len(rated) > 1 and found != n:
            reason = f"{len(rated)} ratings add up to {found:g}, of {n} that were rated."
            yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in rated), True)


def _shares(case: Case) -> Iterable[tuple[Figure, list[Figure]]]:
    """Yield (tie, all shares) of every comparison of two models that prints its ties."""
    shares = (row for row in case.shown if row.unit in WHOLE and row.value is not None)
    for rows in grouped(shares, lambda row: (row.evaluation, row.stratum, row.model, row.scaffold, row.unit)).values():
        ties = [row for row in rows if TIE.search(row.printed_metric or row.metric)]
        if len(ties) == 1 and len(rows) == 3:
            yield ties[0], rows


def _off(rows: Sequence[Figure]) -> tuple[float, float]:
    """Return (how far shares miss one whole, how far rounding explains), in their unit."""
    return math.fsum(row.value or 0.0 for row in rows) - WHOLE[rows[0].unit], math.fsum(
        half_step(row) for row in rows
    ) + SLACK


def _shares_wrong(case: Case) -> Iterable[Spot]:
    for tie, rows in _shares(case):
        off, rounding = _off(rows)
        if abs(off) > rounding:
            yield Spot(tie.where, f"{tie.evaluation}: the shares miss one whole by {off:+.4g}.",
                       tuple(row.run for row in rows), tie.published)  # fmt: skip


def _shares_rounded(case: Case) -> Iterable[Spot]:
    for tie, rows in _shares(case):
        off, rounding = _off(rows)
        if SLACK < abs(off) <= rounding:
            yield Spot(tie.where, f"{tie.evaluation}: the shares miss one whole by {off:+.4g}; rounding explains it.",
                       tuple(row.run for row in rows), tie.published)  # fmt: skip


def cohens_h(p: float, q: float) -> float:
    """Return 2 asin(sqrt(p)) - 2 asin(sqrt(q)): Cohen (1988), Statistical Power Analysis, section 6.2."""
    return 2 * math.asin(math.sqrt(p)) - 2 * math.asin(math.sqrt(q))


def _readings(first: float, second: float, tie: float) -> dict[str, float]:
    """Return every usual reading of Cohen's h of a comparison with ties; the shares are fractions."""
    return {
        "one share against the other": cohens_h(first, second),
        "without ties, against one half": cohens_h(first / (first + second), 0.5),
        "with ties split, against one half": cohens_h(first + tie / 2, 0.5),
        "with ties split, one against the other": cohens_h(first + tie / 2, second + tie / 2),
    }


def _effects(case: Case) -> Iterable[Spot]:
    effects = [row for row in case.shown if "cohen" in row.printed_metric.lower() and row.value is not None]
    shares = {rows[0].evaluation: (tie, rows) for tie, rows in _shares(case)}
    for row in effects:
        if row.evaluation not in shares:
            continue
        tie, rows = shares[row.evaluation]
        first, second = (other.share or 0.0 for other in rows if other is not tie)
        readings = _readings(max(first, second), min(first, second), tie.share or 0.0)
        words, nearest = min(readings.items(), key=lambda found: abs(found[1] - (row.value or 0.0)))
        if abs(nearest - (row.value or 0.0)) > half_step(row) + SLACK:
            reason = f"{row.name} is printed as {row.text}; the nearest reading, {words}, gives {nearest:.3f}."
            yield Spot(row.where, reason, (row.run,), row.published)


def _headlines(case: Case) -> Iterable[tuple[Figure, list[Figure]]]:
    """Yield (headline, rows of its breakdown): `standard-refusal-evaluation` is the headline of `standard-refusal`."""
    columns = grouped(
        (row for row in case.shown if row.share is not None), lambda row: (row.evaluation, row.metric, row.model)
    )
    for (evaluation, metric, model), heads in columns.items():
        for (slug, its_metric, its_model), rows in columns.items():
            below = (its_metric, its_model) == (metric, model) and evaluation.startswith(f"{slug}-")
            if below and len(heads) == 1 and heads[0].stratum is None and all(row.stratum for row in rows):
                yield heads[0], rows


def _headline_against_total(case: Case) -> Iterable[Spot]:
    for head, rows in _headlines(case):
        for total in (row for row in rows if row.whole and not same_when_rounded(head, row)):
            reason = f"{head.name} is {head.text}, but its breakdown's overall row says {total.text}."
            yield Spot(head.where, reason, (head.run, total.run), head.published)


def _headline_against_rows(case: Case) -> Iterable[Spot]:
    for head, rows in _headlines(case):
        comparable = len(rows) > 1 and not any(row.whole or row.unit != head.unit for row in rows)
        if comparable and abs(_mean(rows) - (head.value or 0.0)) > mean_tolerance(rows, head, same_table=False):
            reason = f"{head.name} is {head.text}; the plain mean of its {len(rows)} rows is {_mean(rows):.4g}."
            yield Spot(head.where, reason, (head.run,), head.published)


CHECKS = (
    Check("average-does-not-reproduce", "warning", "An average that its rows do not give",
          "rows called overall, average or mean against the plain mean of their column; weighted ones are left out",
          "Ask how the average was formed; a row may be mistyped.", _averages),
    Check("average-beyond-rows", "warning", "An average outside its own rows",
          "averages, weighted or not, against the smallest and largest row of their column",
          "One of the figures is mistyped, or of other data: ask for the table's source.", _weighted),
    Check("share-against-count", "warning", "A share that its count does not give",
          "a count and a share printed for the same row",
          "Use the count; the share was cut off or added up from rounded parts.", _counts_and_shares),
    Check("parts-do-not-sum", "warning", "Parts that do not add up to their total",
          "counts against the count of the row called total",
          "Ask for the missing part, or which of the counts is mistyped.", _sums),
    Check("ratings-do-not-sum", "warning", "Ratings that do not add up to n",
          "counts of things rated at each level against the number that was rated",
          "Ask which were left out, or counted twice.", _over_n),
    Check("shares-do-not-sum", "warning", "Shares that do not add up to one whole",
          "two outcomes and a tie, beyond what rounding explains",
          "Ask which outcome is missing.", _shares_wrong),
    Check("shares-off-by-rounding", "notice", "Shares that miss one whole by rounding",
          "two outcomes and a tie, within what rounding explains",
          "Nothing to do; do not compute further from the rounded shares.", _shares_rounded),
    Check("effect-does-not-reproduce", "warning", "An effect that its shares do not give",
          "Cohen's h against four readings of the shares of the same comparison",
          "Ask how ties were counted and what the effect was measured against.", _effects),
    Check("headline-against-total", "warning", "A headline that its breakdown contradicts",
          "the headline of one table against the overall row of its breakdown in another",
          "Ask which of the two tables is of the stated data.", _headline_against_total),
    Check("headline-not-the-mean", "notice", "A headline that is not the plain mean of its rows",
          "headlines whose breakdown prints no overall row against the plain mean of the rows",
          "Ask for the n of each row: the headline is weighted by it, or of other data.", _headline_against_rows),
)  # fmt: skip
