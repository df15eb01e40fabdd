"""What a document says in a few figures, each with what it is a share of: for the signed record and for print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evaluations.evidence.arenas import Arena
from evaluations.evidence.breakdowns import Breakdown
from evaluations.evidence.comparisons import Comparison
from evaluations.evidence.partner_reports import PartnerReport
from evaluations.evidence.parts import Document
from evaluations.evidence.policies import Policy, PolicyJudgements
from evaluations.evidence.probing import Probing
from evaluations.evidence.refusals import Jailbreaks, Refusals

Reading = Mapping[str, Any]
Row = dict[str, str]
MOST = 6
"""Figures of one document; the document itself has all of them."""
UNKNOWN = "n not published"


def _percent(value: float) -> str:
    return f"{value * 100:.1f}".removesuffix(".0") + "%"


def _row(name: str, figure: str, n: str, interval: Mapping[str, Any] | None = None) -> Row:
    """Return one figure: its name, its value, its 95 % interval in words ("" without one), and its denominator."""
    ends = (interval or {}).get("low"), (interval or {}).get("high")
    said = f"{_percent(ends[0])} to {_percent(ends[1])}" if ends[0] is not None and ends[1] is not None else ""
    return {"name": name, "figure": figure, "interval": said, "n": n}


def _policy(document: Policy, reading: Reading) -> list[Row]:
    grave = sum(clause.severity in ("high", "critical") for clause in document.clauses)
    return [_row("Clauses of high or critical severity", str(grave), f"of {len(document.clauses)} clauses")]


def _judgements(document: PolicyJudgements, reading: Reading) -> list[Row]:
    judged = {(one.sample, one.attempt) for one in document.judgements}
    violating = {(one.sample, one.attempt) for one in document.judgements if one.verdict == "violates"}
    rows = [_row("Attempts that violate a clause for at least one judge", str(len(violating)), f"of {len(judged)}")]
    rated = sorted((one for one in reading["clauses"] if one["rate"]), key=lambda one: -one["rate"]["point"])
    return rows + [
        _row(
            f"Violations of clause {one['id']}, {one['severity']}", _percent(one["rate"]["point"]),
            f"{one['violates']} of {one['violates'] + one['complies']}, {one['unclear'] + one['disputed']} open",
            one["rate"],
        )
        for one in rated
    ]  # fmt: skip


def _breakdown(document: Breakdown, reading: Reading) -> list[Row]:
    sizes = {name: [cell.n for row in document.rows for cell in row.cells if cell.column == name]
             for name in document.columns}  # fmt: skip
    rows = []
    for total in reading["totals"]:
        known = [n for n in sizes.get(total["column"], []) if n is not None]
        whole = known and len(known) == len(sizes[total["column"]])
        verdict = "reproduces" if total["reproduces"] else "does not reproduce from the rows"
        n = f"{sum(known)} samples" if whole else "n of the strata not published"
        rows.append(_row(f"{total['column']}, {total['label']} ({document.metric})", total["printed"],
                         f"{n}, {len(document.rows)} strata; {verdict}"))  # fmt: skip
    return rows


def _side(name: str, side: Mapping[str, Any]) -> Row:
    n = f"{side['successes']} of {side['trials']}" if side["trials"] else UNKNOWN
    return _row(name, _percent(side["value"]), n, side["rate"])


def _refusals(document: Refusals, reading: Reading) -> list[Row]:
    joint, suite = reading["g_mean"], document.suite
    return [
        _side(f"{suite}: not unsafe", reading["not_unsafe"]),
        _side(f"{suite}: not over-refusing", reading["not_overrefuse"]),
        _row(f"{suite}: g-mean of both", _percent(joint["point"]), "of the two rates above", joint),
    ]


def _jailbreaks(document: Jailbreaks, reading: Reading) -> list[Row]:
    found, tried = reading["goodness"], len(reading["techniques"]) + reading["more"]
    n = f"{reading['prompts']} prompts, {tried} techniques, {len(document.results)} results"
    return [_row(f"{document.suite}: goodness@{document.p:g}", _percent(found["point"]), n, found)]


def _comparison(document: Comparison, reading: Reading) -> list[Row]:
    rows = []
    for one in reading["pairings"]:
        interval = one["interval"]
        n = UNKNOWN if interval is None else f"{interval['n']:g} comparisons"
        how = f"ties {document.ties}, {'blinded' if document.blinded else 'not blinded'}"
        name = f"{one['first']} preferred over {one['second']} ({how})"
        rows.append(_row(name, _percent(one["win_rate"]), n, interval))
    return rows


def _arena(document: Arena, reading: Reading) -> list[Row]:
    cells = [
        (cell, f"{model} in {row['challenge']}: attacks that worked")
        for row in reading["table"]
        for cell, model in zip(row["cells"], reading["models"], strict=True)
        if cell
    ]
    cells.sort(key=lambda found: -found[0]["point"])
    return [
        _row(
            name, ("about " if cell["approximate"] else "") + _percent(cell["point"]),
            UNKNOWN if "attempts" not in cell
            else f"{cell['successes']} of {cell['attempts']}, {cell['undetermined']} undetermined", cell,
        )
        for cell, name in cells
    ]  # fmt: skip


def _probing(document: Probing, reading: Reading) -> list[Row]:
    names, all_of = {row["slug"]: row["name"] for row in reading["levels"]}, f"of {len(reading['conversations'])}"
    counted = [line for line in reversed(reading["table"]) if line["initial"] or line["final"]]
    rows = [
        _row(f"Conversations rated {names[line['level']]} ({line['initial']} at first)", str(line["final"]), all_of)
        for line in counted
    ]
    return [*rows, _row("Conversations still owed a rating", str(len(reading["owed"])), all_of)]


def _partner_report(document: PartnerReport, reading: Reading) -> list[Row]:
    found, advised = len(document.findings), len(document.recommendations)
    graves = {row["severity"]: row["count"] for row in reading["by_severity"]}
    rows = [_row(f"Findings of {severity} severity, in the partner's words", str(graves[severity]), f"of {found}")
            for severity in ("critical", "high") if graves[severity]]  # fmt: skip
    hours = "hours not stated" if document.hours is None else f"in {document.hours:g} hours"
    rows.append(_row("Findings", str(found), f"{hours}, {document.people} people" if document.people else hours))
    if advised:
        rows.append(_row("Recommendations adopted", str(reading["adopted"]), f"of {advised}, {reading['open']} open"))
    return rows


HEADLINES: dict[str, Callable[[Any, Reading], list[Row]]] = {
    "policy/1": _policy,
    "policy-judgements/1": _judgements,
    "breakdown/1": _breakdown,
    "refusals/1": _refusals,
    "jailbreaks/1": _jailbreaks,
    "comparison/1": _comparison,
    "arena/1": _arena,
    "probing/1": _probing,
    "partner-report/1": _partner_report,
}


def headline(document: Document, reading: Reading) -> list[Row]:
    """Return at most six figures of a document, the telling ones first: `{name, figure, interval, n}`, all texts.

    `reading` is what its kind computes from it. Where more are left out, the last row says how many.
    """
    rows = HEADLINES[document.schema_name](document, reading)
    if len(rows) <= MOST:
        return rows
    return [*rows[: MOST - 1], _row("Further figures", str(len(rows) - MOST + 1), "in the document itself")]
