"""Whether what an adapter found could become a report: names, counts, scores and their form."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.source import LogSource
from evaluations.report.coherence import CEILINGS
from evaluations.report.document import Estimate, Sample, Tally, Unit
from evaluations.report.values import RFC_3339, Metric, Name

SAMPLE, NAME, METRIC, UNIT = TypeAdapter(Sample), TypeAdapter(Name), TypeAdapter(Metric), TypeAdapter(Unit)
STATES = {"complete", "partial", "cancelled", "error", "running"}
SMALL = 64 * 1024


def sound(run: FoundRun) -> FoundRun:
    """Assert that the run fits run-report/1 and return it with its samples in a list."""
    NAME.validate_python(run.evaluation)
    METRIC.validate_python(run.metric)
    UNIT.validate_python(run.unit)
    for name in (run.source, run.model, run.native_id, run.version, run.stratum, run.locator):
        assert name is None or NAME.validate_python(name)
    for instant in (run.started_at, run.completed_at):
        assert instant is None or re.fullmatch(RFC_3339, instant)
    assert run.state in STATES
    assert [run.samples, run.columns, run.tally, run.estimate].count(None) == 3, "exactly one form"
    assert run.tally is None or Tally(**run.tally).successes <= run.tally["trials"]
    assert run.estimate is None or Estimate.model_validate(run.estimate)
    for count in (run.planned_samples, run.attempts_per_sample):
        assert count is None or 1 <= count < 2**31
    shown = [run.grader, run.code, run.packages, run.sampling, run.cost, run.tags, run.warnings]
    shown += [[one.metric, one.value, one.stderr, one.n, one.note] for one in run.reported]
    assert all(len(json.dumps(value, allow_nan=False)) < SMALL for value in shown)
    if run.samples is None:
        return run
    samples = list(_sound_samples(run))
    assert run.planned_samples is None or run.planned_samples >= len({sample["id"] for sample in samples})
    return replace(run, samples=samples)


def _sound_samples(run: FoundRun) -> Iterator[Sample]:
    seen: set[tuple[str, int]] = set()
    for sample in run.samples or ():
        SAMPLE.validate_python(sample, strict=True)
        score, status = sample.get("score"), sample.get("status", "scored")
        assert (score is not None) == (status == "scored"), sample
        if score is not None:
            assert math.isfinite(score)
            assert run.unit not in CEILINGS or 0.0 <= score <= CEILINGS[run.unit], sample
        key = (sample["id"], sample.get("attempt", 1))
        if not sample.get("superseded"):
            assert key not in seen, f"{key} stands twice"
            seen.add(key)
        yield sample


def strict(adapter: Adapter) -> Adapter:
    """Return the adapter with every run that it yields checked for soundness."""

    def read(source: LogSource) -> Iterator[FoundRun]:
        return (sound(run) for run in adapter.read(source))

    return replace(adapter, read=read)


def counted(run: FoundRun) -> dict[str, Any]:
    """Return the number of samples by status and the mean of the scored ones, rounded to 6 decimals."""
    samples = list(run.samples or ())
    scores = [score for sample in samples if (score := sample.get("score")) is not None]
    statuses: dict[str, int] = {}
    for sample in samples:
        statuses[sample.get("status", "scored")] = statuses.get(sample.get("status", "scored"), 0) + 1
    return {"n": len(samples), **statuses, "mean": round(math.fsum(scores) / len(scores), 6) if scores else None}
