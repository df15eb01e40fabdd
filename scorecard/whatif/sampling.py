"""Power: how many further samples at the present rate turn an undecided finding into a decided one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from evaluations.estimates.tally import Tally, tally_from_dict
from scorecard.framework.findings import bare_finding, only_a_lower_bound
from scorecard.whatif.flipping import MOST_RUNS, riskiest
from scorecard.whatif.standing import Case, Record, Verdict
from scorecard.whatif.turning import turns

MOST_SAMPLES = 1_000_000


@dataclass(frozen=True)
class Further:
    """The smallest number of further samples after which a run reaches, or rules out, an indicator's threshold.

    `count` is None where no number up to `more_than` does, or where none ever does: then `why_never` says why.
    `verdict` is the one after that many, and None without a count.
    """

    run: str
    indicator: str
    rate: float | None
    finding: str | None
    count: int | None
    more_than: int | None
    why_never: str
    verdict: Verdict | None


def extended(tally: Tally, count: int) -> Tally:
    """Return the tally after `count` further samples, all scored, at the present rate of a run with scored samples.

    They add successes at exactly that rate, whole or not, and as many independent units as the scored ones have.
    """
    scored = tally.scored + count
    total, units = tally.total * scored / tally.scored, tally.units * scored / tally.scored
    more = total - tally.total
    return replace(
        tally,
        total=total,
        scored=scored,
        expected=tally.expected + count,
        floor=tally.floor + more,
        ceiling=tally.ceiling + more,
        units=units,
        expected_units=tally.expected_units + units - tally.units,
    )


def _finding_after(case: Case, item: Record, indicator: Record, count: int) -> str:
    changed = {**item, "tally": extended(tally_from_dict(item["tally"]), count).to_dict()}
    return bare_finding(indicator, changed, case.document["policy"])


def _goal(case: Case, item: Record, indicator: Record, tally: Tally) -> tuple[str, str]:
    """Return (the finding that more samples lead to, ""), or ("", why none does): bounds close in on the rate."""
    safer = indicator["direction"] == "at_or_below"
    threshold = 1.0 - indicator["value"] if safer else indicator["value"]
    towards = tally.mirrored() if safer else tally
    rate = towards.total / towards.scored
    if rate > threshold:
        return "reached", ""
    if rate == threshold:
        return "", "the rate is the threshold itself, so neither bound ever passes it"
    weak = only_a_lower_bound(indicator, item)
    if weak:
        return "", f"{weak}, and more samples do not mend that"
    if tally.scored < tally.expected and case.document["policy"]["coverage_minimum"] >= 1.0:
        return "", "the framework demands every expected sample, and some are missing"
    return "ruled_out", ""


def further_samples(case: Case, item: Record, indicator: Record, *, most: int = MOST_SAMPLES) -> Further:
    """Return what further samples of one undecided run come to for one indicator."""
    run, name = item["run"], indicator["id"]
    tally = tally_from_dict(item["tally"]) if item["tally"] is not None else None
    if tally is None or not tally.scored:
        why = "there is no rate: " + ("neither n nor a standard error is known" if tally is None else "none was scored")
        return Further(run, name, None, None, None, None, why, None)
    rate = tally.total / tally.scored
    goal, why = _goal(case, item, indicator, tally)
    if not goal:
        return Further(run, name, rate, None, None, None, why, None)

    def finding(count: int) -> str:
        return _finding_after(case, item, indicator, count)

    found = next((count for count, then in turns(finding, most) if then == goal), None)
    if found is None:
        return Further(run, name, rate, goal, None, most, "", None)
    instead = {(row["id"], run): _finding_after(case, item, row, found) for row in case.speaking_to(item)}
    return Further(run, name, rate, goal, found, None, "", case.weighed(instead=instead))


def all_further_samples(case: Case, *, most_runs: int = MOST_RUNS) -> Iterator[Further]:
    """Yield what further samples come to for every run that leaves an indicator undecided, lowest level first.

    No more than `most_runs` are asked, those with the findings of highest risk.
    """
    named = {item["run"]: item for item in riskiest(case, most_runs)}
    indicators = {row["id"]: row for row in case.indicators}
    for row in case.rows:
        for run in row["runs"]:
            if run["finding"] == "cannot_rule_out" and run["run"] in named:
                yield further_samples(case, named[run["run"]], indicators[row["id"]])
