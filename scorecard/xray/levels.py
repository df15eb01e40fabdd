"""Checks of people's verdicts: levels against findings, sides against each other, and the reasons given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from scorecard.xray.case import SIDE_WORDS, Case, Record, grouped, side_place
from scorecard.xray.finding import Check, Spot


def _from_lint(case: Case, code: str) -> Iterable[Spot]:
    """Yield what the signed record's own lint says: a card must not be told two things about one fault."""
    for row in case.card["lint"]:
        if row["code"] == code:
            yield Spot(f"/categories/{row['where']}", row["message"])


def _undetermined(case: Case) -> Iterable[Spot]:
    yield from _from_lint(case, "undetermined")


def _contradiction(case: Case) -> Iterable[Spot]:
    yield from _from_lint(case, "contradiction")


def _below(case: Case) -> Iterable[Spot]:
    yield from _from_lint(case, "below-indicated")


def _determined(case: Case) -> Iterable[tuple[Record, str, Record]]:
    yield from (found for found in case.sides() if found[2]["determination"] is not None)


def _above(case: Case) -> Iterable[Spot]:
    for category, side, said in _determined(case):
        indicated, level = said["indicated_level"], said["determination"]["level"]
        if indicated is not None and case.rank(level) > case.rank(indicated):
            reason = f"{case.level_name(level)} was determined; the evidence indicates {case.level_name(indicated)}."
            yield Spot(side_place(category, side), reason)


def _without_evidence(case: Case) -> Iterable[Spot]:
    for category, side, said in _determined(case):
        if said["indicated_level"] is None:
            beside = len(case.category_figures(category["category"], side))
            told = f"{beside} other figures inform it" if beside else "nothing else informs it either"
            level = case.level_name(said["determination"]["level"])
            reason = f"{level} was determined {SIDE_WORDS[side]} although no indicator was run; {told}."
            yield Spot(side_place(category, side), reason)


def _plain(text: str | None) -> str:
    return re.sub(r"\W+", " ", text or "").strip().lower()


def _repeated(case: Case) -> Iterable[Spot]:
    reasons: dict[str, dict[str, str]] = {}
    for category, side, said in _determined(case):
        reasons.setdefault(_plain(said["rationale"]), {}).setdefault(category["category"], side)
    for words, places in reasons.items():
        if words and len(places) > 1:
            first, *rest = places.items()
            names = ", ".join(place for place, _ in rest)
            reason = f"The reason given for {first[0]} stands word for word under {names}."
            yield Spot(f"/categories/{rest[0][0]}/{rest[0][1]}", reason)


def _without_cause(case: Case) -> Iterable[Spot]:
    yield from _from_lint(case, "lowered-without-cause")


def _by_argument(case: Case) -> Iterable[Spot]:
    yield from _from_lint(case, "lowered-by-argument")


def _overall(case: Case) -> Iterable[Spot]:
    for side in SIDE_WORDS if case.framework["overall"] == "maximum" else ():
        levels = [category[side]["determined_level"] for category in case.card["categories"]]
        highest = max(levels, key=case.rank) if levels and all(levels) else None
        if case.card["overall"][side] != highest:
            said = case.level_name(case.card["overall"][side])
            reason = (
                f"The overall level is {said} {SIDE_WORDS[side]}; the highest category is {case.level_name(highest)}."
            )
            yield Spot(f"/overall/{side}", reason)


def _older(case: Case) -> Iterable[Spot]:
    for category, side, said in _determined(case):
        at = datetime.fromisoformat(said["determination"]["at"])
        later = [row for row in case.category_figures(category["category"], side) if row.received_at > at]
        for evaluation, rows in grouped(later, lambda row: row.evaluation).items():
            reason = f"{len(rows)} runs of {evaluation} came in after people determined the level {SIDE_WORDS[side]}."
            yield Spot(side_place(category, side), reason, tuple(row.run for row in rows))


CHECKS = (
    Check("undetermined", "error", "No level was determined",
          "categories and sides without a level of people that counts",
          "Determine the level.", _undetermined),
    Check("contradiction", "error", "Findings that contradict the order of levels",
          "a level that is reached above one that is ruled out",
          "Find which indicator is wrong and supersede its run, or amend the framework.", _contradiction),
    Check("below-indicated", "warning", "Determined below what the evidence indicates",
          "people's level against the highest one that evidence does not rule out",
          "Determine the higher level, or keep the reason for the quorum to judge.", _below),
    Check("above-findings", "notice", "Determined above what the evidence indicates",
          "people's level against the highest one that evidence does not rule out",
          "Say in the rationale which evidence outside the indicators speaks for it.", _above),
    Check("without-evidence", "warning", "Determined without evidence that decides",
          "determinations of a category and side whose indicators were not run",
          "Run an indicator on this side, or say in the rationale what the level rests on.", _without_evidence),
    Check("rationale-repeated", "warning", "One reason for two categories",
          "rationales of different categories, without case and punctuation",
          "Give each category its own reason.", _repeated),
    Check("lowered-without-cause", "error", "Lower after mitigation without a cause",
          "levels after mitigation below those before, against the measurement, safeguard or argument behind them",
          "Measure both sides on the same samples, hold the level equal, or give an argument that people sign.",
          _without_cause),
    Check("lowered-by-argument", "warning", "Lower after mitigation by argument",
          "levels after mitigation below those before that rest on a signed argument and on no measurement",
          "Measure both sides on the same samples, or keep the argument for the quorum to judge.", _by_argument),
    Check("overall-against-categories", "error", "The overall level is not the highest category",
          "the overall level of each side against its categories",
          "Build the record again; if it stays, the software is at fault.", _overall),
    Check("older-than-evidence", "warning", "Determined before the evidence came in",
          "the moment of a determination against the arrival of the category's runs",
          "Determine again with the evidence at hand.", _older),
)  # fmt: skip
