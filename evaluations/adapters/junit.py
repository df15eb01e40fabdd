"""JUnit XML (xunit1 and xunit2): a failure is a verdict, an error is none, and a skipped test was not attempted."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import get_args
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.names import Repeated
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.streaming import Rationed
from evaluations.logs.values import moment, number, sample_id, text_of, whole_number
from evaluations.report.document import Sample, Status

ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?testsuites?[\s>/]")
BEFORE_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>\s*)*", re.DOTALL
)
SUITE, CASE = "testsuite", "testcase"
COUNTED = ("tests", "failures", "errors", "skipped")
XFAIL = "pytest.xfail"
FLAKY = frozenset({"flakyFailure", "flakyError"})
UNPROVEN = "An expected failure (xfail) has run and stands as skipped; it is ungraded, for the file gives no verdict."


STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class _Case:
    """One testcase element."""

    id: str
    line: int
    status: Status
    score: float | None
    own: float | None
    """The number under the property `score`."""


@dataclass
class _Cases:
    """The testcases of a suite as columns, because a file may hold a million of them; NaN for an absent number."""

    ids: Repeated = field(default_factory=Repeated)
    lines: array[int] = field(default_factory=lambda: array("L"))
    statuses: bytearray = field(default_factory=bytearray)
    scores: array[float] = field(default_factory=lambda: array("d"))
    own: array[float] = field(default_factory=lambda: array("d"))
    models: Repeated = field(default_factory=Repeated)
    """The model of each, empty where none is named."""

    def __len__(self) -> int:
        return len(self.lines)

    def add(self, case: _Case, model: str | None) -> None:
        """Add a testcase."""
        self.ids.append(case.id)
        self.lines.append(case.line)
        self.statuses.append(STATUSES.index(case.status))
        self.scores.append(math.nan if case.score is None else case.score)
        self.own.append(math.nan if case.own is None else case.own)
        self.models.append(model or "")

    def by_model(self) -> dict[str | None, Sequence[int]]:
        """Return the rows of each model, in the order in which the models appear."""
        named = list(dict.fromkeys(self.models))
        models: list[str] = [model for model in named if model]
        if len(models) <= 1:
            # A test that was skipped or broke before it ran could not record the model; it must not look like another
            # run.
            return {models[0] if models else None: range(len(self))} if len(self) else {}
        rows: dict[str, array[int]] = {model: array("L") for model in named}
        for row, model in enumerate(self.models):
            rows[model].append(row)
        return {model or None: found for model, found in rows.items()}

    def samples(self, rows: Sequence[int], *, own: bool) -> Iterator[Sample]:
        """Yield the tests in these rows, with their own score or with their verdict."""
        scores = self.own if own else self.scores
        for row, attempt in zip(rows, self.ids.repeats(rows), strict=True):
            name, status, score = self.ids[row], STATUSES[self.statuses[row]], scores[row]
            sample: Sample = {"id": name, "attempt": attempt, "transcript": f"testcase {self.lines[row]}"}
            sample["status"] = "ungraded" if status == "scored" and math.isnan(score) else status
            if not math.isnan(score):
                sample["score"] = score
            if status == "error":
                sample["error_origin"] = "system"
            yield sample


@dataclass
class _Suite:
    attributes: dict[str, str]
    properties: dict[str, str] = field(default_factory=dict)
    cases: _Cases = field(default_factory=_Cases)
    remarks: Counter[str] = field(default_factory=Counter)


def recognise(source: LogSource) -> bool:
    """Whether the root element is testsuites or testsuite."""
    head = source.head()
    before = BEFORE_ROOT.match(head)
    return before is not None and ROOT.match(head, before.end()) is not None


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run per suite and model, and one more where the tests carry a property `score`. Raises LogRefused."""
    source.refuse_empty()
    found = 0
    for suite in _suites(source):
        groups = suite.cases.by_model()
        for model, rows in groups.items():
            found += 1
            yield _run(suite, model, rows, several=len(groups) > 1)
            if any(not math.isnan(suite.cases.own[row]) for row in rows):
                yield _own_scores(suite, model, rows)
    if not found:
        raise LogRefused(
            "nothing-measured", "The file holds no testcase.", remedy="Send the report of a run with tests."
        )


def _suites(source: LogSource) -> Iterator[_Suite]:
    try:
        yield from _parsed(source)
    except LogRefused:
        raise
    except DefusedXmlException:
        words = "The XML declares a DTD or entities, which are not read."
        raise LogRefused("xml-entities", words, remedy="Send plain JUnit XML without a DOCTYPE.") from None
    except (ParseError, ValueError, LookupError) as error:
        words = f"The XML cannot be read: {text_of(str(error))}; the file may be cut."
        raise LogRefused("not-xml", words, remedy="Send the complete file.") from None


def _parsed(source: LogSource) -> Iterator[_Suite]:
    stream, count = Rationed(source), 0
    stack: list[Element] = []
    suites: list[_Suite] = []
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        tag = _tag(element)
        if event == "start":
            if not stack and tag not in {"testsuites", SUITE}:
                words = f"The root element is {text_of(tag, limit=60)}, not testsuites or testsuite."
                raise LogRefused("not-junit", words, remedy="Name the format of the tool that wrote it.")
            stack.append(element)
            if len(stack) > source.budget.depth:
                raise LogRefused("too-deep", f"The document is nested deeper than {source.budget.depth} levels.")
            if tag == SUITE:
                suites.append(_Suite(dict(element.attrib)))
            continue
        stack.pop()
        if tag == CASE and suites:
            count += 1
            if count > source.budget.samples:
                raise LogRefused("too-many-samples", f"More than {source.budget.samples} tests.")
            suites[-1].cases.add(*_case(element, count, suites[-1]))
        elif tag == "properties" and suites and stack and _tag(stack[-1]) == SUITE:
            suites[-1].properties |= _properties(element)
        if tag in {CASE, SUITE, "properties"} and (not stack or _tag(stack[-1]) != CASE):
            element.clear()
            stream.renew()
            if stack:
                stack[-1].remove(element)
        if tag == SUITE:
            yield suites.pop()


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _properties(element: Element) -> dict[str, str]:
    """Properties by name in lower case; the value is an attribute, or in some tools the text."""
    pairs = ((text_of(one.get("name"), limit=60), one.get("value") or one.text or "") for one in element)
    return {name.lower(): value for name, value in pairs if name is not None}


def _case(element: Element, count: int, suite: _Suite) -> tuple[_Case, str | None]:
    """Return a testcase and its model."""
    inner = {_tag(child): child for child in element}
    status, score = _verdict(inner, suite)
    properties = _properties(inner["properties"]) if "properties" in inner else {}
    named = properties.get("model", suite.properties.get("model"))
    parts = (element.get("classname"), element.get("name"))
    identity = sample_id("::".join(part for part in parts if part)) or f"test {count}"
    own = number(properties.get("score")) if status == "scored" else None
    return _Case(identity, count, status, score, own), text_of(named)


def _verdict(inner: dict[str, Element], suite: _Suite) -> tuple[Status, float | None]:
    if "failure" in inner:
        return "scored", 0.0
    if "error" in inner:
        return "error", None
    if "skipped" in inner:
        if inner["skipped"].get("type") == XFAIL:
            suite.remarks[UNPROVEN] += 1
            return "ungraded", None
        return "not_attempted", None
    if FLAKY & inner.keys():
        suite.remarks["A test passed only when it was run again; it counts as passed."] += 1
    return "scored", 1.0


def _run(suite: _Suite, model: str | None, rows: Sequence[int], *, several: bool) -> FoundRun:
    told = whole_number(suite.attributes.get("tests"))
    distinct = suite.cases.ids.distinct(rows)
    reported = [Reported(name, value) for name in COUNTED if (value := text_of(suite.attributes.get(name), limit=40))]
    warnings = [text if number == 1 else f"{text} ({number} times)" for text, number in suite.remarks.items()]
    if told is not None and told != len(suite.cases):
        warnings.append(f"The suite counts {told} tests; the file holds {len(suite.cases)}.")
    if model is None:
        warnings.append("No property `model` names the model; the checkpoint must be bound by whoever posts it.")
    missing = told is not None and told > len(suite.cases) and not several
    name = text_of(suite.attributes.get("name")) or "unnamed suite"
    return FoundRun(
        evaluation=text_of(suite.properties.get("evaluation")) or name,
        metric="pass_rate",
        source="JUnit XML",
        model=model,
        native_id=text_of(suite.properties.get("run_id")),
        state="partial" if missing else "complete",
        samples=suite.cases.samples(rows, own=False),
        version=text_of(suite.properties.get("version")),
        planned_samples=max(told or 0, distinct) if missing else distinct,
        started_at=moment(suite.attributes.get("timestamp")),
        reported=reported,
        locator=name,
        producer_polarity="higher_is_better",
        warnings=warnings,
    )


def _own_scores(suite: _Suite, model: str | None, rows: Sequence[int]) -> FoundRun:
    run = _run(suite, model, rows, several=True)
    run.metric, run.reported, run.producer_polarity = "score", [], None
    outside = any(suite.cases.own[row] < 0.0 or suite.cases.own[row] > 1.0 for row in rows)
    run.unit = "score" if outside else "proportion"
    run.samples = suite.cases.samples(rows, own=True)
    run.warnings.append("The scores are the tests' own property `score`; tests without it are ungraded.")
    return run


ADAPTER = Adapter(name="junit", title="JUnit XML", recognise=recognise, read=read)
