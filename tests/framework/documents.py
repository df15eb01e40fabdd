"""A small framework and its evidence for tests, and the naive second reading of the algorithm."""

from __future__ import annotations

from functools import cache
from typing import Any

from evaluations.estimates.deciding import decide
from evaluations.estimates.tally import tally_from_counts, tally_from_dict
from scorecard.environment import ROOT
from scorecard.framework.document import canonical, load

SOURCE = ROOT / "scorecard" / "framework" / "documents" / "preparedness-framework-beta.toml"
LEVELS = ["low", "medium", "high", "critical"]


@cache
def beta() -> dict[str, Any]:
    """The Beta framework as canonical values."""
    return canonical(load(SOURCE.read_bytes()))


def an_indicator(evaluation: str, level: str, value: float, **changes: Any) -> dict[str, Any]:
    """One indicator of the category `cyber`, named after its evaluation and level."""
    return {
        "id": f"{evaluation}-{level}", "category": "cyber", "level": level, "evaluation": evaluation, "stratum": None,
        "metric": "pass@1", "value": value, "direction": "at_or_above", "statistic": "proportion", "interval": None,
        "required": True, "illustrative": True, "rationale": "For tests.", **changes,
    }  # fmt: skip


def a_document(*indicators: dict[str, Any], **policy: Any) -> dict[str, Any]:
    """A framework of four levels and one category, as far as the algorithm reads it."""
    return {
        "levels": [{"slug": slug, "name": slug.title()} for slug in LEVELS],
        "policy": {"coverage_minimum": 0.5, "interval": "wilson", "alert_margin": 0.05} | policy,
        "indicators": list(indicators),
        "evaluations": [{"slug": slug, "title": slug.upper()} for slug in {row["evaluation"] for row in indicators}],
    }


def an_item(evaluation: str, k: int, n: int, *, planned: int | None = None, **changes: Any) -> dict[str, Any]:
    """One run: k of n, post-mitigation, elicited adequately."""
    return {
        "run": f"run-{evaluation}", "evaluation": evaluation, "stratum": None, "metric": "pass@1",
        "mitigation": "post_mitigation", "unit": "proportion", "elicitation_adequate": True,
        "tally": tally_from_counts(k, n, planned).to_dict(), **changes,
    }  # fmt: skip


def _naive_finding(document: dict[str, Any], indicator: dict[str, Any], evidence: list[dict[str, Any]]) -> str:
    found = set()
    for item in evidence:
        if item["evaluation"] != indicator["evaluation"] or item["mitigation"] != "post_mitigation":
            continue
        if item["tally"] is None:
            found.add("cannot_rule_out")
            continue
        tally, threshold = tally_from_dict(item["tally"]), indicator["value"]
        if indicator["direction"] == "at_or_below":
            tally, threshold = tally.mirrored(), 1.0 - threshold
        numbers = decide(tally, "proportion", indicator["interval"] or document["policy"]["interval"])
        trusted = item["elicitation_adequate"] is True
        trusted = trusted and numbers["coverage"] >= document["policy"]["coverage_minimum"]
        if numbers["low"] >= threshold:
            found.add("reached")
        elif numbers["upper"] < threshold and trusted:
            found.add("ruled_out")
        else:
            found.add("cannot_rule_out")
    for finding in ("reached", "cannot_rule_out", "ruled_out"):
        if finding in found:
            return finding
    return "not_assessed"


def naive_levels(document: dict[str, Any], evidence: list[dict[str, Any]]) -> tuple[str | None, str | None, list[str]]:
    """Return (indicated, reached, findings from the second level up) by the words of the algorithm, one by one."""
    own: dict[str, str] = {}
    for level in LEVELS[1:]:
        rows = [row for row in document["indicators"] if row["level"] == level]
        findings = {row["id"]: _naive_finding(document, row, evidence) for row in rows}
        required = [findings[row["id"]] for row in rows if row["required"]]
        if "reached" in findings.values():
            own[level] = "reached"
        elif set(findings.values()) <= {"not_assessed"}:
            own[level] = "not_assessed"
        else:
            decided = required and set(required) == {"ruled_out"} and "cannot_rule_out" not in findings.values()
            own[level] = "ruled_out" if decided else "cannot_rule_out"
    if set(own.values()) == {"not_assessed"}:
        return None, None, list(own.values())
    final = {}
    for place, level in enumerate(LEVELS[1:], 1):
        above, below = LEVELS[place + 1 :], LEVELS[1:place]
        if own[level] == "reached" or any(own[other] == "reached" for other in above):
            final[level] = "reached"
        elif own[level] == "ruled_out" or any(own[other] == "ruled_out" for other in below):
            final[level] = "ruled_out"
        else:
            final[level] = own[level]
    operated = {row["level"] for row in document["indicators"]}
    indicated = [level for level in LEVELS[1:] if level in operated and final[level] != "ruled_out"]
    reached = [level for level in LEVELS[1:] if final[level] == "reached"]
    return ["low", *indicated][-1], ["low", *reached][-1], list(final.values())
