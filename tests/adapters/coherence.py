"""A found run as run-report/1 would take it: read its samples once and check them by the report's own rules."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.source import LogSource
from evaluations.report.coherence import incoherences
from evaluations.report.document import RunReport
from tests.adapters.sources import source_at


def samples_of(run: FoundRun) -> list[Any]:
    """The run's samples, after the report that they make has been found valid and coherent."""
    samples = list(run.samples) if run.samples is not None else None
    document: dict[str, Any] = {
        "schema": "run-report/1",
        "subject": "atlas-2",
        "checkpoint": "atlas-2-rc1",
        "mitigation": "unspecified",
        "evaluation": {"slug": "test", "version": run.version, "stratum": run.stratum},
        "metric": run.metric,
        "unit": run.unit,
        "provenance": {"source": run.source, "locator": run.locator},
        "run_id": run.native_id,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "planned_samples": run.planned_samples,
        "attempts_per_sample": run.attempts_per_sample,
        "tally": run.tally,
        "estimate": run.estimate,
        "samples": samples,
        "reported": {reported.metric: [reported.value, reported.stderr, reported.n] for reported in run.reported},
        "grader": run.grader,
        "code": run.code,
        "packages": run.packages,
        "sampling": run.sampling,
        "cost": run.cost,
        "tags": run.tags,
    }
    report = RunReport.model_validate({key: value for key, value in document.items() if value is not None})
    assert list(incoherences(report)) == []
    return samples or []


def statuses(samples: list[Any]) -> dict[str, int]:
    """How many samples have each status, with whose fault it was: `{"scored": 7, "error/unknown": 1}`."""
    standing = [sample for sample in samples if not sample.get("superseded", False)]
    return dict(Counter("/".join(filter(None, (sample["status"], sample.get("error_origin")))) for sample in standing))


def mean(samples: list[Any]) -> float:
    """The mean of all scores that stand, attempts alike."""
    scores = [
        sample["score"] for sample in samples if not sample.get("superseded", False) and sample.get("score") is not None
    ]
    return sum(scores) / len(scores)


def claimed(adapter: Adapter, corpus: Path) -> set[str]:
    """The files of the corpus that the adapter recognises."""
    files = (path for path in sorted(corpus.rglob("*")) if path.is_file())
    return {str(path.relative_to(corpus)) for path in files if adapter.recognise(source_at(path))}


def drained(adapter: Adapter, source: LogSource) -> int:
    """Read every run and all samples; return how many samples there are."""
    return sum(len(list(run.samples or ())) for run in adapter.read(source))
