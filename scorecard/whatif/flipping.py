"""How many samples of a run would have to come out otherwise before a finding, and the level, is another."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evaluations.estimates.tally import Tally, tally_from_dict
from scorecard.framework.findings import RISK_ORDER, bare_finding
from scorecard.whatif.standing import Case, Record
from scorecard.whatif.turning import turns

Turns = dict[str, list[tuple[int, str]]]
"""Indicator -> the counts at which a run's finding of it turns, each with the finding from there on."""
CHANGES = ("failure_to_success", "success_to_failure", "missing_to_success", "missing_to_failure")
MOST_RUNS = 100
"""Of how many runs flips and further samples are asked at most, so that a page is answered in time."""
SLACK = 1e-9
"""What a whole count may lack by rounding: 0.29 of 100 is 28.999999999999996."""


@dataclass(frozen=True)
class FindingFlip:
    """The smallest number of flips that changes what an indicator finds, and what it finds then."""

    indicator: str
    count: int
    finding: str


@dataclass(frozen=True)
class LevelFlip:
    """The smallest number of flips that changes a level, and that level."""

    count: int
    level: str | None


@dataclass(frozen=True)
class Flips:
    """What flipping the samples of one run in one direction does; None where no number of flips does it.

    `room` is how many samples there are to flip.
    """

    run: str
    change: str
    room: int
    findings: tuple[FindingFlip, ...]
    indicated: LevelFlip | None
    reached: LevelFlip | None


def room_for(tally: Tally, change: str) -> int:
    """Return how many whole samples can flip."""
    if change == "failure_to_success":
        return math.floor(tally.expected - tally.ceiling + SLACK)
    if change == "success_to_failure":
        return math.floor(tally.floor + SLACK)
    return tally.expected - tally.scored


def flipped(tally: Tally, change: str, count: int) -> Tally:
    """Return the tally after `count` whole samples flipped.

    A missing sample that comes to be scored is worth as many independent units as those already scored are.
    """
    if change == "failure_to_success":
        return replace(tally, total=tally.total + count, floor=tally.floor + count, ceiling=tally.ceiling + count)
    if change == "success_to_failure":
        fewer = {name: max(0.0, getattr(tally, name) - count) for name in ("total", "floor", "ceiling")}
        return replace(tally, **fewer)
    units, of = (tally.units, tally.scored) if tally.scored else (tally.expected_units, tally.expected)
    scored = tally.scored + count
    found = replace(tally, scored=scored, units=min(tally.expected_units, units * scored / of))
    if change == "missing_to_success":
        return replace(found, total=tally.total + count, floor=tally.floor + count)
    return replace(found, ceiling=max(tally.total, tally.ceiling - count))


def _turns_of(case: Case, item: Record, change: str, room: int) -> Turns:
    """Return indicator -> where the run's finding of it turns."""
    tally = tally_from_dict(item["tally"])
    found = {}
    for indicator in case.speaking_to(item):

        def finding(count: int, indicator: Record = indicator) -> str:
            changed = {**item, "tally": flipped(tally, change, count).to_dict()}
            return bare_finding(indicator, changed, case.document["policy"])

        found[indicator["id"]] = list(turns(finding, room))
    return found


def _finding_flips(case: Case, run: str, found: Turns) -> Iterator[FindingFlip]:
    for held in case.held:
        now = held.finding()
        for count, finding in found.get(held.id, []):
            then = held.finding(instead={(held.id, run): finding})
            if then != now:
                yield FindingFlip(held.id, count, then)
                break


def _level_flips(case: Case, run: str, found: Turns) -> dict[str, LevelFlip]:
    """Return `indicated` and `reached`, where they change, with the smallest count.

    Findings turn at few counts, and between two of them nothing changes, so the level is weighed at those only.
    """
    steps: dict[int, dict[tuple[str, str], str]] = defaultdict(dict)
    for indicator, places in found.items():
        for count, finding in places:
            steps[count][indicator, run] = finding
    instead: dict[tuple[str, str], str] = {}
    levels: dict[str, LevelFlip] = {}
    for count in sorted(steps):
        instead |= steps[count]
        then = case.weighed(instead=instead)
        for which in ("indicated", "reached"):
            if getattr(then, which) != getattr(case.verdict, which):
                levels.setdefault(which, LevelFlip(count, getattr(then, which)))
    return levels


def flips_of(case: Case, item: Record, change: str) -> Flips | None:
    """Return what flips of one kind in one run change; None where the run has no sample to flip so."""
    room = room_for(tally_from_dict(item["tally"]), change) if item["tally"] is not None else 0
    if room < 1:
        return None
    run, found = item["run"], _turns_of(case, item, change, room)
    levels = _level_flips(case, run, found)
    flips = tuple(_finding_flips(case, run, found))
    return Flips(run, change, room, flips, levels.get("indicated"), levels.get("reached"))


def riskiest(case: Case, most: int) -> tuple[Record, ...]:
    """Return the items of at most `most` runs, those with the findings of highest risk first, else by run."""
    risk = {
        run: max(RISK_ORDER.index(one.findings[run]) for one in case.held if run in one.findings) for run in case.runs
    }
    return tuple(sorted(case.evidence, key=lambda item: (-risk[item["run"]], item["run"]))[:most])


def all_flips(case: Case, *, most_runs: int = MOST_RUNS) -> tuple[Flips, ...]:
    """Return every kind of flip of every run, of no more than `most_runs` that have the findings of highest risk.

    A run that has ended is not asked: what its samples would say otherwise is history.
    """
    asked = [item for item in riskiest(case, most_runs) if not item.get("expired")]
    found = (flips_of(case, item, change) for item in asked for change in CHANGES)
    return tuple(one for one in found if one is not None)
