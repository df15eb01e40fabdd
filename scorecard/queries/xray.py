"""The document of an x-ray: a card with every figure that exists for it, as far as a reader may see them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from evaluations.models import EvaluationRun, Measurement
from evaluations.queries import evidence_item, known_runs, newest_measurements
from scorecard.access import Reader, visible_runs
from scorecard.framework.printed import metric_words, printed_value, published_n, unit_words
from scorecard.models import Applicability, Compartment, Scorecard
from scorecard.moments import rfc3339
from scorecard.queries.evidence import comparison_runs, sources_of
from scorecard.queries.signoff import signoff_of
from scorecard.queries.withholding import card_document_for
from scorecard.xray.examining import examine
from scorecard.xray.finding import Finding

Record = dict[str, Any]
STATED = ("contamination", "sandbagging", "grader")
UNMEASURED = Measurement(tally=None, display={"value": None, "qualifier": "=", "reported_n": None})
"""Stands in for the measurement of a run that is not measured yet: it exists, and that is what matters."""


def xray_for(reader: Reader, card: Scorecard, *, at: datetime) -> list[Finding]:
    """Return what is wrong with the card, gravest first; what is withheld from the reader is no part of it."""
    return examine(_document(card, card_document_for(reader, card), reader=reader, at=at))


def blocking_words(card: Scorecard, snapshot: Record, *, at: datetime) -> list[str]:
    """Return, for a refusal, the errors that forbid review and sealing, without those that the snapshot's lint names.

    Where a compartment hides evidence of the programme, the words are those of the check alone: whoever reads the
    refusal may not be cleared, and finds on the card's x-ray what they may see.
    """
    shown = {**snapshot, "signoff": signoff_of(card), "expires_at": None}
    named = {row["code"] for row in snapshot["lint"]}
    found = examine(_document(card, shown, reader=None, at=at))
    errors = [row for row in found if row.severity == "error" and row.code not in named]
    hidden = Compartment.objects.filter(programme=card.programme).exists()
    return list(dict.fromkeys(row.title if hidden else f"{row.title}: {row.reason}" for row in errors))


def finding_row(finding: Finding) -> Record:
    """Return a finding as every door shows it."""
    return {**asdict(finding), "runs": list(finding.runs)}


def _document(card: Scorecard, shown: Record, *, reader: Reader | None, at: datetime) -> Record:
    return {
        "at": rfc3339(at),
        "framework": {**card.framework.document, "published_at": rfc3339(card.framework.published_at)},
        "card": {**shown, "applicability": _applicability(shown)},
        "figures": _figures(card, shown, reader),
    }


def _applicability(shown: Record) -> list[Record]:
    named = Applicability.objects.filter(id__in=[row["id"] for row in shown["applicability"]])
    ends = {row.id: rfc3339(row.expires_at) for row in named if row.expires_at}
    return [{**row, "expires_at": ends.get(row["id"])} for row in shown["applicability"]]


def _standing(run: EvaluationRun, cited: set[str], own: dict[str, str]) -> str:
    if run.id in cited:
        return "cited"
    if run.checkpoint_id not in own:
        return "comparison"
    return "superseded" if run.superseded_by_id else "uncited"


def _figures(card: Scorecard, shown: Record, reader: Reader | None) -> list[Record]:
    own, cited = sources_of(card), {item["run"] for item in shown["evidence"]}
    rests_on = list(known_runs().filter(id__in=cited))
    beside = {run.id: run for run in (*rests_on, *known_runs().filter(checkpoint__in=list(own)))}
    if reader is None:
        # Other models' figures are no part of the record, and those of other programmes are nobody's business here.
        runs = beside
    else:
        runs = {**beside, **{run.id: run for run in comparison_runs(rests_on)}}
        allowed = set(visible_runs(reader).filter(id__in=list(runs)).values_list("id", flat=True))
        runs = {run_id: run for run_id, run in runs.items() if run_id in allowed}
    measured = newest_measurements(runs.values())
    return [
        figure_record(run, measured.get(run.id, UNMEASURED), standing=_standing(run, cited, own))
        for _, run in sorted(runs.items())
    ]


def figure_record(run: EvaluationRun, measurement: Measurement, *, standing: str) -> Record:
    """Return a run as the x-ray reads it: the members of `scorecard.xray.figure.Figure`."""
    item = evidence_item(run, measurement, applies=standing)
    kept = {name: item[name] for name in (
        "run", "evaluation", "stratum", "metric", "unit", "checkpoint", "mitigation", "form", "tally", "value",
        "qualifier", "quality", "source", "version", "revision",
    )}  # fmt: skip
    return {
        **kept,
        **_printed(item, run.report),
        **_estimated(run.report),
        **_told(run, measurement),
        "standing": standing,
    }


def _printed(item: Record, report: Record) -> Record:
    return {
        "scaffold": item["scaffold"],
        "printed": printed_value(item),
        "printed_unit": unit_words(item),
        "printed_metric": metric_words(item),
        "n": published_n(item),
        "n_text": item["reported_n"] or None,
        "table": (report["provenance"].get("locator") or "").partition(",")[0],
        "adequate": item["elicitation_adequate"],
        "dataset": item["dataset_digest"],
    }


def _number(value: Any) -> float | None:
    """Return a number of a canonical report, which keeps fractions as text."""
    return None if value is None else float(value)


def _estimated(report: Record) -> Record:
    estimate, elicitation = report.get("estimate", {}), report.get("elicitation", {})
    interval = estimate.get("interval")
    printed = str((report.get("reported") or {}).get("attempts") or "").partition(" ")[0]
    return {
        "attempts": elicitation.get("attempts") or (int(printed) if printed.isascii() and printed.isdigit() else None),
        "stderr": _number(estimate.get("stderr")),
        "interval": None
        if interval is None
        else {name: _number(interval.get(name)) for name in ("low", "high", "level")},
        "comparator": report.get("comparator"),
        "stated": [name for name in STATED if report.get(name) is not None],
    }


def _told(run: EvaluationRun, measurement: Measurement) -> Record:
    display = measurement.display
    return {
        "subject": run.checkpoint.subject.slug,
        "native": run.natural_key,
        "received_at": rfc3339(run.received_at),
        "statuses": display.get("statuses", {}),
        "error_origins": display.get("error_origins", {}),
        "completion": display.get("completion", "complete"),
        "agreement": display.get("agreement", []),
    }
