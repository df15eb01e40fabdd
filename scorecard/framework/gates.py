"""From determined levels and forecasts to the overall level, the gates and the obligations."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, Tuple

from .derivation import level_names
from .ladders import COUNTED_KINDS, kind_of, level_rank, side_name

Levels = Dict[str, Optional[str]]
"""Category -> its determined level on one side; None where none counts."""
FORECAST_MEMBER = {"pre_mitigation": "level", "post_mitigation": "post_level"}


def overall(document: Dict[str, Any], determined: Levels) -> Optional[str]:
    """Return the highest determined level, or None while any tracked category is undetermined (never a mean).

    Research categories never count; a rating of unknown unknowns counts where people gave one. A framework whose
    `overall` is `none` has no overall level at all.
    """
    counted = {slug: level for slug, level in determined.items() if kind_of(document, slug) in COUNTED_KINDS}
    if document.get("overall") == "none" or not counted or any(level is None for level in counted.values()):
        return None
    rated = [
        level
        for slug, level in determined.items()
        if level is not None and (slug in counted or kind_of(document, slug) == "unknown_unknowns")
    ]
    return max(rated, key=lambda level: level_rank(document, level))


def _category_names(document: Dict[str, Any]) -> Dict[str, str]:
    return {row["slug"]: row["name"] for row in document.get("categories", [])}


def _counting(document: Dict[str, Any], rule: Dict[str, Any], determined: Levels) -> List[str]:
    """Return the categories that a gate or obligation reads: those it names, else all but the research ones."""
    if rule.get("categories"):
        return [slug for slug in determined if slug in rule["categories"]]
    return [
        slug
        for slug, level in determined.items()
        if kind_of(document, slug) in COUNTED_KINDS or (kind_of(document, slug) != "research" and level is not None)
    ]


def _forecast_for(
    document: Dict[str, Any], rule: Dict[str, Any], category: str, forecasts: Iterable[Dict[str, Any]]
) -> Optional[Dict[str, Any]]:
    """Return the forecast that weighs most on a rule's side of a category; None where none counts."""
    member = FORECAST_MEMBER[rule["side"]]
    own = [row for row in forecasts if row["category"] == category] if rule.get("counts_forecasts") else []
    return max(own, key=lambda row: (level_rank(document, row[member]), row["id"]), default=None)


def _weighed(
    document: Dict[str, Any],
    rule: Dict[str, Any],
    category: str,
    determined: Levels,
    forecasts: Iterable[Dict[str, Any]],
) -> Tuple[Optional[str], Optional[Dict[str, Any]]]:
    """Return the level of a category that a rule reads, and the forecast where it is that which counts."""
    level, forecast = determined[category], _forecast_for(document, rule, category, forecasts)
    if level is None or forecast is None:
        return level, None
    expected = forecast[FORECAST_MEMBER[rule["side"]]]
    if level_rank(document, expected) > level_rank(document, level):
        return expected, forecast
    return level, None


def _forecast_words(name: str, level: str, forecast: Dict[str, Any]) -> str:
    return "%s is forecast to reach %s by %s." % (name, level, forecast["by_day"])


def _blocking(
    document: Dict[str, Any], gate: Dict[str, Any], determined: Levels, forecasts: Iterable[Dict[str, Any]]
) -> List[str]:
    """Return a sentence for every category that keeps a gate closed."""
    names, levels = _category_names(document), level_names(document)
    said = []
    for slug in _counting(document, gate, determined):
        level, forecast = _weighed(document, gate, slug, determined, forecasts)
        name = names.get(slug, slug)
        if level is None:
            said.append("%s is not determined." % name)
        elif level_rank(document, level) > level_rank(document, gate["at_most"]):
            words = "%s stands at %s." % (name, levels[level])
            said.append(words if forecast is None else _forecast_words(name, levels[level], forecast))
    return said


def _overall_reason(document: Dict[str, Any], gate: Dict[str, Any], determined: Levels) -> str:
    side, level = side_name(document, gate["side"]).lower(), overall(document, determined)
    if level is None:
        return "No overall %s level: a category is not determined." % side
    return "The overall %s level is %s; the rule: %s." % (side, level_names(document)[level], gate["rule"])


def _gate_decision(
    document: Dict[str, Any], gate: Dict[str, Any], determined: Levels, forecasts: Iterable[Dict[str, Any]]
) -> Tuple[bool, List[str]]:
    blocking = _blocking(document, gate, determined, forecasts)
    if gate.get("scope", "overall") == "each_category":
        allowed = bool(_counting(document, gate, determined)) and not blocking
        side = side_name(document, gate["side"]).lower()
        return allowed, blocking or ["Every category meets the rule on its %s level: %s." % (side, gate["rule"])]
    reason = _overall_reason(document, gate, determined)
    if overall(document, determined) is None:
        return False, [reason, *blocking]
    return not blocking, [reason, *blocking]


def _exception_for(
    document: Dict[str, Any], action: str, exceptions: Iterable[Dict[str, Any]]
) -> Optional[Dict[str, Any]]:
    """Return the clause under which a gate opens: one whose every statement the card attests; None for none."""
    attested = {row["clause"]: {one["slug"] for one in row["attestations"]} for row in exceptions}
    for clause in document.get("exceptions", []):
        wanted = {one["slug"] for one in clause["attestations"]}
        if action in clause["actions"] and wanted <= attested.get(clause["slug"], set()):
            found: Dict[str, Any] = clause
            return found
    return None


def gate_decisions(
    document: Dict[str, Any],
    determined: Dict[str, Levels],
    forecasts: Iterable[Dict[str, Any]] = (),
    exceptions: Iterable[Dict[str, Any]] = (),
) -> List[Dict[str, Any]]:
    """Return what each gate decides on the determined levels of both sides (side -> category -> level).

    What is undetermined denies, and no exception helps it. A standing forecast counts where the gate says so: as the
    level that it names before mitigation, and as what is expected to be left of it after. Every reason names its item.
    """
    decisions = []
    for gate in document["gates"]:
        levels = determined[gate["side"]]
        allowed, reasons = _gate_decision(document, gate, levels, forecasts)
        known = all(levels[slug] is not None for slug in _counting(document, gate, levels)) and bool(levels)
        clause = None if allowed or not known else _exception_for(document, gate["action"], exceptions)
        if clause is not None:
            reasons = ["Opened under the clause %s, whose every statement is attested." % clause["name"], *reasons]
        decisions.append(
            {
                "action": gate["action"],
                "decision": "allow" if allowed or clause is not None else "deny",
                "sentence": gate["allowed"] if allowed or clause is not None else gate["denied"],
                "rule": gate["rule"],
                "reasons": reasons,
            }
        )
    return decisions


def obligations(
    document: Dict[str, Any], determined: Dict[str, Levels], forecasts: Iterable[Dict[str, Any]] = ()
) -> List[Dict[str, Any]]:
    """Return which obligations the determined levels trigger; an undetermined category triggers, to be safe.

    A standing forecast triggers the same duty where the obligation counts forecasts.
    """
    rows = []
    for duty in document["obligations"]:
        levels = determined[duty["side"]]
        weighed = {
            slug: _weighed(document, duty, slug, levels, forecasts)[0] for slug in _counting(document, duty, levels)
        }
        triggering = sorted(
            category
            for category, level in weighed.items()
            if level is None or level_rank(document, level) >= level_rank(document, duty["at_least"])
        )
        rows.append(
            {
                "slug": duty["slug"],
                "required": bool(triggering),
                "because": triggering,
                "sentence": duty["required"] if triggering else duty["not_required"],
            }
        )
    return rows
