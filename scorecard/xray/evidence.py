"""Checks of what stands behind the figures: coverage, errors, elicitation, graders, and the framework's catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from scorecard.framework.findings import percent_text
from scorecard.framework.printed import WHOLE
from scorecard.xray.case import SIDE_WORDS, Case, grouped, side_place
from scorecard.xray.figure import Figure, evaluation_place, shown_names
from scorecard.xray.finding import Check, Spot

FEWEST_ERRORS = 5
NOT_THE_MODEL = ("grader", "system")
FAMILY = {"percent": "share", "proportion": "share", "points": "points"}


def _coverage(case: Case) -> Iterable[Spot]:
    least = case.framework["policy"]["coverage_minimum"]
    for row in case.cited:
        if row.tally and row.tally["expected"] and row.tally["scored"] / row.tally["expected"] < least:
            found = percent_text(row.tally["scored"] / row.tally["expected"])
            reason = (
                f"{row.name}: {found} of the expected samples are scored; the framework asks for {percent_text(least)}."
            )
            yield Spot(row.where, reason, (row.run,))


def _worst_case(case: Case) -> Iterable[Spot]:
    for category, side, row in case.indicator_rows():
        estimate, threshold = row["estimate"], row["threshold"]
        threshold = 1.0 - threshold if row["direction"] == "at_or_below" else threshold
        if estimate and estimate["high"] < threshold <= estimate["upper"]:
            reason = (
                f"{row['evaluation']}: what was scored is at most {percent_text(estimate['high'])}, below "
                f"{percent_text(threshold)}; with the missing samples it could be {percent_text(estimate['upper'])}."
            )
            yield Spot(side_place(category, side), reason, (row["run"],))


def _error_origins(case: Case) -> Iterable[Spot]:
    for row in case.cited:
        total = sum(row.error_origins.values())
        theirs = {name: row.error_origins.get(name, 0) for name in NOT_THE_MODEL}
        if total >= FEWEST_ERRORS and 2 * sum(theirs.values()) > total:
            told = " and ".join(f"{count} by the {name}" for name, count in theirs.items() if count)
            yield Spot(row.where, f"{row.name}: of {total} errors {told}, not by the model.", (row.run,))


def _unfinished(case: Case) -> Iterable[Spot]:
    for row in case.cited:
        if row.completion != "complete":
            yield Spot(row.where, f"{row.name} is from a run that ended as {row.completion}.", (row.run,))


def _elicitation(case: Case) -> Iterable[Spot]:
    found = (row for row in case.cited if row.evaluation in case.judging and row.adequate is not True)
    for evaluation, rows in grouped(found, lambda row: row.evaluation).items():
        reason = f"Elicitation is not declared adequate: {shown_names(rows)}."
        yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in rows))


def _unstated(case: Case, what: str, words: str) -> Iterable[Spot]:
    """Yield one spot for the whole card: who says nothing of it seldom says it of one evaluation only."""
    rows = [row for row in case.cited if row.evaluation in case.judging and what not in row.stated]
    if rows:
        names = ", ".join(sorted({row.evaluation for row in rows}))
        yield Spot("/evaluations", f"Nothing is said about {words} in {names}.", tuple(row.run for row in rows))


def _contamination(case: Case) -> Iterable[Spot]:
    yield from _unstated(case, "contamination", "contamination")


def _sandbagging(case: Case) -> Iterable[Spot]:
    yield from _unstated(case, "sandbagging", "sandbagging")


def _grader(case: Case) -> Iterable[Spot]:
    yield from _unstated(case, "grader", "what graded")


def _unlisted(case: Case) -> Iterable[Spot]:
    unknown = (row for row in case.cited if row.evaluation not in case.catalogue)
    for evaluation, rows in grouped(unknown, lambda row: row.evaluation).items():
        reason = f"The framework does not list {evaluation}: {len(rows)} figures are shown and set no level."
        yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in rows))


def _catalogue_unit(case: Case) -> Iterable[Spot]:
    for evaluation, rows in grouped(case.cited, lambda row: row.evaluation).items():
        listed = case.catalogue.get(evaluation, {}).get("unit")
        odd = [row for row in rows if listed and FAMILY.get(row.unit, row.unit) != FAMILY.get(listed, listed)]
        if odd:
            units = ", ".join(sorted({row.unit for row in odd}))
            reason = f"The framework lists {evaluation} in {listed}; {len(odd)} figures are in {units}."
            yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in odd))


def _no_polarity(case: Case) -> Iterable[Spot]:
    undirected = {slug for slug, row in case.catalogue.items() if row["polarity"] == "none" and row["category"]}
    for evaluation, rows in grouped(
        (row for row in case.cited if row.evaluation in undirected), lambda row: row.evaluation
    ).items():
        reason = f"{evaluation} informs a category, but the framework does not say whether more is riskier or safer."
        yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in rows))


def _sideless(case: Case) -> Iterable[Spot]:
    def meant(row: Figure) -> bool:
        return row.mitigation not in SIDE_WORDS and bool((case.catalogue.get(row.evaluation) or {}).get("category"))

    for evaluation, rows in grouped((row for row in case.cited if meant(row)), lambda row: row.evaluation).items():
        reason = f"{len(rows)} figures do not say on which side of the mitigations they are, and count on neither."
        yield Spot(evaluation_place(evaluation), reason, tuple(row.run for row in rows), True)


def _never_decides(case: Case) -> Iterable[Spot]:
    for category, side, row in case.indicator_rows():
        runs = {found["run"] for found in row["runs"]}
        blind = [item for item in case.cited if item.run in runs and item.tally is None and item.unit in WHOLE]
        if blind and len(blind) == len(runs):
            reason = (
                f"{row['evaluation']} was run {SIDE_WORDS[side]}; no figure of it can decide: {shown_names(blind)}."
            )
            yield Spot(side_place(category, side), reason, tuple(sorted(runs)))


CHECKS = (
    Check("coverage-too-low", "warning", "Too few samples were scored",
          "scored over expected samples of cited runs against the framework's minimum",
          "Run the missing samples; until then nothing is ruled out by this run.", _coverage),
    Check("worst-case-crosses", "warning", "Lost samples decide",
          "indicators whose interval lies below the threshold and whose worst case does not",
          "Run the missing samples, or treat the threshold as not ruled out.", _worst_case),
    Check("errors-not-the-models", "warning", "Errors come from the system or the grader",
          "runs with five or more errors, more than half of them by system or grader",
          "Repair the harness and run the lost samples again.", _error_origins),
    Check("run-not-finished", "warning", "A run that broke off",
          "cited runs that did not end as complete",
          "Finish the run, or say in the rationale why its part is enough.", _unfinished),
    Check("elicitation-not-adequate", "warning", "Elicitation is not declared adequate",
          "runs of evaluations that carry a threshold",
          "Declare it, or run with better elicitation: until then the result is a lower bound.", _elicitation),
    Check("contamination-not-stated", "notice", "Contamination is not stated",
          "runs of evaluations that carry a threshold",
          "Say in the report what is known about the data in training.", _contamination),
    Check("sandbagging-not-stated", "notice", "Sandbagging is not stated",
          "runs of evaluations that carry a threshold",
          "Say in the report which screens for held-back capability were made.", _sandbagging),
    Check("grader-not-stated", "notice", "The grader is not stated",
          "runs of evaluations that carry a threshold",
          "Say in the report what graded, and how it was validated.", _grader),
    Check("evaluation-not-listed", "warning", "An evaluation that the framework does not list",
          "evaluations of cited runs against the framework's catalogue",
          "Correct the slug, or list the evaluation in the next version of the framework.", _unlisted),
    Check("unit-against-catalogue", "notice", "Another unit than the framework lists",
          "units of cited figures against the catalogue",
          "List the unit in the next version of the framework, or correct the report.", _catalogue_unit),
    Check("polarity-not-stated", "notice", "Nobody says which direction is risk",
          "cited evaluations of a category whose polarity is none",
          "Say in the framework which direction is riskier, or that the evaluation only informs.", _no_polarity),
    Check("side-not-stated", "warning", "Before or after mitigation?",
          "cited figures of a category's evaluations that name no side",
          "Ask for the side; until then the figure counts on neither.", _sideless),
    Check("indicator-blind", "warning", "An indicator that cannot decide",
          "indicators whose every figure lacks both n and standard error",
          "Ask for n, or run the evaluation: until then the level stays open.", _never_decides),
)  # fmt: skip
