"""Checks of the rules themselves: when thresholds were set, whether n can decide them, what was left open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from evaluations.estimates.wilson import wilson_interval
from scorecard.framework.findings import percent_text
from scorecard.xray.case import SIDE_WORDS, Case, Record, grouped, side_place
from scorecard.xray.finding import Check, Spot


def _first_result(case: Case) -> datetime | None:
    results = (
        row.received_at for row in case.figures if row.evaluation in case.judging and row.standing != "comparison"
    )
    return min(results, default=None)


def _effective_late(case: Case) -> Iterable[Spot]:
    first, effective = _first_result(case), date.fromisoformat(case.framework["effective_from"])
    if first is not None and effective > first.date():
        reason = f"The thresholds hold from {effective}, but the first result came in on {first.date()}."
        yield Spot("/framework/effective_from", reason)


def _published_late(case: Case) -> Iterable[Spot]:
    first, published = _first_result(case), datetime.fromisoformat(case.framework["published_at"])
    if first is not None and published > first:
        days = f"{published:%Y-%m-%d %H:%M}, the first result came in on {first:%Y-%m-%d %H:%M}"
        reason = f"The thresholds were published on {days}."
        yield Spot("/framework/published_at", reason)


def _illustrative(case: Case) -> Iterable[Spot]:
    marked = [row for row in case.framework["indicators"] if row["illustrative"]]
    seen = {category["category"] for category, _, _ in case.indicator_rows()}
    for category in sorted({row["category"] for row in marked} & seen):
        own = [row["id"] for row in marked if row["category"] == category]
        yield Spot(f"/categories/{category}", f"{len(own)} thresholds are illustrative: {', '.join(own)}.")


def _deciding(case: Case) -> Iterable[tuple[Record, str, Record, Record]]:
    """Yield (category, side, indicator row, estimate) of every indicator that has an estimate."""
    for category, side, row in case.indicator_rows():
        if row["estimate"] and row["estimate"]["n_eff"] > 0:
            yield category, side, row, row["estimate"]


def _coarse(case: Case) -> Iterable[Spot]:
    margin = case.framework["policy"]["alert_margin"]
    for category, side, row, estimate in _deciding(case):
        step = 1.0 / estimate["n_eff"]
        if step > margin:
            moves = f"one sample of {estimate['n_eff']:g} moves the result by {percent_text(step)}"
            reason = f"{row['evaluation']}: {moves}, more than the alert margin of {percent_text(margin)}."
            yield Spot(side_place(category, side), reason, (row["run"],))


def _never_ruled_out(case: Case) -> Iterable[Spot]:
    for category, side, row, estimate in _deciding(case):
        threshold = 1.0 - row["threshold"] if row["direction"] == "at_or_below" else row["threshold"]
        best = wilson_interval(0.0, estimate["n_eff"])[1]
        if best >= threshold:
            reason = f"{row['evaluation']}: even 0 of {estimate['n_eff']:g} leaves {percent_text(best)} possible, " \
                     f"so {percent_text(threshold)} can never be ruled out."  # fmt: skip
            yield Spot(side_place(category, side), reason, (row["run"],))


def _optional_open(case: Case) -> Iterable[Spot]:
    for category, side, row in case.indicator_rows():
        if not row["required"] and row["finding"] in ("cannot_rule_out", "not_assessed"):
            reason = f"The optional indicator {row['id']} is open: {row['reason']}."
            runs = tuple(found["run"] for found in row["runs"])
            yield Spot(side_place(category, side), reason, runs)


def _required_missing(case: Case) -> Iterable[Spot]:
    missing = ((category["category"], side, row) for category, side, row in case.indicator_rows()
               if row["required"] and row["finding"] == "not_assessed")  # fmt: skip
    found: dict[tuple[str, str], list[str]] = {}
    for category, side, row in missing:
        found.setdefault((category, side), []).append(row["id"])
    for (category, side), ids in found.items():
        yield Spot(f"/categories/{category}/{side}", f"No run {SIDE_WORDS[side]} answers {', '.join(ids)}.")


def _not_operational(case: Case) -> Iterable[Spot]:
    for category, side, said in case.sides():
        bare = [case.level_name(row["level"]) for row in said["levels"][1:] if not row["operationalised"]]
        if bare and side == "post_mitigation":
            reason = f"No indicator speaks for {' and '.join(bare)}, so evidence can neither reach nor rule it out."
            yield Spot(f"/categories/{category['category']}", reason)


def _same_thresholds(case: Case) -> Iterable[Spot]:
    def key(row: Record) -> tuple[str, str | None, str]:
        return row["evaluation"], row["stratum"], row["metric"]

    for one in case.framework["indicators"]:
        for other in case.framework["indicators"]:
            if key(one) == key(other) and one["category"] == other["category"]:
                yield from _disordered(case, one, other)


def _disordered(case: Case, one: Record, other: Record) -> Iterable[Spot]:
    sign = -1 if one["direction"] == "at_or_below" else 1
    if case.rank(one["level"]) < case.rank(other["level"]) and sign * one["value"] >= sign * other["value"]:
        reason = f"{other['id']} speaks for a higher level than {one['id']}, and is no harder to reach."
        yield Spot(f"/framework/indicators/{other['id']}", reason)


def _one_source(case: Case) -> Iterable[Spot]:
    for category in case.framework["categories"]:
        own = {row["evaluation"] for row in case.framework["indicators"] if row["category"] == category["slug"]}
        rows = [row for row in case.cited if row.evaluation in own]
        if rows and len(grouped(rows, lambda row: row.evaluation)) == 1 and len(own) > 1:
            reason = f"Of {len(own)} evaluations with a threshold only {rows[0].evaluation} was run."
            yield Spot(f"/categories/{category['slug']}", reason, tuple(row.run for row in rows))


CHECKS = (
    Check("threshold-effective-late", "warning", "Thresholds hold from after the first result",
          "the framework's effective date against the first run that a threshold reads",
          "Say in the rationale who knew the results when the thresholds were set.", _effective_late),
    Check("threshold-published-late", "warning", "Thresholds were published after the first result",
          "when the framework was published here against the first run that a threshold reads",
          "Say in the rationale who knew the results when the thresholds were set.", _published_late),
    Check("threshold-illustrative", "notice", "Illustrative thresholds",
          "indicators that the framework marks as illustrative, by category",
          "Publish a version of the framework with thresholds of your own.", _illustrative),
    Check("threshold-order", "warning", "A higher level that is easier to reach",
          "thresholds of one measure across the levels of a category",
          "Correct the thresholds in the next version of the framework.", _same_thresholds),
    Check("n-too-coarse", "warning", "One sample moves more than the alert margin",
          "one over the independent units of each deciding run against the framework's alert margin",
          "Run more samples before the distance to the threshold means anything.", _coarse),
    Check("n-cannot-rule-out", "warning", "No result could rule this out",
          "the upper bound of zero successes at the run's n against the threshold",
          "Run more samples: with this n the level stays open whatever comes out.", _never_ruled_out),
    Check("optional-open", "warning", "An optional indicator is open",
          "optional indicators that are undecided or were not run",
          "Decide it, or say in the rationale why it may stay open.", _optional_open),
    Check("required-not-run", "warning", "A required indicator was not run",
          "required indicators without any run, by category and side",
          "Run them, or say in the rationale what else speaks for the level.", _required_missing),
    Check("level-without-indicator", "notice", "A level that evidence cannot speak for",
          "levels above the lowest without an indicator, by category",
          "Add an indicator in the next version of the framework; until then people alone judge it.", _not_operational),
    Check("one-evaluation-only", "warning", "A category rests on one evaluation",
          "categories with several evaluations that carry a threshold, of which one was run",
          "Run the others.", _one_source),
)  # fmt: skip
