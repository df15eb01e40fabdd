"""The verdict under another bound, confidence, coverage minimum, declaration of elicitation, or threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

from evaluations.estimates.deciding import INTERVALS
from evaluations.estimates.tally import tally_from_dict
from evaluations.estimates.wilson import Z_95
from scorecard.framework.findings import bare_finding
from scorecard.whatif.standing import Case, Record, Verdict, verdict_under

CONFIDENCES = (0.90, 0.95, 0.99)
NOT_RESCALED = "an indicator of this category decides by Clopper-Pearson, which is known here at 95 % only"


@dataclass(frozen=True)
class CoverageStep:
    """The verdict while the framework's coverage minimum is above `above` and at most `up_to`; the first from 0 on."""

    above: float
    up_to: float
    verdict: Verdict


@dataclass(frozen=True)
class ThresholdTurn:
    """Where a threshold would have to stand, in the metric's own direction, and the verdict that follows from each.

    The indicator is reached at `reached_at` and beyond it on the side of less risk, and ruled out past `ruled_out_past`
    on the side of more; None where no threshold does it, and then `why_never` says why.
    """

    indicator: str
    threshold: float
    direction: str
    finding: str
    reached_at: float | None
    if_reached: Verdict
    ruled_out_past: float | None
    if_ruled_out: Verdict
    why_never: str


def under_bound(case: Case, interval: str) -> Verdict:
    """Return the verdict if every indicator decided by this interval."""
    policy = {**case.document["policy"], "interval": interval}
    indicators = [{**row, "interval": interval} for row in case.document["indicators"]]
    return verdict_under({**case.document, "policy": policy, "indicators": indicators}, case, case.evidence)


def under_bounds(case: Case) -> dict[str, Verdict]:
    """Return the verdict under each interval that may decide."""
    return {interval: under_bound(case, interval) for interval in INTERVALS}


def rescaled(item: Record, confidence: float) -> Record:
    """Return the item whose 95 % Wilson interval is the original's at another confidence.

    Wilson's bounds depend on z and n through z^2 / n alone (Wilson 1927), so that another z on n units is the 95 % one
    on n (z_95 / z)^2 units: the deciding code itself computes it.
    """
    if item["tally"] is None or confidence == 0.95:
        return item
    scale = (Z_95 / NormalDist().inv_cdf((1.0 + confidence) / 2.0)) ** 2
    tally = item["tally"]
    return {**item, "tally": {**tally, **{name: tally[name] * scale for name in ("units", "expected_units")}}}


def under_confidence(case: Case, confidence: float) -> Verdict | None:
    """Return the verdict at a confidence in (0, 1); None where an indicator decides by Clopper-Pearson."""
    if any((row["interval"] or case.document["policy"]["interval"]) != "wilson" for row in case.indicators):
        return None
    return verdict_under(case.document, case, [rescaled(item, confidence) for item in case.evidence])


def _by_coverage(case: Case) -> dict[tuple[str, str], tuple[float, str, str]]:
    """Return (indicator, run) -> its coverage, and what it finds while the minimum is met and while it is not."""
    met, unmet = ({**case.document["policy"], "coverage_minimum": minimum} for minimum in (0.0, math.inf))
    return {
        (row["id"], item["run"]): (
            tally_from_dict(item["tally"]).coverage, bare_finding(row, item, met), bare_finding(row, item, unmet),
        )
        for item in case.evidence if item["tally"] is not None
        for row in case.speaking_to(item)
    }  # fmt: skip


def under_coverage(case: Case) -> tuple[CoverageStep, ...]:
    """Return the verdict for every coverage minimum from 0 to 1, as steps; it turns only at a run's own coverage."""
    found = _by_coverage(case)
    steps: list[CoverageStep] = []
    for above, up_to in pairwise([0.0, *sorted({coverage for coverage, _, _ in found.values()} | {1.0})]):
        if any(item.get("expired") for item in case.evidence):
            # Whether a run that has ended gives way to one that stands depends on the minimum as well.
            policy = {**case.document["policy"], "coverage_minimum": up_to}
            verdict = verdict_under({**case.document, "policy": policy}, case, case.evidence)
        else:
            instead = {key: met if coverage >= up_to else unmet for key, (coverage, met, unmet) in found.items()}
            verdict = case.weighed(instead=instead)
        if steps and steps[-1].verdict == verdict:
            above = steps.pop().above
        steps.append(CoverageStep(above, up_to, verdict))
    return tuple(steps)


def undeclared(case: Case) -> tuple[str, ...]:
    """Return the runs whose elicitation was not declared adequate."""
    return tuple(item["run"] for item in case.evidence if item["elicitation_adequate"] is not True)


def if_declared(case: Case, *, adequate: bool) -> Verdict:
    """Return the verdict if the elicitation of every run were declared adequate, or of none."""
    items = [{**item, "elicitation_adequate": adequate} for item in case.evidence]
    return verdict_under(case.document, case, items)


def _never_ruled_out(case: Case, row: Record) -> str:
    if not row["runs"]:
        return "it was not run on this side of the mitigations"
    if any(run["estimate"] is None for run in row["runs"]):
        return "a run has neither n nor a standard error"
    named = {item["run"]: item for item in case.evidence}
    if all(named[run["run"]].get("expired") for run in row["runs"]):
        return "the evidence has expired"
    if any(named[run["run"]]["elicitation_adequate"] is not True for run in row["runs"]):
        return "the elicitation of a run was not declared adequate"
    if any(run["estimate"]["coverage"] < case.document["policy"]["coverage_minimum"] for run in row["runs"]):
        return "a run scored less than the minimum of its expected samples"
    return ""


def threshold_turn(case: Case, row: Record) -> ThresholdTurn:
    """Return where the finding of one indicator's row turns, other thresholds as they are."""
    estimates = [run["estimate"] for run in row["runs"] if run["estimate"]]
    never = _never_ruled_out(case, row)
    reached = max((estimate["low"] for estimate in estimates), default=None)
    ruled_out = max((estimate["upper"] for estimate in estimates), default=None)
    safer = row["direction"] == "at_or_below"

    def printed(bound: float | None) -> float | None:
        return bound if bound is None or not safer else 1.0 - bound

    return ThresholdTurn(
        indicator=row["id"],
        threshold=row["threshold"],
        direction=row["direction"],
        finding=row["finding"],
        reached_at=printed(reached),
        if_reached=case.weighed(held_as={row["id"]: "reached"}),
        ruled_out_past=None if never else printed(ruled_out),
        if_ruled_out=case.weighed(held_as={row["id"]: "ruled_out"}),
        why_never=never,
    )


def threshold_turns(case: Case) -> tuple[ThresholdTurn, ...]:
    """Return where the finding of each indicator turns, lowest level first."""
    return tuple(threshold_turn(case, row) for row in case.rows)
