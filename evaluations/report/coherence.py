"""What the parts of a report must say together, beyond the type and bounds of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluations.report.document import Estimate, Interval, RunReport, Sample
from evaluations.report.refusal import Fault

CEILINGS = {"proportion": 1.0, "percent": 100.0}
"""Largest value of the bounded units; the smallest is 0. Only these can decide."""


def _form_faults(report: RunReport, *, streamed: bool) -> Iterator[Fault]:
    given = [name for name in ("tally", "estimate", "samples") if getattr(report, name) is not None]
    given += ["samples"] * streamed
    if len(given) != 1:
        said = " and ".join(given) if given else "none of them"
        yield Fault(
            f"/{given[1]}" if given else "",
            "one-form",
            f"Exactly one of tally, estimate and samples is needed; the report has {said}.",
            "Keep the most detailed form: samples before tally before estimate.",
        )


def _range_fault(value: float, pointer: str, unit: str) -> Iterator[Fault]:
    ceiling = CEILINGS.get(unit)
    if ceiling is not None and not 0.0 <= value <= ceiling:
        yield Fault(
            pointer,
            "out-of-range",
            f"A value in {unit} lies between 0 and {ceiling:g}.",
            "Check the value and the unit.",
        )


def _tally_faults(report: RunReport) -> Iterator[Fault]:
    tally = report.tally
    if tally is None:
        return
    if tally.successes > tally.trials:
        detail = f"There are more successes ({tally.successes}) than trials ({tally.trials})."
        yield Fault("/tally/successes", "more-successes-than-trials", detail, "Check both counts.")
    if report.unit not in CEILINGS:
        detail = f"Successes among trials are a proportion, not {report.unit}."
        yield Fault("/unit", "unit-does-not-fit", detail, "Leave the unit out, or post an estimate.")


def _interval_faults(interval: Interval) -> Iterator[Fault]:
    if interval.low > interval.high:
        detail = "The lower bound lies above the upper bound."
        yield Fault("/estimate/interval/low", "interval-reversed", detail, "Exchange the bounds.")


def _estimate_faults(estimate: Estimate | None, unit: str) -> Iterator[Fault]:
    if estimate is None:
        return
    yield from _range_fault(estimate.value, "/estimate/value", unit)
    if estimate.interval is not None:
        yield from _interval_faults(estimate.interval)


def is_coherent(sample: Sample, unit: str) -> bool:
    """Whether `sample_fault` has nothing to say; cheap, because a report has a million samples and hardly a fault."""
    score = sample.get("score")
    if sample.get("status", "scored") != "scored":
        return score is None
    return score is not None and (unit not in CEILINGS or 0.0 <= score <= CEILINGS[unit])


def sample_fault(sample: Sample, place: str, unit: str) -> Iterator[Fault]:
    """Yield what is wrong with one sample: a score without being scored, or the reverse, or out of range."""
    status, score = sample.get("status", "scored"), sample.get("score")
    if status == "scored" and score is None:
        yield Fault(f"{place}/score", "score-missing", "A scored sample needs its score.", "Add it, or say the status.")
    elif status != "scored" and score is not None:
        detail = f"A sample with status {status} has no score."
        yield Fault(f"{place}/score", "score-without-scoring", detail, "Remove the score, or set the status to scored.")
    elif score is not None:
        yield from _range_fault(score, f"{place}/score", unit)


def duplicate_fault(place: str, attempt: int) -> Fault:
    """Return the fault of an attempt that stands twice without one of them being superseded."""
    detail = f"Attempt {attempt} of this sample stands twice."
    remedy = "Number the attempts, or mark the replaced one as superseded."
    return Fault(place, "duplicate-sample", detail, remedy)


def _sample_faults(samples: list[Sample], unit: str) -> Iterator[Fault]:
    live: set[tuple[str, int]] = set()
    for index, sample in enumerate(samples):
        if not is_coherent(sample, unit):
            yield from sample_fault(sample, f"/samples/{index}", unit)
        if sample.get("superseded", False):
            continue
        key = (sample["id"], sample.get("attempt", 1))
        if key in live:
            yield duplicate_fault(f"/samples/{index}", key[1])
        live.add(key)


def listed_units(report: RunReport) -> int:
    """Return how many units the report itself lists: trials, or distinct samples that are not superseded."""
    if report.tally is not None:
        return report.tally.trials
    if report.estimate is not None:
        return report.estimate.trials or 0
    return len({sample["id"] for sample in report.samples or [] if not sample.get("superseded", False)})


def _extent_faults(report: RunReport, beside: int | None) -> Iterator[Fault]:
    samples_only = report.tally is None and report.estimate is None
    listed = beside if beside is not None and samples_only else listed_units(report)
    if (report.samples is not None or beside is not None) and listed == 0:
        yield Fault("/samples", "nothing-listed", "Every sample is superseded.", "Post the samples that replace them.")
    if report.planned_samples is not None and report.planned_samples < listed:
        detail = f"{report.planned_samples} samples were planned, but {listed} are listed."
        yield Fault("/planned_samples", "fewer-planned-than-listed", detail, "Check the plan, or leave it out.")
    if report.started_at and report.completed_at and report.completed_at < report.started_at:
        detail = "The run was complete before it started."
        yield Fault("/completed_at", "completed-before-started", detail, "Check both times and their offsets.")


def incoherences(
    report: RunReport, *, streamed: bool = False, sample_faults: Iterable[Fault] = (), listed: int | None = None
) -> Iterator[Fault]:
    """Yield every fault that only shows when the parts of the report are read together.

    `streamed` says that the samples come beside the document. Then whoever took them in says what is wrong with them,
    and how many distinct ones are listed, where that is known already.
    """
    yield from _form_faults(report, streamed=streamed)
    yield from _tally_faults(report)
    yield from _estimate_faults(report.estimate, report.unit)
    yield from sample_faults
    yield from _sample_faults(report.samples or [], report.unit)
    yield from _extent_faults(report, listed)
