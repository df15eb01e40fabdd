"""What differs between two versions of a framework, in words and in the order in which people ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scorecard.framework.derivation import indicator_title, level_names
from scorecard.framework.findings import percent_text

Record = dict[str, Any]
NONE = "not there"
DIRECTIONS = {"at_or_above": "at or above", "at_or_below": "at or below"}
ROLES = {
    "indicator": "may set a level", "contextual": "informs, never sets a level",
    "supporting": "shown beside, never sets a level",
}  # fmt: skip
POLICY = {
    "coverage_minimum": "Share of samples that must be scored before a level is ruled out", "interval": "Interval",
    "alert_margin": "How near to a threshold counts as approaching",
    "missing_statuses": "Statuses that count as missing", "excluded_statuses": "Statuses that are left out",
    "mitigation_credit": "What credits a mitigation", "expiry": "When evidence ends",
}  # fmt: skip
INDICATOR = {
    "category": "category", "level": "level", "evaluation": "evaluation", "stratum": "row", "metric": "metric",
    "direction": "direction", "statistic": "statistic", "interval": "interval", "required": "needed to rule out",
    "illustrative": "illustrative", "rationale": "reason",
}  # fmt: skip


def _row(kind: str, about: str, before: str, after: str) -> Record:
    return {"kind": kind, "about": about, "before": before, "after": after}


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "as the policy says" if value is None else str(value).replace("_", " ")


def _keyed(rows: Iterable[Mapping[str, Any]], key: str) -> dict[str, Mapping[str, Any]]:
    return {str(row[key]): row for row in rows}


def _pairs(
    before: Record, after: Record, section: str, key: str
) -> list[tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """Return (name, row before, row after) of every row of a section that differs, those before first."""
    old, new = _keyed(before[section], key), _keyed(after[section], key)
    names = dict.fromkeys([*old, *new])
    return [(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def _threshold(document: Record, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return NONE
    level = level_names(document)[row["level"]]
    needed = "" if row["required"] else ", optional"
    return f"{level} {DIRECTIONS[row['direction']]} {percent_text(row['value'])} of {row['metric']}{needed}"


def _indicators(before: Record, after: Record) -> list[Record]:
    rows = []
    for _, old, new in _pairs(before, after, "indicators", "id"):
        document = after if new is not None else before
        title = indicator_title(document, dict(new or old or {}))
        texts = _threshold(before, old), _threshold(after, new)
        if texts[0] != texts[1]:
            rows.append(_row("threshold", title, *texts))
        if old is not None and new is not None:
            told = ("level", "metric", "direction", "required")
            rows += [
                _row("indicator", f"{title}, {words}", _plain(old[key]), _plain(new[key]))
                for key, words in INDICATOR.items() if key not in told and old[key] != new[key]
            ]  # fmt: skip
    return rows


def _levels(before: Record, after: Record) -> list[Record]:
    old, new = ([level["name"] for level in document["levels"]] for document in (before, after))
    slugs = [[level["slug"] for level in document["levels"]] for document in (before, after)]
    changed = old != new or slugs[0] != slugs[1]
    return [_row("levels", "Levels, lowest first", ", ".join(old), ", ".join(new))] if changed else []


def _definitions(before: Record, after: Record) -> list[Record]:
    rows = []
    for _, old, new in _pairs(before, after, "categories", "slug"):
        name = str((new or old or {})["name"])
        if old is None or new is None:
            rows.append(_row("category", name, *(NONE if one is None else one["summary"] for one in (old, new))))
            continue
        rows += [
            _row("category", f"{name}, {key}", old[key], new[key])
            for key in ("name", "summary")
            if old[key] != new[key]
        ]
        words = [{one["level"]: one["definition"] for one in category["levels"]} for category in (old, new)]
        names = {**level_names(before), **level_names(after)}
        rows += [
            _row("definition", f"{name}, {names[level]}", words[0].get(level, NONE), words[1].get(level, NONE))
            for level in dict.fromkeys([*words[0], *words[1]]) if words[0].get(level) != words[1].get(level)
        ]  # fmt: skip
    return rows


def _role(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return NONE
    category = f", {row['category'].replace('_', ' ')}" if row["category"] else ""
    return f"{ROLES[row['role']]}{category}, {_plain(row['polarity'])}"


def _evaluations(before: Record, after: Record) -> list[Record]:
    rows = []
    for _, old, new in _pairs(before, after, "evaluations", "slug"):
        title, texts = str((new or old or {})["title"]), (_role(old), _role(new))
        if texts[0] != texts[1]:
            rows.append(_row("role", title, *texts))
    return rows


def _gate(document: Record, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return NONE
    return (
        f"{row['allowed']} up to {level_names(document)[row['at_most']]} ({_plain(row['side'])}); else {row['denied']}"
    )


def _duty(document: Record, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return NONE
    return f"from {level_names(document)[row['at_least']]} on ({_plain(row['side'])}): {row['required']}"


def _decisions(before: Record, after: Record) -> list[Record]:
    gates = [
        _row("gate", name, _gate(before, old), _gate(after, new))
        for name, old, new in _pairs(before, after, "gates", "action")
    ]
    return gates + [
        _row("obligation", _plain(name), _duty(before, old), _duty(after, new))
        for name, old, new in _pairs(before, after, "obligations", "slug")
    ]


def _steps(document: Record) -> str:
    return ", then ".join(
        f"{_plain(step['role'])} {_plain(step['meaning'])} ({step['count']})" for step in document["signoff"]["steps"]
    )


def _rules(before: Record, after: Record) -> list[Record]:
    rows = [
        _row("policy", words, _plain(before["policy"][key]), _plain(after["policy"][key]))
        for key, words in POLICY.items() if before["policy"][key] != after["policy"][key]
    ]  # fmt: skip
    if _steps(before) != _steps(after):
        rows.append(_row("signoff", "Who signs", _steps(before), _steps(after)))
    days = [f"{document['signoff']['validity_days']} days" for document in (before, after)]
    return rows + ([_row("signoff", "A sealed card stands", *days)] if days[0] != days[1] else [])


def differences(before: Record, after: Record) -> list[Record]:
    """Return what differs between two canonical documents as rows `{kind, about, before, after}`, all in words.

    `kind` is levels, category, definition, threshold, indicator, role, gate, obligation, policy or signoff.
    """
    return [
        *_indicators(before, after), *_evaluations(before, after), *_decisions(before, after),
        *_levels(before, after), *_definitions(before, after), *_rules(before, after),
    ]  # fmt: skip
