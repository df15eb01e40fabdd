"""How values are put into words in print: times, roles, figures, digests. Display only: nothing is decided here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from evaluations.estimates.deciding import decide
from evaluations.estimates.tally import tally_from_dict
from scorecard.framework.printed import QUALIFIERS, printed_value
from scorecard.plots import percent

Record = dict[str, Any]

SIDE_NAMES = {
    "pre_mitigation": "Pre-mitigation",
    "post_mitigation": "Post-mitigation",
    "unspecified": "Not stated",
}
SHORT_SIDES = {"pre_mitigation": "before", "post_mitigation": "after", "unspecified": "not stated"}
INTERVAL_NAMES = {"wilson": "Wilson score interval", "clopper_pearson": "Clopper-Pearson interval"}
FINDING_NAMES = {
    "reached": "Reached",
    "ruled_out": "Ruled out",
    "cannot_rule_out": "Cannot be ruled out",
    "not_assessed": "Not assessed",
}
ROLE_NAMES = {
    "preparedness": "Preparedness team",
    "advisory_member": "Safety Advisory Group, member",
    "advisory_chair": "Safety Advisory Group, chair",
    "leadership": "Leadership",
    "board": "Board",
    "auditor": "Auditor",
    "administrator": "Administrator",
}
MEANING_NAMES = {
    "recommends": "Recommended",
    "approves": "Approved",
    "reviewed": "Reviewed",
    "accepts_risk": "Accepted the risk",
    "dissents": "Dissented",
}
PLAIN_UNITS = frozenset({"count", "coefficient", "score"})
"""Units that a number does not carry in print, because the metric's name says them."""


def named(slug: object, names: dict[str, str]) -> str:
    """Return the words of a slug; one that is not known keeps its own, without underscores."""
    text = str(slug or "")
    return names.get(text, text.replace("_", " "))


def when(moment: object, *, short: bool = False) -> str:
    """Return an RFC 3339 text as `5 Dec 2024, 09:30 UTC`, or as `5 Dec, 09:30` when short."""
    try:
        at = datetime.fromisoformat(str(moment)).astimezone(UTC)
    except ValueError:
        return "not known"
    return f"{at.day} {at:%b, %H:%M}" if short else f"{at.day} {at:%b %Y, %H:%M} UTC"


def day(moment: object) -> str:
    """Return an ISO date or moment as `18 Dec 2023`; what is no date stays as it is."""
    try:
        at = datetime.fromisoformat(str(moment))
    except ValueError:
        return str(moment)
    return f"{at.day} {at:%b %Y}"


def bare(digest: object) -> str:
    """Return a digest without the algorithm's name."""
    return str(digest or "").partition(":")[2] or str(digest or "")


def interval(estimate: Record | None) -> str:
    """Return the 95 % interval of an estimate, and the worst case where missing samples widen it."""
    if not estimate or estimate["point"] is None:
        return "none"
    words = f"{percent(estimate['low'])} to {percent(estimate['high'])}"
    widened = estimate["upper"] > estimate["high"] + 0.0005
    return f"{words}; worst case {percent(estimate['upper'])}" if widened else words


def count_words(estimate: Record) -> str:
    """Return how many units were scored, and of how many when some are missing."""
    scored, expected = round(estimate["n"]), round(estimate["expected"])
    return str(scored) if scored == expected else f"{scored} of {expected}"


def value_words(item: Record) -> str:
    """Return the figure as its source prints it, else its value in its unit, else the share of a tally's units."""
    printed = printed_value(item)
    if printed:
        return printed
    value = item["value"]
    tally = item["tally"]
    if value is None and tally and tally["scored"]:
        return percent(tally["total"] / tally["scored"])
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "not known"
    prefix = QUALIFIERS.get(item["qualifier"] or "=", "")
    if item["unit"] == "proportion":
        return prefix + percent(value)
    if item["unit"] == "percent":
        return f"{prefix}{value:g}%"
    return f"{prefix}{value:g}" if item["unit"] in PLAIN_UNITS else f"{prefix}{value:g} {item['unit']}"


def tally_interval(item: Record, method: str) -> tuple[str, str]:
    """Return (interval, n) in words for an evidence item; without a tally both say what is missing."""
    if not item["tally"] or item["unit"] not in ("proportion", "percent"):
        return "none", str(item["reported_n"] or "not published")
    estimate = decide(tally_from_dict(item["tally"]), "proportion", method)
    return interval(estimate), count_words(estimate)
