"""Recomputing every deciding number from the raw reports and scores, and comparing it with what was signed."""

from __future__ import annotations

import math
from typing import Any, Dict, Iterable, List, Optional

from evaluations.estimates.reported import UNIT_SIZE, shown_facts, tally_of_report
from evaluations.estimates.scores import ScoreRow, scores_from_csv
from evaluations.estimates.tally import Tally
from scorecard.framework.gates import gate_decisions, obligations, overall
from scorecard.framework.ladders import COUNTED_KINDS, kind_of, level_rank
from scorecard.framework.levels import indicate
from scorecard.ledger.canonical import digest_bytes

from .opened import Difference, Opened

BOTH_SIDES = ("pre_mitigation", "post_mitigation")
CLOSE = 1e-9
FORMS = (("tally", "tally"), ("samples", "samples_digest"), ("estimate", "estimate"))
OPTIONAL_FACTS = ("elicitation",)
"""Members of an evidence row that stand there only where the report has them."""
ITEM_LABELS = ("level", "id", "run", "action", "slug", "category")


def _label(row: Any, index: int) -> str:
    """Return how people find a row of a list: its own name where it has one, else its place."""
    names = [row[name] for name in ITEM_LABELS if isinstance(row, dict) and isinstance(row.get(name), str)]
    return names[0] if names else str(index)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def first_difference(recorded: Any, recomputed: Any, where: str = "") -> Optional[str]:
    """Return where two JSON values first differ, in words; None if they are the same.

    Clopper-Pearson bounds pass through transcendental functions, so floats may differ by 1e-9; all else is exact.
    """
    if isinstance(recorded, dict) and isinstance(recomputed, dict):
        for key in sorted(set(recorded) | set(recomputed)):
            if key not in recorded or key not in recomputed:
                return "%s/%s stands only on one side" % (where, key)
            found = first_difference(recorded[key], recomputed[key], "%s/%s" % (where, key))
            if found:
                return found
        return None
    if isinstance(recorded, list) and isinstance(recomputed, list):
        if len(recorded) != len(recomputed):
            return "%s: recorded %d items, recomputed %d" % (where, len(recorded), len(recomputed))
        for index, (old, new) in enumerate(zip(recorded, recomputed)):
            found = first_difference(old, new, "%s/%s" % (where, _label(new, index)))
            if found:
                return found
        return None
    if _is_number(recorded) and _is_number(recomputed):
        same = abs(recorded - recomputed) <= CLOSE
    else:
        same = type(recorded) is type(recomputed) and recorded == recomputed
    return None if same else "%s: recorded %s, recomputed %s" % (where, recorded, recomputed)


def _fraction(tally: Optional[Dict[str, Any]]) -> str:
    return "nothing that decides" if tally is None else "%g/%d" % (tally["total"], tally["expected"])


def _place(opened: Opened, item: Dict[str, Any]) -> str:
    categories = {row["evaluation"]: row["category"] for row in opened.framework["indicators"]}
    return "%s/%s/%s" % (categories.get(item["evaluation"], "evidence"), item["mitigation"], item["evaluation"])


def _scores(opened: Opened, item: Dict[str, Any], report: Dict[str, Any]) -> List[ScoreRow]:
    path = "runs/%s/scores.csv" % item["run"]
    if "samples_digest" not in report:
        if path in opened.members:
            raise Difference("%s does not belong to its report" % path)
        return []
    if path not in opened.members:
        raise Difference("%s is missing" % path)
    if digest_bytes(opened.members[path]) != report["samples_digest"]:
        raise Difference("%s: %s are not the scores that the report names" % (_place(opened, item), path))
    try:
        return scores_from_csv(opened.members[path])
    except ValueError as fault:
        raise Difference("%s: %s" % (path, fault)) from None


def _shown_value(report: Dict[str, Any], rows: List[ScoreRow], tally: Optional[Tally]) -> Optional[float]:
    """Return the figure that the card shows for a run, in the report's unit."""
    if "estimate" in report:
        return float(report["estimate"]["value"])
    if tally is not None:
        return tally.total / tally.scored * UNIT_SIZE[report["unit"]] if tally.scored else None
    scores = [row.score for row in rows if row.score is not None and not row.superseded]
    return math.fsum(scores) / len(scores) if scores else None


def _reported_facts(report: Dict[str, Any]) -> Dict[str, Any]:
    """Return what an evidence row copies from its report."""
    estimate = report.get("estimate", {})
    trials = estimate.get("trials", report.get("tally", {}).get("trials"))
    evaluation, provenance = report["evaluation"], report["provenance"]
    return {
        "evaluation": evaluation["slug"],
        "stratum": evaluation.get("stratum"),
        "version": evaluation.get("version"),
        "dataset_digest": evaluation.get("dataset_digest"),
        "metric": report["metric"],
        "unit": report["unit"],
        "mitigation": report["mitigation"],
        "checkpoint": report["checkpoint"],
        "form": next(form for form, key in FORMS if key in report),
        "qualifier": estimate.get("qualifier", "="),
        "reported_n": estimate.get("trials_text") or (None if trials is None else str(trials)),
        "elicitation_adequate": report.get("elicitation", {}).get("adequate"),
        "quality": provenance.get("quality"),
        "source": provenance["source"],
        **shown_facts(report),
    }


def _check_item(opened: Opened, item: Dict[str, Any]) -> None:
    """Compare one evidence row with its report: the tally first, because it decides, then what is copied."""
    path, place = "runs/%s/report.json" % item["run"], _place(opened, item)
    report = opened.strict(path)
    rows = _scores(opened, item, report)
    policy = opened.framework["policy"]
    excluded = frozenset(policy.get("excluded_statuses") or [])
    tally = tally_of_report(report, rows, frozenset(policy["missing_statuses"]), excluded)
    recomputed = None if tally is None else tally.to_dict()
    found = first_difference(item["tally"], recomputed)
    if found:
        old, new = _fraction(item["tally"]), _fraction(recomputed)
        words = "recorded %s, recomputed %s" % (old, new) if old != new else "its tally" + found
        raise Difference("%s: %s" % (place, words))
    copied = {**_reported_facts(report), "value": _shown_value(report, rows, tally)}
    recorded = {name: item[name] for name in (*copied, *OPTIONAL_FACTS) if name in item}
    found = first_difference(recorded, copied)
    if found:
        raise Difference(place + found)
    digest = digest_bytes(opened.members[path])
    if digest != item["digest"] or report.get("run_id", digest) != item["native_id"]:
        raise Difference("%s: %s is not the report that the evidence cites" % (place, path))
    if item["applies"] == "direct" and report["subject"] != opened.snapshot["subject"]["slug"]:
        raise Difference("%s: the report is about the subject %s" % (place, report["subject"]))


def check_evidence(opened: Opened) -> str:
    """Recompute the tally of every run from its report and scores."""
    for item in opened.snapshot["evidence"]:
        _check_item(opened, item)
    shown = _counts(item["evaluation"] for item in opened.snapshot["evidence"] if item["tally"] is None)
    deciding = len(opened.snapshot["evidence"]) - sum(shown.values())
    said = "%d runs recomputed from their raw reports and scores; not recomputed: " % deciding
    listed = ", ".join("%s (%d)" % (name, shown[name]) for name in sorted(shown))
    return said + "%d display-only figures%s" % (sum(shown.values()), ": " + listed if listed else "")


def _counts(names: Iterable[str]) -> Dict[str, int]:
    counted: Dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    return counted


def _check_applies(opened: Opened) -> None:
    for row in opened.snapshot["applicability"]:
        if row["to_checkpoint"] != opened.snapshot["checkpoint"]:
            raise Difference("applicability %s: it is about %s" % (row["id"], row["to_checkpoint"]))
    known = {row["id"]: row["from_checkpoint"] for row in opened.snapshot["applicability"]}
    for item in opened.snapshot["evidence"]:
        expected = opened.snapshot["checkpoint"] if item["applies"] == "direct" else known.get(item["applies"])
        if item["checkpoint"] != expected:
            raise Difference("%s: nothing lets a run on %s count" % (_place(opened, item), item["checkpoint"]))


def _check_side(opened: Opened, category: Dict[str, Any], side: str) -> None:
    recomputed = indicate(opened.framework, category["category"], side, opened.snapshot["evidence"])
    recorded = {key: category[side].get(key) for key in recomputed}
    found = first_difference(recorded, recomputed)
    where = "%s/%s" % (category["category"], side)
    if found:
        raise Difference(where + found)
    determination, determined = category[side]["determination"], category[side]["determined_level"]
    if (
        determination is None
        and determined is None
        and kind_of(opened.framework, category["category"]) not in COUNTED_KINDS
    ):
        return
    if determination is None or determined is None or determination["counts"] is not True:
        raise Difference("%s: sealed without a determination that counts" % where)
    contradictory = [row["level"] for row in recomputed["levels"] if row["contradiction"]]
    if contradictory:
        raise Difference("%s: sealed although its evidence contradicts itself (%s)" % (where, contradictory[0]))
    below = level_rank(opened.framework, determined) < level_rank(opened.framework, recomputed["indicated_level"])
    if determination["level"] != determined or determination["below_indicated"] is not below:
        raise Difference("%s: the determination is not marked as what it is" % where)


def _check_since(opened: Opened) -> None:
    """Check what the record says of its own side of the changes; the replaced version is not in the bundle."""
    since, replaces = opened.snapshot["since"], opened.snapshot["replaces"]
    if since is None and replaces is None:
        return
    if (
        since is None
        or replaces is None
        or (since["number"], since["version"])
        != (
            replaces["number"],
            replaces["version"],
        )
    ):
        raise Difference("the changes are not those since the version that this card replaces")
    runs = {item["run"] for item in opened.snapshot["evidence"]}
    if not set(since["added"]) <= runs or set(since["removed"]) & runs:
        raise Difference("the changes name runs that did not come or go")
    levels = {row["category"]: row for row in opened.snapshot["categories"]}
    for row in since["rows"]:
        recorded, actual = row["after"], levels[row["category"]][row["mitigation"]]["determined_level"]
        if recorded != actual:
            place = "%s/%s" % (row["category"], row["mitigation"])
            raise Difference("%s: the changes end at %s, the card at %s" % (place, recorded, actual))


def check_levels(opened: Opened) -> str:
    """Recompute every finding and level of every category and side."""
    _check_applies(opened)
    _check_since(opened)
    defined = [(row["slug"], row["name"]) for row in opened.framework["categories"]]
    if [(row["category"], row["name"]) for row in opened.snapshot["categories"]] != defined:
        raise Difference("scorecard.json: its categories are not the framework's")
    for category in opened.snapshot["categories"]:
        for side in BOTH_SIDES:
            _check_side(opened, category, side)
    errors = [row["where"] for row in opened.snapshot["lint"] if row["severity"] == "error"]
    if errors:
        raise Difference("%s: sealed with an open error" % errors[0])
    return "%d categories, both sides: every finding and level recomputed" % len(defined)


def check_decisions(opened: Opened) -> str:
    """Recompute the overall levels, the gates and the obligations."""
    rows = opened.snapshot["categories"]
    determined = {side: {row["category"]: row[side]["determined_level"] for row in rows} for side in BOTH_SIDES}
    totals = {side: overall(opened.framework, determined[side]) for side in BOTH_SIDES}
    forecasts, exceptions = opened.snapshot.get("forecasts", []), opened.snapshot.get("exceptions", [])
    recomputed = {
        "overall": totals,
        "gates": gate_decisions(opened.framework, determined, forecasts, exceptions),
        "obligations": obligations(opened.framework, determined, forecasts),
    }
    found = first_difference({key: opened.snapshot[key] for key in recomputed}, recomputed)
    if found:
        raise Difference(found.lstrip("/"))
    return "overall levels, the gates (%d) and the obligations (%d) recomputed" % (
        len(recomputed["gates"]),
        len(recomputed["obligations"]),
    )
