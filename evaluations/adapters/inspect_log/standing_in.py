"""What a log without samples still tells: scores per sample in its reductions, a figure in its results, or its plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluations.adapters.inspect_log.attempts import Attempts
from evaluations.adapters.inspect_log.header import Header, ReportedScore
from evaluations.adapters.inspect_log.scoring import Column
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import number, text_of
from evaluations.report.document import Sample

PLAN: Column = ("", None)


def fill_in(header: Header, attempts: Attempts) -> str:
    """Fill in what stands for samples that are not there, and return which it is: reductions, results or plan.

    Raises LogRefused for a log that neither measured nor planned anything.
    """
    if (header.epochs() or 1) == 1 and _add_reductions(header, attempts):
        return "reductions"
    if any(number((entry.headline() or ("", None))[1]) is not None for entry in header.scores()):
        return "results"
    for sample_id in header.items("eval", "dataset", "sample_ids"):
        if Attempts.nameable(sample_id):
            attempts.add({"id": sample_id, "epoch": 1}, place="/eval/dataset/sample_ids")
    if not len(attempts) and header.planned(epochs=1) is None:
        words = "The log holds no sample, no result and no plan of samples."
        raise LogRefused("nothing-measured", words, pointer="/samples", remedy="Send the log of a run with samples.")
    return "plan"


def _add_reductions(header: Header, attempts: Attempts) -> bool:
    merged: dict[Any, dict[str, Any]] = {}
    for reduction in header.reductions():
        scorer = text_of(reduction.get("scorer")) if isinstance(reduction, dict) else None
        if scorer is None:
            continue
        entries = reduction.get("samples")
        for entry in entries if isinstance(entries, list) else ():
            sample_id = entry.get("sample_id") if isinstance(entry, dict) else None
            if Attempts.nameable(sample_id):
                merged.setdefault(sample_id, {}).setdefault(scorer, entry)
    for sample_id, scores in merged.items():
        attempts.add({"id": sample_id, "epoch": 1, "scores": scores}, place="/reductions")
    return bool(merged)


def not_attempted(attempts: Attempts) -> Iterator[Sample]:
    """Yield the planned samples of a run that attempted none."""
    for sample in attempts.samples(PLAN):
        yield Sample(id=sample["id"], attempt=1, status="not_attempted")


def estimate_of(header: Header, entry: ReportedScore) -> dict[str, Any]:
    """Return the producer's figure as an estimate, with its sample size and standard error as far as they are known."""
    headline = entry.headline()
    estimate: dict[str, Any] = {"value": number(headline[1]) if headline else None}
    trials = entry.scored or _reduced(header, entry) or (header.completed() or 0) // (header.epochs() or 1)
    if trials:
        estimate["trials"] = trials
    stderr = number(entry.metric("stderr"))
    if stderr is not None and stderr >= 0.0:
        estimate["stderr"] = stderr
    return estimate


def _reduced(header: Header, entry: ReportedScore) -> int:
    for reduction in header.reductions():
        if isinstance(reduction, dict) and reduction.get("scorer") == entry.name:
            samples = reduction.get("samples")
            return len(samples) if isinstance(samples, list) else 0
    return 0
