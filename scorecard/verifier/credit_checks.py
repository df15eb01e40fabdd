"""Checks of lower levels after mitigation, and of the forecasts, clauses and safeguards that a card carries."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from evaluations.estimates.paired_table import paired_table
from evaluations.estimates.scores import ScoreRow, scores_from_csv
from scorecard.framework.credit import credit_of, lowered_levels, measured_pair, wanted_pairs

from .ledger_checks import recorded_as
from .opened import Difference, Opened
from .recompute import BOTH_SIDES, first_difference

CARRIED_ROWS = (
    ("forecasts", "forecast.made", "forecast", ("category", "level", "post_level", "by_day")),
    ("safeguards", "safeguard.written", "safeguard", ("slug", "version", "name", "claim", "threat_actor")),
)
"""Member of the snapshot, the event that wrote its rows, the event's subject, and what both say alike."""


def _pair_scores(opened: Opened, run: str) -> List[ScoreRow]:
    path = "runs/%s/scores.csv" % run
    if path not in opened.members:
        raise Difference("%s is missing, and a credit rests on it" % path)
    return scores_from_csv(opened.members[path])


def _table_of(opened: Opened, wanted: Dict[str, Any]) -> Dict[str, Any]:
    """Recompute the table of one pair from the scores of both runs."""
    reports = [opened.strict("runs/%s/report.json" % wanted[name]) for name in ("pre_run", "post_run")]
    planned = [report["attempts_per_sample"] for report in reports if report.get("attempts_per_sample")]
    return paired_table(
        _pair_scores(opened, wanted["pre_run"]),
        _pair_scores(opened, wanted["post_run"]),
        frozenset(opened.framework["policy"]["missing_statuses"]),
        wanted["mirrored"],
        max(planned, default=None),
        frozenset(opened.framework["policy"].get("excluded_statuses") or []),
    )


def _check_credit(opened: Opened, category: Dict[str, Any]) -> int:
    """Compare what a lowered level rests on with what the scores say; return how many pairs were recomputed."""
    slug = category["category"]
    levels = lowered_levels(opened.framework, slug, *(category[side]["determined_level"] for side in BOTH_SIDES))
    if not levels and "credit" not in category:
        return 0
    pairs = [
        measured_pair(wanted, None if wanted["unpaired"] else _table_of(opened, wanted))
        for wanted in wanted_pairs(opened.framework, category, levels, opened.snapshot["evidence"])
    ]
    recomputed = credit_of(opened.framework, category, pairs, opened.snapshot.get("safeguards", []))
    found = first_difference({"credit": category.get("credit")}, {"credit": recomputed})
    if found:
        raise Difference("%s%s" % (slug, found))
    if recomputed is not None and recomputed["basis"] == "missing":
        raise Difference("%s: sealed with a level lowered without a cause" % slug)
    return len(pairs)


def _check_rows(opened: Opened, member: str, kind: str, subject: str, facts: Tuple[str, ...]) -> int:
    written = {entry["subject"]["id"]: entry for entry in recorded_as(opened, kind)}
    rows = opened.snapshot.get(member, [])
    if not rows and member in opened.snapshot:
        raise Difference("scorecard.json: %s is empty, and then it is left out" % member)
    for row in rows:
        entry = written.get(row["id"])
        said = entry["data"] if entry is not None and entry["seq"] < opened.sealed["ledger"]["seq"] else {}
        if any((said.get(name, "missing") or None) != row[name] for name in facts):
            raise Difference("%s %s: the ledger does not record it as the card says" % (subject, row["id"]))
    return len(rows)


def _check_exceptions(opened: Opened) -> int:
    """Check that every invoked clause stands in the ledger with its statements, and that nobody withdrew it."""
    card = {name: opened.snapshot[name] for name in ("number", "version")}
    standing: Dict[str, Any] = {}
    for entry in opened.entries:
        data = entry["data"]
        if entry["kind"] not in ("exception.invoked", "exception.withdrawn"):
            continue
        if {name: data.get(name) for name in card} == card and entry["seq"] < opened.sealed["ledger"]["seq"]:
            standing[data["clause"]] = data.get("attestations")
    rows = opened.snapshot.get("exceptions", [])
    for row in rows:
        if standing.get(row["clause"]) != row["attestations"]:
            raise Difference("exception %s: the ledger does not record it as the card says" % row["clause"])
    return len(rows)


def check_credits(opened: Opened) -> str:
    """Recompute what every lowered level rests on, and find forecasts, safeguards and clauses in the ledger."""
    pairs = sum(_check_credit(opened, category) for category in opened.snapshot["categories"])
    counted = [_check_rows(opened, *row) for row in CARRIED_ROWS]
    clauses = _check_exceptions(opened)
    lowered = [row["category"] for row in opened.snapshot["categories"] if "credit" in row]
    return "%d lowered levels recomputed on %d pairs of runs; %d forecasts, %d safeguards, %d clauses as recorded" % (
        len(lowered),
        pairs,
        counted[0],
        counted[1],
        clauses,
    )
