"""Test runs of DeepEval: one run per metric; an error of the judge is no failed test."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.streaming import parts_of
from evaluations.logs.values import listing, mapping, number, text_of, whole_number
from evaluations.report.document import Sample

ROOTS = ((), ("testRunData",))
"""The run itself, and wrapped as `.latest_test_run.json` has it."""
CASES = ("testCases", "conversationalTestCases")
VERDICTS = ("metricsData", "metricsMetadata")
"""What the metrics found of a case; the second name, with `metric` for `name`, is that of versions before 1.1."""
ABOUT = (
    "metricsScores", "hyperparameters", "testPassed", "testFailed", "identifier", "testFile", "datasetAlias",
    "datasetVersion", "testRunId",
)  # fmt: skip
WANTED = [(*root, name, "*") for root in ROOTS for name in CASES] + [(*root, name) for root in ROOTS for name in ABOUT]
WANTED += [("testRunLink",)]
CONTENT = ("input", "expectedOutput", "scenario", "expectedOutcome", "context")
NO_METRIC = re.compile(r"[^A-Za-z0-9_.@+%/=-]+")
MOST_SETTINGS = 30


@dataclass(slots=True)
class _Verdict:
    """One metric's data of one test case."""

    case: int
    score: float | None
    failed: bool
    """The metric itself raised an error."""


@dataclass
class _Metric:
    verdicts: list[_Verdict] = field(default_factory=list)
    grader: dict[str, Any] = field(default_factory=dict)
    cost: float = 0.0


@dataclass
class _TestRun:
    about: dict[str, Any] = field(default_factory=dict)
    cases: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, digest of the content, and place of every test case."""
    metrics: dict[str, _Metric] = field(default_factory=dict)
    unmeasured: int = 0


def recognise(source: LogSource) -> bool:
    """Whether the head has a DeepEval test run's own names."""
    head = source.head()
    if not head.lstrip().startswith(b"{"):
        return False
    judged = any(f'"{name}"'.encode() in head for name in VERDICTS)
    wrapped = b'"testRunData"' in head or b'"testRunLink"' in head
    return wrapped or (b'"testCases"' in head and judged)


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run per metric. Raises LogRefused."""
    source.refuse_empty()
    run, places = _TestRun(), Counter[str]()
    for path, value in parts_of(source, WANTED):
        if path[-1] == "*":
            folder = f"/{'/'.join(path[:-1])}"
            _keep_case(run, value, f"{folder}/{places[folder]}", source)
            places[folder] += 1
        else:
            run.about[path[-1]] = value
    if "testRunLink" in run.about and not run.cases:
        words = "The file holds only the address under which Confident AI keeps the test run."
        raise LogRefused("nothing-measured", words, pointer="/testRunLink", remedy="Send .latest_run_full.json.")
    if not run.metrics:
        words = f"The test run holds {len(run.cases)} test cases and no metric with data."
        raise LogRefused("nothing-measured", words, pointer="/testCases", remedy="Send a run that was evaluated.")
    for name, metric in run.metrics.items():
        yield _found(run, name, metric, source)


def _keep_case(run: _TestRun, value: Any, place: str, source: LogSource) -> None:
    case = mapping(value)
    if len(run.cases) >= source.budget.samples:
        raise LogRefused("too-many-samples", f"More than {source.budget.samples} test cases.", pointer=place)
    content = json.dumps([case.get(name) for name in CONTENT], default=str)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    run.cases.append((text_of(case.get("name"), limit=150) or "unnamed", digest, place))
    found = [mapping(data) for name in VERDICTS for data in listing(case.get(name))]
    run.unmeasured += not found
    for data in found:
        named = text_of(data.get("name"), limit=80) or text_of(data.get("metric"), limit=80) or "unnamed"
        metric = run.metrics.setdefault(named, _Metric())
        metric.verdicts.append(_Verdict(len(run.cases) - 1, number(data.get("score")), bool(data.get("error"))))
        metric.cost += max(0.0, number(data.get("evaluationCost")) or 0.0)
        metric.grader = metric.grader or {
            "threshold": number(data.get("threshold")),
            "evaluation_model": text_of(data.get("evaluationModel")),
            "strict": data.get("strictMode") is True,
        }


def _found(run: _TestRun, name: str, metric: _Metric, source: LogSource) -> FoundRun:
    about = run.about
    settings = mapping(about.get("hyperparameters"))
    plain = {text_of(key, limit=60): text_of(value) for key, value in list(settings.items())[:MOST_SETTINGS]}
    model = next((value for key, value in plain.items() if key and key.lower() == "model"), None)
    scores = [verdict.score for verdict in metric.verdicts if verdict.score is not None and not verdict.failed]
    label = text_of(about.get("identifier"))
    return FoundRun(
        evaluation=text_of(about.get("datasetAlias")) or label or text_of(source.base_name.split(".")[0]) or "deepeval",
        metric=f"score:{NO_METRIC.sub('_', name).strip('_') or 'unnamed'}",
        source="deepeval",
        model=model,
        native_id=text_of(about.get("testRunId")),
        samples=_samples(run, metric),
        unit="proportion" if all(0.0 <= score <= 1.0 for score in scores) else "score",
        version=text_of(about.get("datasetVersion")),
        reported=list(_reported(about, name)),
        grader={"metric": name, **metric.grader},
        sampling={key: value for key, value in plain.items() if key and value} or None,
        cost={"usd": metric.cost} if 0.0 < metric.cost < float("inf") else None,
        tags=[label] if label else [],
        locator=name,
        warnings=list(_warnings(run, metric, model)),
    )


def _warnings(run: _TestRun, metric: _Metric, model: str | None) -> Iterator[str]:
    failed = sum(verdict.failed for verdict in metric.verdicts)
    if failed:
        yield f"{failed} errors of the judge are ungraded; DeepEval counts them as failed tests."
    if run.unmeasured:
        yield f"{run.unmeasured} test cases hold no metric data and are in no run."
    counts = [whole_number(run.about.get(name)) for name in ("testPassed", "testFailed")]
    told = sum(count for count in counts if count is not None)
    if None not in counts and told != len(run.cases):
        yield f"DeepEval counts {told} test cases; the file holds {len(run.cases)}."
    if model is None:
        yield "The hyperparameters name no model; the checkpoint must be bound by whoever posts it."


def _reported(about: dict[str, Any], name: str) -> Iterator[Reported]:
    for entry in map(mapping, listing(about.get("metricsScores"))):
        if text_of(entry.get("metric"), limit=80) == name:
            for count in ("passes", "fails", "errors"):
                if whole_number(entry.get(count)) is not None:
                    yield Reported(count, entry[count], n=len(listing(entry.get("scores"))), note="by the threshold")
    for count in ("testPassed", "testFailed"):
        if whole_number(about.get(count)) is not None:
            yield Reported(count, about[count], note="over all metrics; an error of the judge counts as failed")


def _samples(run: _TestRun, metric: _Metric) -> Iterator[Sample]:
    contents: dict[str, set[str]] = {}
    for name, digest, _ in run.cases:
        contents.setdefault(name, set()).add(digest)
    attempts: Counter[str] = Counter()
    for verdict in metric.verdicts:
        name, digest, place = run.cases[verdict.case]
        # Parametrised tests share one name, so the content tells a repeat from another test.
        identity = name if len(contents[name]) == 1 else f"{name} {digest}"
        attempts[identity] += 1
        sample: Sample = {"id": identity, "attempt": attempts[identity], "status": "scored", "transcript": place}
        if verdict.failed or verdict.score is None:
            sample["status"], sample["error_origin"] = "ungraded", "grader"
        else:
            sample["score"] = verdict.score
        yield sample


ADAPTER = Adapter(name="deepeval", title="DeepEval test run", recognise=recognise, read=read)
