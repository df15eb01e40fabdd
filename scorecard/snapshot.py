"""What people sign: the snapshot of a scorecard, built by one pure function from rows given as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scorecard.framework.credit import credit_of, lowered_levels, measured_pair, wanted_pairs
from scorecard.framework.gates import gate_decisions, obligations, overall
from scorecard.framework.ladders import COUNTED_KINDS, kind_of
from scorecard.ledger.canonical import canonical_bytes, digest

SIDES = ("pre_mitigation", "post_mitigation")


@dataclass(frozen=True)
class Determined:
    """People's verdict on one category and side, by value."""

    level: str
    rationale: str
    by: dict[str, str]
    at: str
    seen: str
    kind: str = "determined"
    argument: str = ""
    safeguards: tuple[str, ...] = ()
    overtaken: bool = False
    """Evidence now reaches a higher level than was determined, so the determination no longer counts."""


@dataclass(frozen=True)
class Parts:
    """Everything a snapshot is made of."""

    number: str
    version: int
    title: str
    subject: dict[str, str]
    checkpoint: str
    framework_digest: str
    document: dict[str, Any]
    data_cutoff: str | None
    replaces: dict[str, Any] | None
    authors: list[dict[str, str]]
    applicability: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    assessments: dict[tuple[str, str], dict[str, Any]]
    determinations: dict[tuple[str, str], Determined]
    software: dict[str, str] = field(default_factory=dict)
    former: dict[str, Any] | None = None
    """The frozen snapshot of the version that this one replaces."""
    informing: list[dict[str, Any]] = field(default_factory=list)
    """The documents of other kinds that inform the card. No level rests on them."""
    system_changes: list[dict[str, Any]] = field(default_factory=list)
    """What happened to the checkpoint after which evidence may have ended."""
    as_of: str | None = None
    """The day (ISO) on which the evidence was read; None where no day decides."""
    plan: dict[str, Any] | None = None
    """The evaluation plan that was locked for the checkpoint, against what was done."""
    late: list[dict[str, Any]] = field(default_factory=list)
    """The thresholds that were set when results were in already."""
    forecasts: list[dict[str, Any]] = field(default_factory=list)
    """The standing forecasts of levels that the system is expected to reach."""
    pairs: dict[tuple[str, str, bool], dict[str, Any]] = field(default_factory=dict)
    """Tables of pairs by (run before mitigation, run after it, whether higher is safer)."""
    safeguards: list[dict[str, Any]] = field(default_factory=list)
    """The safeguards that determinations credit, as the registry has them now."""
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    """The exception clauses of the framework that people invoke, with what they attest."""


def _names(document: dict[str, Any]) -> dict[str, str]:
    return {level["slug"]: level["name"] for level in document["levels"]}


def _rank(document: dict[str, Any], level: str | None) -> int:
    order = [entry["slug"] for entry in document["levels"]]
    return order.index(level) if level in order else -1


def undecided(document: dict[str, Any], side: dict[str, Any]) -> list[str]:
    """Return the names of operationalised levels that the evidence does not rule out and does not reach."""
    names = _names(document)
    open_findings = ("cannot_rule_out", "not_assessed")
    return [names[row["level"]] for row in side["levels"] if row["operationalised"] and row["finding"] in open_findings]


def reached_above(document: dict[str, Any], side: dict[str, Any], level: str) -> list[str]:
    """Return the names of the levels above `level` that the evidence reaches, lowest first."""
    reached = _rank(document, side["reached_level"])
    order = [entry["slug"] for entry in document["levels"]]
    return [_names(document)[slug] for slug in order[_rank(document, level) + 1 : reached + 1]]


def _below_indicated(document: dict[str, Any], side: dict[str, Any], level: str) -> str:
    """Say how a determined level stands below what the evidence says: reached is worse than not ruled out."""
    name = _names(document)[level]
    stands = "the determination stands on the reason given, with the framework's quorum."
    reached = reached_above(document, side, level)
    unruled = [found for found in undecided(document, side) if found not in reached]
    if not reached:
        unruled = unruled or [_names(document)[side["indicated_level"]]]
        return f"People determined {name}. The evidence alone does not rule out {' and '.join(unruled)}; {stands}"
    also = f" and does not rule out {' and '.join(unruled)}" if unruled else ""
    return f"People determined {name} although the evidence alone reaches {' and '.join(reached)}{also}; {stands}"


def statement(document: dict[str, Any], side: dict[str, Any], determined: Determined | None) -> str | None:
    """Say in words where people's verdict and the evidence part; None where they agree."""
    names = _names(document)
    if determined is None:
        return None
    if determined.overtaken:
        return (
            f"{names[determined.level]} was determined on earlier evidence, which now reaches "
            f"{names[side['reached_level']]}: the determination no longer counts until people determine again."
        )
    if _rank(document, determined.level) < _rank(document, side["indicated_level"]):
        return _below_indicated(document, side, determined.level)
    if side["indicated_level"] is None:
        return f"People determined {names[determined.level]} without any evidence that decides."
    return None


def _grounds(determined: Determined) -> dict[str, Any]:
    """Return what a determination says of itself beyond its reason; nothing where it says nothing more."""
    told = {"argument": determined.argument, "safeguards": list(determined.safeguards)}
    kind = {"kind": determined.kind} if determined.kind != "determined" else {}
    return {**kind, **{name: value for name, value in told.items() if value}}


def _side(document: dict[str, Any], result: dict[str, Any], determined: Determined | None) -> dict[str, Any]:
    counts = determined is not None and not determined.overtaken
    below = determined is not None and _rank(document, determined.level) < _rank(document, result["indicated_level"])
    return {
        **result,
        "determined_level": determined.level if determined is not None and counts else None,
        "rationale": determined.rationale if determined is not None else None,
        "determination": None
        if determined is None
        else {
            "level": determined.level,
            "by": determined.by,
            "at": determined.at,
            "seen": determined.seen,
            "below_indicated": below,
            "counts": counts,
            **_grounds(determined),
        },
        "statement": statement(document, result, determined),
    }


def _side_runs(side: dict[str, Any]) -> set[str]:
    return {run["run"] for level in side["levels"] for row in level["indicators"] for run in row["runs"]}


def since(
    categories: list[dict[str, Any]], evidence: list[dict[str, Any]], former: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Return what changed since the replaced version; None for a first version.

    `{number, version, added, removed, rows}`: runs that came and went, and for every category and side the level
    before and after, and which of the new runs its indicators read.
    """
    if former is None:
        return None
    runs_before, runs_now = ({item["run"] for item in items} for items in (former["evidence"], evidence))
    before = {row["category"]: row for row in former["categories"]}
    rows = [
        {
            "category": row["category"],
            "name": row["name"],
            "mitigation": side,
            "before": before.get(row["category"], {}).get(side, {}).get("determined_level"),
            "after": row[side]["determined_level"],
            "runs": sorted(_side_runs(row[side]) - runs_before),
        }
        for row in categories
        for side in SIDES
    ]
    return {
        "number": former["number"],
        "version": former["version"],
        "added": sorted(runs_now - runs_before),
        "removed": sorted(runs_before - runs_now),
        "rows": rows,
    }


def _lint_side(where: str, side: dict[str, Any], document: dict[str, Any]) -> list[dict[str, str]]:
    rows: list[tuple[str, str, str, str]] = []
    for level in side["levels"]:
        if level["contradiction"]:
            rows.append(
                (
                    "contradiction",
                    "error",
                    f"{level['level']} is reached although a level below it is ruled out.",
                    "Find which indicator is wrong and supersede its run, or amend the framework.",
                )
            )
    counted = kind_of(document, where.partition("/")[0]) in COUNTED_KINDS
    if side["determined_level"] is None and counted:
        rows.append(("undetermined", "error", "No level that counts was determined.", "Determine the level."))
    elif side["determined_level"] is not None and side["determination"]["below_indicated"]:
        above = reached_above(document, side, side["determined_level"])
        remedy = (
            f"Determine at least {above[-1]}, or keep the reason for the quorum to judge."
            if above
            else "Run the missing evaluations with a published n, or keep the reason for the quorum to judge."
        )
        rows.append(("below-indicated", "warning", side["statement"] or "", remedy))
    return [{"code": code, "severity": severity, "where": where, "message": message, "remedy": remedy}
            for code, severity, message, remedy in rows]  # fmt: skip


CREDIT_LINT = {
    "missing": ("lowered-without-cause", "error",
                "Measure both sides on the same samples, hold the level equal, or give an argument that people sign."),
    "argument": ("lowered-by-argument", "warning",
                 "Measure both sides on the same samples, or keep the argument for the quorum to judge."),
}  # fmt: skip
"""Basis of a credit -> what its line of the lint is called, how grave it is, and what to do about it."""


def _lint_credit(category: dict[str, Any], document: dict[str, Any]) -> list[dict[str, str]]:
    """Say where a level is lower after mitigation without a measured cause."""
    credit = category.get("credit")
    if credit is None or credit["basis"] not in CREDIT_LINT:
        return []
    code, severity, remedy = CREDIT_LINT[credit["basis"]]
    names, levels = _names(document), (category[side]["determined_level"] for side in SIDES)
    before, after = (names[level] for level in levels)
    message = f"{category['name']} is {before} before and {after} after mitigation: {credit['words']}."
    where = f"{category['category']}/post_mitigation"
    return [{"code": code, "severity": severity, "where": where, "message": message, "remedy": remedy}]


def lint(categories: list[dict[str, Any]], document: dict[str, Any]) -> list[dict[str, str]]:
    """List what a reader must know before trusting the card; an `error` blocks sealing."""
    return [
        row
        for category in categories
        for rows in (
            *(_lint_side(f"{category['category']}/{side}", category[side], document) for side in SIDES),
            _lint_credit(category, document),
        )
        for row in rows
    ]


LATE = "threshold-late"


def _lint_late(late: list[dict[str, Any]], document: dict[str, Any]) -> list[dict[str, str]]:
    """Say which thresholds were set after the first result that they read; one line for a category and side."""
    names = _names(document)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in late:
        found.setdefault((row["category"], row["side"]), []).append(row)
    remedy = "Say in the rationale who knew the results when the thresholds were set."
    lines = []
    for (category, side), rows in sorted(found.items()):
        told = "; ".join(
            f"{row['indicator']} ({names[row['level']]}) on {row['set_at'][:10]}, first result {row['tested_at'][:10]}"
            for row in rows
        )
        lines.append({"code": LATE, "severity": "warning", "where": f"{category}/{side}",
                      "message": f"Thresholds were set after the first result: {told}.", "remedy": remedy})  # fmt: skip
    return lines


def credited(parts: Parts, category: dict[str, Any]) -> dict[str, Any]:
    """Return `{credit}` of a category whose level is lower after mitigation, `{}` for another one."""
    levels = lowered_levels(
        parts.document, category["category"], *(category[side]["determined_level"] for side in SIDES)
    )
    wanted = wanted_pairs(parts.document, category, levels, parts.evidence) if levels else []
    pairs = [measured_pair(row, parts.pairs.get((row["pre_run"], row["post_run"], row["mirrored"]))) for row in wanted]
    found = credit_of(parts.document, category, pairs, parts.safeguards)
    return {} if found is None else {"credit": found}


def _category(parts: Parts, category: dict[str, Any]) -> dict[str, Any]:
    """Return a category's row: both sides, and what a lower level after mitigation rests on."""
    row = {
        "category": category["slug"],
        "name": category["name"],
        **({"kind": category["kind"]} if category.get("kind", "tracked") != "tracked" else {}),
        **{
            side: _side(
                parts.document,
                parts.assessments[category["slug"], side],
                parts.determinations.get((category["slug"], side)),
            )
            for side in SIDES
        },
    }
    return {**row, **credited(parts, row)}


def _optional(parts: Parts) -> dict[str, Any]:
    """Return the members that are left out where there is nothing of them, so that such a card keeps its digest."""
    told = {
        "informing": sorted(parts.informing, key=lambda row: row["id"]),
        "system_changes": sorted(parts.system_changes, key=lambda row: row["id"]),
        "as_of": parts.as_of,
        "plan": parts.plan,
        "forecasts": sorted(parts.forecasts, key=lambda row: row["id"]),
        "exceptions": sorted(parts.exceptions, key=lambda row: row["clause"]),
        "safeguards": sorted(parts.safeguards, key=lambda row: row["id"]),
    }
    return {name: rows for name, rows in told.items() if rows}


def build(parts: Parts) -> dict[str, Any]:
    """Return the snapshot ("scorecard-snapshot/1"): same parts, same bytes."""
    document = parts.document
    categories = [_category(parts, category) for category in document["categories"]]
    determined = {side: {row["category"]: row[side]["determined_level"] for row in categories} for side in SIDES}
    totals = {side: overall(document, determined[side]) for side in SIDES}
    return {
        "schema": "scorecard-snapshot/1",
        "number": parts.number,
        "version": parts.version,
        "title": parts.title,
        "subject": parts.subject,
        "checkpoint": parts.checkpoint,
        "framework": {
            "slug": document["slug"],
            "version": document["version"],
            "digest": parts.framework_digest,
            "title": document["title"],
        },
        "data_cutoff": parts.data_cutoff,
        "replaces": parts.replaces,
        "authors": sorted(parts.authors, key=lambda row: (row["id"], row["role"])),
        "applicability": parts.applicability,
        "evidence": sorted(parts.evidence, key=lambda row: row["run"]),
        "categories": categories,
        "overall": totals,
        "gates": gate_decisions(document, determined, parts.forecasts, parts.exceptions),
        "obligations": obligations(document, determined, parts.forecasts),
        "signoff": document["signoff"],
        "lint": [*lint(categories, document), *_lint_late(parts.late, document)],
        "since": since(categories, parts.evidence, parts.former),
        "software": parts.software,
        **_optional(parts),
    }


def canonical(snapshot: dict[str, Any]) -> tuple[str, str]:
    """Return the canonical text of a snapshot and its digest."""
    return canonical_bytes(snapshot).decode(), digest(snapshot)
