"""The canonical report: the one JSON form of a report that is stored, hashed, exported and recomputed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evaluations.canonical import named_digest, report_digest_bytes
from evaluations.estimates.scores import ScoreRow, scores_to_csv
from evaluations.report.coherence import CEILINGS
from evaluations.report.document import RunReport


def _plain(value: Any) -> Any:
    """JSON values without floats (their shortest text instead), absent fields left out, times as UTC text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
    return repr(value) if isinstance(value, float) else value


def canonical_report(report: RunReport, *, samples_digest: str | None = None) -> dict[str, Any]:
    """Return the report without its samples, as JSON values; `samples_digest` stands for the samples.

    Every number that may have a fraction is text, the shortest decimal that reads back to the same double
    (`"13.0"`, `"0.5"`); counts stay integers. Absent fields are left out; `unit` and an estimate's `qualifier` are
    always there. Two reports that list the same samples in another order have one canonical form. `samples_digest` is
    given where the samples were hashed already, or came beside the report.
    """
    document = _plain(report.model_dump(by_alias=True, exclude={"samples"}))
    if samples_digest is not None:
        document["samples_digest"] = samples_digest
    elif report.samples is not None:
        document["samples_digest"] = named_digest(scores_to_csv(score_rows(report)))
    checked: dict[str, Any] = document
    return checked


def score_rows(report: RunReport) -> list[ScoreRow]:
    """Return the samples as score rows in canonical order; scores in percent become fractions, other units stay."""
    divisor = CEILINGS.get(report.unit, 1.0)
    rows = [
        ScoreRow(
            id=sample["id"],
            attempt=sample.get("attempt", 1),
            status=sample.get("status", "scored"),
            score=None if (score := sample.get("score")) is None else float(score) / divisor,
            cluster=sample.get("cluster"),
            superseded=sample.get("superseded", False),
        )
        for sample in report.samples or []
    ]
    return sorted(rows, key=_whole_row)


def _whole_row(row: ScoreRow) -> tuple[Any, ...]:
    # Superseded attempts may share id, number and status, so the rest of the row decides their order.
    return (row.id, row.attempt, row.superseded, row.status, row.score is not None, row.score or 0.0, row.cluster or "")


def report_digest(canonical: dict[str, Any]) -> str:
    """Return the digest that names a canonical report, samples included through their digest."""
    return named_digest(report_digest_bytes(canonical))
