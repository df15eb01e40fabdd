"""From a report to runs: one per probe and detector, an output being an attempt at its prompt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from evaluations.adapters.garak.digest import runs_of_digest
from evaluations.adapters.garak.report import Attempt, Report
from evaluations.adapters.garak.setup import found_run
from evaluations.adapters.garak.summing import hits_and_total
from evaluations.adapters.garak.thresholds import threshold_of, values_of
from evaluations.logs.found import FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import mapping, number, text_of, whole_number
from evaluations.report.document import Sample


def report_runs(report: Report) -> Iterator[FoundRun]:
    """Yield the runs. Raises LogRefused for a report that measured nothing, with what it had planned."""
    probes = list(dict.fromkeys([*report.attempts, *report.evals]))
    if not probes and report.digest.get("eval"):
        yield from runs_of_digest(report.digest, report.setup)
        return
    found = [pair for probe in probes for pair in _pairs(report, probe)]
    if not found:
        raise _nothing(report)
    extra = _general_warnings(report, {probe for probe, _ in found})
    threshold = threshold_of(report)
    for probe, detector in found:
        run = _run(report, probe, detector, threshold)
        run.warnings += extra
        yield run


def _pairs(report: Report, probe: str) -> Iterator[tuple[str, str | None]]:
    attempts, evals = report.attempts.get(probe, {}), report.evals.get(probe, {})
    detectors = dict.fromkeys(name for attempt in attempts.values() for name in attempt.values) | dict.fromkeys(evals)
    for detector in detectors or (None,):
        if attempts or _tally(evals[detector or ""]) is not None:
            yield probe, detector


def _nothing(report: Report) -> LogRefused:
    planned = ", ".join(report.planned[:10]) or "not named"
    ended = "came to its end" if report.complete else "did not come to its end"
    words = f"The garak run {ended} without one attempt or evaluation. Its probes: {planned}."
    return LogRefused("nothing-measured", words, remedy="Run the probes again; see garak's own log for the reason.")


def _general_warnings(report: Report, probes: set[str]) -> list[str]:
    found = list(report.warnings[:20])
    if not report.complete:
        found.append("The report has no entry of completion: the run was interrupted, or the file is a part.")
    silent = [name for name in dict.fromkeys([*report.planned, *report.evals]) if name not in probes]
    if silent:
        found.append(f"{len(silent)} probes left nothing that can be counted: {', '.join(silent[:10])}.")
    return found


def _run(report: Report, probe: str, detector: str | None, threshold: float) -> FoundRun:
    run = found_run(report.setup, probe=probe, detector=detector)
    attempts = list(report.attempts.get(probe, {}).values())
    summary = report.evals.get(probe, {}).get(detector or "")
    run.reported = list(_reported(summary or {}))
    if summary is None:
        run.state = "partial"
        run.warnings.append("garak did not come to sum this probe up; outputs that no detector has seen are ungraded.")
    if not attempts:
        _set_tally(run, summary or {})
        return run
    run.samples = _samples(attempts, detector, threshold)
    run.grader = {**run.grader, "threshold": threshold}
    values = values_of(report, probe, detector or "")
    if summary is not None:
        run.warnings += _contradictions(values, threshold, summary)
    if not report.setup.threshold_stated and any(0.0 < value < 1.0 for value in values):
        run.warnings.append(_of_threshold(report, threshold))
    return run


def _of_threshold(report: Report, threshold: float) -> str:
    if threshold == report.setup.threshold:
        return f"The log names no threshold; detector values from {threshold} on count as hits."
    words = f"The log names no threshold; garak's own sums fit hits from a detector value of {threshold:.6g} on"
    return f"{words}, not from its usual {report.setup.threshold}."


def _tally(summary: dict[str, Any]) -> dict[str, int] | None:
    hits, total = hits_and_total(summary)
    return {"successes": hits, "trials": total} if hits is not None and total and hits <= total else None


def _set_tally(run: FoundRun, summary: dict[str, Any]) -> None:
    run.tally, run.attempts_per_sample = _tally(summary), None
    processed = whole_number(summary.get("total_processed"))
    run.planned_samples = processed if processed and run.tally and processed >= run.tally["trials"] else None
    run.warnings.append("The report holds no attempts of this probe, so the counts are garak's own.")


def _contradictions(values: list[float], threshold: float, summary: dict[str, Any]) -> Iterator[str]:
    hits, total = hits_and_total(summary)
    ours = sum(value >= threshold for value in values), len(values)
    if (hits, total) != ours:
        yield f"garak sums up {hits} hits in {total} outputs; the attempts hold {ours[0]} in {ours[1]}."


def _reported(summary: dict[str, Any]) -> Iterator[Reported]:
    total = whole_number(summary.get("total_evaluated", summary.get("total")))
    for name in ("passed", "fails", "nones"):
        if name in summary:
            note = "outputs on the safe side" if name == "passed" else None
            yield Reported(name, _verbatim(summary[name]), n=total, note=note)
    for name in ("confidence_lower", "confidence_upper"):
        if name in summary:
            method = text_of(summary.get("confidence_method"), limit=40) or "unnamed method"
            level = text_of(summary.get("confidence"), limit=20)
            yield Reported(
                name, _verbatim(summary[name]), n=total, note=f"of the failure rate, {method}, level {level}"
            )
    for k, found in list(mapping(summary.get("hit_at_k")).items())[:10]:
        yield Reported(f"hit@{text_of(k, limit=10)}", _verbatim(mapping(found).get("score")))


def _verbatim(value: Any) -> Any:
    return value if isinstance(value, int | float) and number(value) is not None else text_of(value)


def _samples(attempts: list[Attempt], detector: str | None, threshold: float) -> Iterator[Sample]:
    numbers = [attempt.seq for attempt in attempts]
    # Buffs and multi-turn probes give several attempts one number, or none; then only the line tells them apart.
    numbered = None not in numbers and len(set(numbers)) == len(numbers)
    for attempt in attempts:
        name = str(attempt.seq) if numbered else attempt.uuid or f"line {attempt.line}"
        values = attempt.values.get(detector or "")
        if values is None and attempt.evaluated and attempt.values:
            continue  # because detectors may differ by prompt, and this one was not meant for it
        for index in range(max(attempt.outputs, len(values or ()), 1)):
            value = values[index] if values is not None and index < len(values) else math.nan
            yield _sample(attempt, name, index, value, threshold)


def _sample(attempt: Attempt, name: str, index: int, value: float, threshold: float) -> Sample:
    sample: Sample = {"id": name, "attempt": index + 1, "transcript": f"line {attempt.line}"}
    if attempt.uuid is not None:
        sample["uuid"] = attempt.uuid
    if not math.isnan(value):
        sample["status"], sample["score"] = "scored", float(value >= threshold)
        if value not in (0.0, 1.0):
            sample["judge"] = {"detector_value": value}
    elif index in attempt.empty or index >= attempt.outputs:
        sample["status"] = "error" if attempt.evaluated else "not_attempted"
        if attempt.evaluated:
            sample["error_origin"] = "unknown"
    else:
        sample["status"], sample["error_origin"] = "ungraded", "grader"
    return sample
