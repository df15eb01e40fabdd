"""What one indicator's evidence says about its threshold: reached, ruled out, cannot rule out, or not assessed."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from evaluations.estimates.deciding import decide, deciding_bounds
from evaluations.estimates.tally import Tally, tally_from_dict

RISK_ORDER = ("not_assessed", "ruled_out", "cannot_rule_out", "reached")
DECIDING_UNITS = ("proportion", "percent")


def percent_text(fraction: Optional[float]) -> str:
    """Return a fraction as people read it, with one decimal: `20.9 %`."""
    return "not measured" if fraction is None else "%.1f %%" % (100.0 * fraction)


def counts_for(indicator: Dict[str, Any], mitigation: str, item: Dict[str, Any]) -> bool:
    """Whether an evidence item is evidence of this indicator on this side of the mitigations."""
    return bool(
        item["evaluation"] == indicator["evaluation"]
        and item["stratum"] == indicator["stratum"]
        and item["metric"] == indicator["metric"]
        and item["mitigation"] == mitigation
        and item["unit"] in DECIDING_UNITS
    )


REQUIRED_WORDS = {"scaffold": "a scaffold", "tools": "tools", "fine_tuned": "fine-tuning for the task"}


def missing_elicitation(indicator: Dict[str, Any], item: Dict[str, Any]) -> List[str]:
    """Return what the indicator requires of a run's elicitation and the run does not declare, in words."""
    required, declared = indicator.get("elicitation", {}), item.get("elicitation", {})
    missing = [words for name, words in REQUIRED_WORDS.items() if required.get(name) and not declared.get(name)]
    for name, words in (("attempts", "%d attempts"), ("best_of_n", "the best of %d")):
        least = required.get(name)
        if least is not None and (declared.get(name) or 0) < least:
            missing.append(words % least)
    return missing


def only_a_lower_bound(indicator: Dict[str, Any], item: Dict[str, Any]) -> str:
    """Return why no number of samples lets a run rule a level out, or an empty text."""
    if item.get("expired"):
        return "the evidence has expired: %s" % "; ".join(reason["words"] for reason in item["expired"])
    if item["elicitation_adequate"] is not True:
        return "its elicitation was not declared adequate, so the result is only a lower bound"
    missing = missing_elicitation(indicator, item)
    if missing:
        return "the threshold requires %s, which the run does not declare" % " and ".join(missing)
    return ""


def _ruling_out_fails(indicator: Dict[str, Any], coverage: float, item: Dict[str, Any], coverage_minimum: float) -> str:
    """Return why a worst-case bound below the threshold still does not rule out, or an empty text."""
    if coverage < coverage_minimum and not only_a_lower_bound(indicator, item):
        return "only %s of the expected samples were scored, below the minimum of %s" % (
            percent_text(coverage),
            percent_text(coverage_minimum),
        )
    return only_a_lower_bound(indicator, item)


def _in_risk_direction(indicator: Dict[str, Any], item: Dict[str, Any]) -> Tuple[Tally, float]:
    """Return a run's tally and the threshold, both mirrored by 1 - x for a safer-is-higher metric."""
    tally = tally_from_dict(item["tally"])
    if indicator["direction"] == "at_or_below":
        return tally.mirrored(), 1.0 - indicator["value"]
    return tally, indicator["value"]


def _found(low: float, upper: float, threshold: float, failing: str) -> str:
    if low >= threshold:
        return "reached"
    return "cannot_rule_out" if upper >= threshold or failing else "ruled_out"


def bare_finding(indicator: Dict[str, Any], item: Dict[str, Any], policy: Dict[str, Any]) -> str:
    """Return the finding of `run_finding` without the estimate and the reason, for whoever asks very often."""
    if item["tally"] is None:
        return "cannot_rule_out"
    tally, threshold = _in_risk_direction(indicator, item)
    low, upper = deciding_bounds(tally, indicator["interval"] or policy["interval"])
    return _found(low, upper, threshold, _ruling_out_fails(indicator, tally.coverage, item, policy["coverage_minimum"]))


def ended_only(indicator: Dict[str, Any], item: Dict[str, Any], policy: Dict[str, Any]) -> bool:
    """Whether nothing but its end keeps a run from ruling the level out, so that a run that stands takes its place."""
    return bool(item.get("expired")) and bare_finding(indicator, {**item, "expired": []}, policy) == "ruled_out"


def run_finding(
    indicator: Dict[str, Any], item: Dict[str, Any], policy: Dict[str, Any]
) -> Tuple[str, str, Optional[Dict[str, Any]]]:
    """Return (finding, reason, estimate) of one run against one threshold T; a tie counts as the higher risk.

    The estimate is in risk direction: for a safer-is-higher metric both it and T are mirrored by 1 - x.
    """
    if item["tally"] is None:
        return "cannot_rule_out", "neither n nor a standard error is known, so no interval can be formed", None
    tally, threshold = _in_risk_direction(indicator, item)
    estimate = decide(tally, indicator["statistic"], indicator["interval"] or policy["interval"])
    failing = _ruling_out_fails(indicator, estimate["coverage"], item, policy["coverage_minimum"])
    finding = _found(estimate["low"], estimate["upper"], threshold, failing)
    if finding == "cannot_rule_out" and estimate["upper"] < threshold:
        return finding, failing, estimate
    words = {
        "reached": "the lower bound %s is at or above the threshold %s",
        "cannot_rule_out": "the worst-case upper bound %s is not below the threshold %s",
        "ruled_out": "the worst-case upper bound %s is below the threshold %s",
    }[finding]
    bound = estimate["low"] if finding == "reached" else estimate["upper"]
    return finding, words % (percent_text(bound), percent_text(threshold)), estimate


def _is_approaching(estimate: Optional[Dict[str, Any]], indicator: Dict[str, Any], margin: float) -> bool:
    if estimate is None:
        return False
    threshold = 1.0 - indicator["value"] if indicator["direction"] == "at_or_below" else indicator["value"]
    point = estimate["point"] if estimate["point"] is not None else 0.0
    return bool(estimate["low"] < threshold and max(point, estimate["upper"]) >= threshold - margin)


def indicator_row(
    indicator: Dict[str, Any], mitigation: str, evidence: List[Dict[str, Any]], policy: Dict[str, Any]
) -> Dict[str, Any]:
    """Return the row of one indicator: its finding, the run that decides it, and every run that was considered.

    Of several current runs the one with the highest-risk finding stands; among equals the one with the highest
    worst-case bound, then the lowest run id. No run can be outvoted by another. Only a run that would rule the level
    out, had it not ended, gives way to one that stands: otherwise nothing could ever renew it.
    """
    runs = []
    for item in evidence:
        if counts_for(indicator, mitigation, item):
            finding, reason, estimate = run_finding(indicator, item, policy)
            ended = {"ended": True} if ended_only(indicator, item, policy) else {}
            runs.append({"run": item["run"], "finding": finding, "reason": reason, "estimate": estimate, **ended})

    def risk(row: Dict[str, Any]) -> Tuple[int, float]:
        bound = row["estimate"]["upper"] if row["estimate"] else 1.0
        return RISK_ORDER.index(row["finding"]), bound

    runs.sort(key=lambda row: row["run"])
    standing = [row for row in runs if "ended" not in row] or runs
    deciding = max(standing, key=risk) if standing else None
    estimate = deciding["estimate"] if deciding else None
    margin = policy["alert_margin"] if indicator.get("alert_margin") is None else indicator["alert_margin"]
    return {
        "id": indicator["id"],
        "evaluation": indicator["evaluation"],
        "stratum": indicator["stratum"],
        "metric": indicator["metric"],
        "threshold": indicator["value"],
        "direction": indicator["direction"],
        "statistic": indicator["statistic"],
        "interval": indicator["interval"] or policy["interval"],
        "required": indicator["required"],
        "illustrative": indicator["illustrative"],
        "finding": deciding["finding"] if deciding else "not_assessed",
        "reason": deciding["reason"] if deciding else "it was not run on this side of the mitigations",
        "approaching": _is_approaching(estimate, indicator, margin),
        "run": deciding["run"] if deciding else None,
        "estimate": estimate,
        "runs": runs,
    }
