"""Checks of single figures: can the number be what it says it is?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scorecard.framework.printed import WHOLE, without_whole_count
from scorecard.xray.arithmetic import SLACK, decimals
from scorecard.xray.case import Case, grouped
from scorecard.xray.figure import Figure, evaluation_place, shown_names
from scorecard.xray.finding import Check, Spot

MOST_REPEATS = 12
AT_K = re.compile(r"\b(pass|cons|best|goodness)(?:@|_at_|_of_)(\d+)\b", flags=re.IGNORECASE)
PRINTED_UNITS = {"percent": "percent", "%": "percent", "fraction": "proportion", "proportion": "proportion"}
CONDITIONAL = re.compile(r"\||\bgiven\b|_given_|conditional on|on follow-up", flags=re.IGNORECASE)


def _at_k(metric: str) -> int:
    found = AT_K.search(metric)
    return int(found[2]) if found else 1


def countable(figure: Figure) -> int | None:
    """Return how many units can have succeeded: n, times the attempts where the figure averages over them.

    `pass@k` and `cons@k` make one unit of k attempts; where attempts equal n, they are the n.
    """
    repeats = figure.attempts or 1
    if figure.n is None or _at_k(figure.metric) > 1 or repeats == figure.n:
        return figure.n
    return figure.n * repeats


def _instead(figure: Figure, n: int) -> str:
    repeats = next(
        (m for m in range(2, MOST_REPEATS + 1) if not without_whole_count(figure.text, figure.unit, m * n)), 0
    )
    fewer = next((m for m in range(1, n) if not without_whole_count(figure.text, figure.unit, m)), 0)
    told = [f"it fits if {repeats} repeats were averaged"] if repeats else []
    told += [f"the smallest n that gives it is {fewer}"] if fewer else []
    return f"; {', and '.join(told)}" if told else ""


def _impossible(case: Case) -> Iterable[Spot]:
    for row in case.shown:
        n = countable(row)
        doubt = (
            without_whole_count(row.text, row.unit, n) if n and row.form == "estimate" and row.qualifier == "=" else ""
        )
        if doubt and n:
            yield Spot(row.where, f"{row.name}: {doubt}{_instead(row, n)}.", (row.run,), row.published)


def _out_of_range(case: Case) -> Iterable[Spot]:
    for row in case.shown:
        ceiling = WHOLE.get(row.unit)
        if ceiling is not None and row.value is not None and not -SLACK <= row.value <= ceiling + SLACK:
            reason = f"{row.name} is {row.text}, but a {row.unit} lies between 0 and {ceiling:g}."
            yield Spot(row.where, reason, (row.run,), row.published)


def _tally_faults(tally: dict[str, float]) -> Iterable[str]:
    if tally["scored"] > tally["expected"]:
        yield f"{tally['scored']:g} units are scored of {tally['expected']:g} expected"
    if not -SLACK <= tally["total"] <= tally["scored"] + SLACK:
        yield f"{tally['total']:g} succeeded of {tally['scored']:g} scored"
    if tally["floor"] > tally["ceiling"] + SLACK:
        yield f"the best case {tally['floor']:g} lies above the worst case {tally['ceiling']:g}"
    if tally["units"] > tally["scored"] + SLACK:
        yield f"{tally['units']:g} independent units stand for {tally['scored']:g} scored ones"


def _tally(case: Case) -> Iterable[Spot]:
    for row in case.shown:
        for fault in _tally_faults(row.tally) if row.tally else ():
            yield Spot(row.where, f"{row.name}: {fault}.", (row.run,))


def _value_against_tally(case: Case) -> Iterable[Spot]:
    for row in case.shown:
        if row.tally and row.tally["scored"] and row.share is not None:
            counted = row.tally["total"] / row.tally["scored"]
            if abs(counted - row.share) > 1e-6:
                reason = f"{row.name} is kept as {row.share:.4f}, but its counts give {counted:.4f}."
                yield Spot(row.where, reason, (row.run,))


def _headline(case: Case) -> Iterable[Spot]:
    for row in case.shown:
        for said in row.agreement:
            if said["agrees"] is False:
                reason = f"{row.name}: the producer says {said['reported']}, which is {said['difference']:+.4f} off."
                yield Spot(row.where, reason, (row.run,))


def _said_unit(row: Figure) -> str | None:
    """Return the unit in which a figure was printed, where its number was kept as it stands; else None."""
    text = row.printed.strip()
    number = text.removesuffix("%").strip()
    if decimals(number) is None or row.value is None or abs(float(number) - row.value) > SLACK:
        return None
    return "percent" if text.endswith("%") else PRINTED_UNITS.get(row.printed_unit.strip().lower())


def _printed_unit(case: Case) -> Iterable[Spot]:
    for row in case.shown:
        said = _said_unit(row)
        if said and row.value and row.unit in WHOLE and said != row.unit:
            reason = f"{row.name} is printed in {said} and kept in {row.unit}: it is a hundredfold off."
            yield Spot(row.where, reason, (row.run,))


def _stated_n(row: Figure) -> int | None:
    """Return n, or the exact number at the beginning of its words: 100000 of `100,000 prompts`, none of `>100`."""
    found = re.match(r"\d{1,3}(?:,\d{3})+|\d+", row.n_text or "")
    return row.n if row.n is not None or found is None else int(found[0].replace(",", ""))


def _beyond_n(case: Case) -> Iterable[Spot]:
    for row in case.shown:
        n = _stated_n(row)
        if row.unit == "count" and row.value is not None and n is not None and row.value > n:
            yield Spot(
                row.where, f"{row.name} counts {row.text} of the {n} that are stated.", (row.run,), row.published
            )


def _likely_fractions(case: Case) -> Iterable[Spot]:
    percents = (row for row in case.shown if row.unit == "percent" and row.value is not None and row.form == "estimate")
    for (evaluation, _), rows in grouped(percents, lambda row: (row.evaluation, row.metric)).items():
        small = [row for row in rows if 0 < (row.value or 0) < 1 and (decimals(row.text) or 0) >= 2]
        large = [row for row in rows if (row.value or 0) > 1]
        if small and len(large) > len(small) and all((row.value or 0) >= 10 for row in large):
            reason = (
                f"Below one percent among figures above 10: {shown_names(small)}. Was a fraction kept as a percentage?"
            )
            yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in small), True)


def _at_k_as_rate(case: Case) -> Iterable[Spot]:
    for evaluation, rows in grouped(case.shown, lambda row: row.evaluation).items():
        odd = [row for row in rows if _at_k(row.printed_metric) > 1 and _at_k(row.metric) != _at_k(row.printed_metric)]
        if odd:
            said = odd[0].printed_metric
            reason = f"{len(odd)} figures are called {said!r}: one success in k attempts is not the rate of success."
            yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in odd), True)


def _too_few_attempts(case: Case) -> Iterable[Spot]:
    for row in case.shown:
        k = _at_k(row.metric)
        if row.attempts and k > row.attempts and not row.metric.startswith("goodness"):
            reason = f"{row.name} needs at least {k} attempts at each sample; {row.attempts} are stated."
            yield Spot(row.where, reason, (row.run,), row.published)


def _conditional(case: Case) -> Iterable[Spot]:
    def conditional(row: Figure) -> bool:
        told = f"{row.stratum or ''} {row.printed_metric} {row.metric}"
        return bool(CONDITIONAL.search(told)) and row.n is None and row.tally is None

    for (evaluation, stratum), rows in grouped(
        (row for row in case.shown if conditional(row)), lambda row: (row.evaluation, row.stratum)
    ).items():
        reason = (
            f"{len(rows)} conditional rates without the number of cases that they are rates of: {shown_names(rows)}."
        )
        where = evaluation_place(evaluation, stratum)
        yield Spot(where, reason, tuple(row.run for row in rows), True)


CHECKS = (
    Check("impossible-fraction", "warning", "No whole number gives this figure",
          "printed fractions and percentages against n, and n times the attempts that were averaged",
          "Ask for the counts behind it; if it is a mean of graded scores, say so.", _impossible),
    Check("value-out-of-range", "error", "A value outside its unit",
          "fractions outside 0 to 1, percentages outside 0 to 100",
          "Check value and unit, and supersede the run.", _out_of_range),
    Check("tally-contradiction", "error", "Counts that contradict each other",
          "scored, expected, succeeded and independent units, best and worst case of every tally",
          "Measure the run again from its raw bytes; if it stays, supersede the run.", _tally),
    Check("value-against-counts", "error", "The value is not what the counts give",
          "the value that is kept against successes over scored units",
          "Measure the run again from its raw bytes; if it stays, supersede the run.", _value_against_tally),
    Check("headline-against-samples", "warning", "The producer's headline is not what the samples give",
          "headline numbers in the report against the value recomputed from its samples",
          "Find which samples the producer left out, and say so in the rationale.", _headline),
    Check("unit-against-print", "error", "Kept in another unit than printed",
          "percent signs and printed units against the unit of the report",
          "Supersede the run with the unit in which the figure was printed.", _printed_unit),
    Check("count-beyond-n", "warning", "More were counted than there are",
          "counts against n, or against the number at the beginning of its words",
          "Ask what else was counted, and what the shares are shares of.", _beyond_n),
    Check("fraction-as-percent", "warning", "A fraction among percentages",
          "percentages below one beside figures of the same metric that are all above ten",
          "Look the figure up in its source, and supersede the run if it is a fraction.", _likely_fractions),
    Check("pass-at-k-as-rate", "warning", "pass@k called a success rate",
          "printed metric names that speak of k attempts where the figure is kept as a plain rate",
          "Find out which of the two the source means, and name the metric so.", _at_k_as_rate),
    Check("fewer-attempts-than-k", "warning", "Fewer attempts than k",
          "the k of pass@k, cons@k and best-of-k against the attempts that were stated",
          "State the attempts that were made, or the k that they allow.", _too_few_attempts),
    Check("conditional-without-denominator", "warning", "A conditional rate without its denominator",
          "rates given an event, or on follow-up, that state no n",
          "Ask for the number of cases in which the condition held.", _conditional),
)  # fmt: skip
