"""How values look on the page: times, figures, digests and levels. Display only: nothing here decides anything."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from scorecard.framework import printed
from scorecard.framework.decay import CHANGES
from scorecard.framework.ladders import side_name
from scorecard.framework.reading import only_if
from scorecard.models import Kind
from scorecard.plots import forest_plot

register = template.Library()

SIDE_NAMES = {
    "pre_mitigation": "Pre-mitigation",
    "post_mitigation": "Post-mitigation",
    "unspecified": "Mitigation not stated",
}
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
    "pipeline": "Pipeline",
    "administrator": "Administrator",
}
STATE_NAMES = {
    "draft": "Draft",
    "in_review": "In review",
    "sealed": "Sealed",
    "superseded": "Superseded",
    "revoked": "Revoked",
}
MEANING_NAMES = {
    "authored": "Authored",
    "reviewed": "Reviewed",
    "recommends": "Recommends",
    "approves": "Approves",
    "accepts_risk": "Accepts the risk",
    "dissents": "Dissents",
    "reverses": "Reverses",
}
NAMES = {**SIDE_NAMES, **FINDING_NAMES, **ROLE_NAMES, **STATE_NAMES, **MEANING_NAMES}
LENGTHS = ((60.0, "h"), (1.0, "min"), (1.0 / 60.0, "s"))
"""Size in minutes and unit, the largest first."""
BARS = 4
THIN_SPACE = "\u202f"  # the narrow space that does not break: a number never parts from its unit
PLAIN_CONTROLS = "\n\t"


def moment_of(value: object) -> datetime | None:
    """Return an aware datetime in UTC for a datetime or an RFC 3339 text; None for anything else."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else None


@register.filter
def when(value: object) -> str:
    """Show a moment in UTC inside `<time>`, with the exact value as its machine form."""
    moment = moment_of(value)
    if moment is None:
        return "not known"
    exact = moment.isoformat().replace("+00:00", "Z")
    shown = f"{moment.day} {moment:%b %Y, %H:%M} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, exact, shown)


@register.filter
def age(value: object) -> str:
    """Show how long ago a moment was, in its largest whole unit."""
    moment = moment_of(value)
    if moment is None:
        return ""
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


@register.filter
def named(slug: object) -> str:
    """Show the words for a slug of the contract: sides, findings, roles, states, meanings."""
    text = str(slug or "")
    return NAMES.get(text, text.replace("_", " "))


@register.filter
def short(digest: object) -> str:
    """Show the first eight characters of a digest, without the algorithm's name."""
    return str(digest or "").partition(":")[2][:8] or str(digest or "")[:8]


@register.filter
def shown(value: object) -> str:
    """Make control, direction-changing and zero-width characters visible: foreign text must not act on the page."""
    text = "" if value is None else str(value)
    return "".join(
        f"\\u{ord(mark):04x}" if unicodedata.category(mark) in ("Cc", "Cf") and mark not in PLAIN_CONTROLS else mark
        for mark in text
    )


@register.filter
def figure(value: object, unit: object = "proportion") -> str:
    """Show one number in its unit: proportions as percent, other units with at most four significant digits."""
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return "not known"
    if unit in ("proportion", "", None):
        return percent(value)
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{text}{THIN_SPACE}%" if unit == "percent" else text


def percent(value: float) -> str:
    """Return a fraction as percent with one decimal where it needs one."""
    text = f"{value * 100:.1f}".removesuffix(".0")
    return f"{text}{THIN_SPACE}%"


@register.filter
def signed(value: object) -> str:
    """Show a difference of two fractions in percentage points, with its sign."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "not known"
    return f"{value * 100:+.2f} percentage points"


@register.filter
def minutes(value: object) -> str:
    """Show a length of time given in minutes, in the largest unit in which it is at least one, with three digits."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "not known"
    if 0.0 < value < 1e-3:
        return f"less than 0.1{THIN_SPACE}s"
    size, unit = next(((size, unit) for size, unit in LENGTHS if value >= size), LENGTHS[-1])
    return f"{value / size:.3g}{THIN_SPACE}{unit}" if value / size < 1e3 else f"{value / size:,.0f}{THIN_SPACE}{unit}"


@register.filter
def interval(estimate: dict[str, Any] | None) -> str:
    """Show the deciding interval of an estimate: scored lower bound to worst-case upper bound."""
    if not estimate or estimate.get("low") is None:
        return "no interval"
    return f"{percent(estimate['low'])} to {percent(estimate['upper'])}"


@register.filter
def pretty(value: object) -> str:
    """Show a JSON value indented; anything that is no JSON value is shown as its text."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except (TypeError, ValueError):
        return str(value)


@register.filter
def kind_words(kind: str) -> str:
    """Return how people came to a level, in words."""
    return str(Kind(kind).label) if kind in Kind.values else kind


@register.filter
def item(mapping: object, key: object) -> object:
    """Look a key up in a mapping; None when it is not there."""
    return mapping.get(key) if isinstance(mapping, dict) else None


@register.filter
def reasons(decisions: list[dict[str, Any]]) -> list[str]:
    """List the distinct reasons of the denied decisions."""
    return list(dict.fromkeys(reason for row in decisions for reason in row["reasons"]))


@register.filter
def figure_words(row: dict[str, Any]) -> str:
    """Show an evidence item's figure in the words of its source, else its value with its unit."""
    return printed.figure_words(row)


@register.filter
def words_of(code: object) -> str:
    """Turn a dotted or underscored code into words for reading."""
    return re.sub(r"[._-]+", " ", str(code or ""))


def chip_context(levels: list[dict[str, str]], slug: str | None) -> dict[str, Any]:
    """Return name, shade (1 to 4) and filled bars of a level by its place in the framework's order."""
    order = [level["slug"] for level in levels]
    if slug not in order:
        return {"name": None, "shade": 0, "bars": [False] * BARS}
    place = order.index(slug)
    steps = max(1, len(order) - 1)
    shade = 1 + round(place * (BARS - 1) / steps)
    return {"name": levels[place]["name"], "shade": shade, "bars": [bar < shade for bar in range(BARS)]}


register.filter("only_if", only_if)


@register.filter
def change_words(kind: str) -> str:
    """Write what happened to a system, as it stands in a sentence."""
    return CHANGES.get(kind, kind)


CAUSES = {
    "applicability-determined": "results of another checkpoint that count now",
    "applicability-withdrawn": "a determination about another checkpoint that was withdrawn",
    "change-reported": "a reported change of the system",
    "change-withdrawn": "a reported change that was withdrawn",
    "ended": "evidence that has ended",
}
"""What asked for an assessment, but for a run, and how it is called."""


@register.filter
def cause_words(cause: str) -> str:
    """Write what asked for an assessment, where it was no run."""
    return CAUSES.get(cause.partition(":")[0], "a new assessment")


@register.filter
def side_of(document: dict[str, Any] | None, side: str) -> str:
    """Write what a framework calls one of the two columns of a scorecard."""
    return side_name(document or {}, side)


@register.filter
def card_name(card: Any) -> str:
    """Write a scorecard version as addresses name it: `PSC-2026-0001-v2`."""
    return f"{card.number}-v{card.version}"


@register.filter
def signed_points(value: float | None) -> str:
    """Write a difference of fractions in percentage points with its sign."""
    return "not known" if value is None else f"{100.0 * value:+.1f} points"


@register.filter
def yesno_words(value: object) -> str:
    """Write what a gate or an obligation says."""
    said = {True: "required", False: "not required", None: "no such rule", "allow": "allowed", "deny": "denied"}
    return said.get(value, str(value)) if isinstance(value, str | bool | None) else str(value)


@register.inclusion_tag("components/chip.html", takes_context=True)
def chip(
    context: Context, slug: str | None, mark: str = "", size: str = "", empty: str = "Not assessed"
) -> dict[str, Any]:
    """Draw a level as word, shade and bars; `levels` of the page's context gives order and names."""
    return {**chip_context(context["levels"], slug), "mark": mark, "size": size, "empty": empty}


@register.simple_tag(takes_context=True)
def level_name(context: Context, slug: str | None, empty: str = "not assessed") -> str:
    """Write the framework's name of a level."""
    name: str | None = chip_context(context["levels"], slug)["name"]
    return name or empty


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> SafeString:
    """Write the page's query string with some parameters changed; a value of None or "" takes one away."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        parameters.pop(name, None)
        if value not in (None, ""):
            parameters[name] = str(value)
    return format_html("?{}", parameters.urlencode())


@register.simple_tag
def forest_figure(rows: list[dict[str, Any]]) -> SafeString:
    """Draw measured intervals against the thresholds' bands."""
    return mark_safe(forest_plot(rows))  # noqa: S308 - the plot escapes every text it is given
