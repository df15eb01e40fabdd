"""promptfoo's JSON, JSONL and XML: the same rows in three dresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from evaluations.adapters.promptfoo.rows import Results, assertions_of, members, row_of
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.streaming import Rationed, json_parts
from evaluations.logs.values import listing, mapping, text_of, tolerant_json, whole_number

ROWS = ("results", "results", "*")
WANTED = {
    ROWS, ("evalId",), ("results", "timestamp"), ("results", "prompts"), ("results", "stats"), ("config",),
    ("metadata",), ("runtimeOptions",),
}  # fmt: skip
TOLD = WANTED | {ROWS[:-1]}
"""Where XML is told and dropped: a list has no element of its own in it."""
MOST_ASSERTIONS = 50


class _Collected(Protocol):
    def __call__(self, path: tuple[str, ...], value: Any) -> None: ...


def stem(source: LogSource) -> str:
    """Return the file's name without suffixes, as the evaluation's name where the file says none."""
    return text_of(source.base_name.split(".")[0]) or "promptfoo evaluation"


def _keep_row(results: Results, entry: Any, place: str, source: LogSource) -> None:
    if not isinstance(entry, dict):
        raise LogRefused("wrong-type", "A result is no object.", pointer=place)
    if len(results.rows) >= source.budget.samples:
        raise LogRefused("too-many-samples", f"More than {source.budget.samples} results.", pointer=place)
    results.rows.append(row_of(entry, place))
    if len(results.assertions) < MOST_ASSERTIONS:
        kinds = (text_of(one.get("type"), limit=60) for one in assertions_of(mapping(entry.get("testCase"))))
        results.assertions.update(kind for kind in kinds if kind)


def from_json(source: LogSource) -> Results:
    """Return the results of a JSON export, read as a stream. Raises LogRefused."""
    results = Results(stem(source))
    collected = collector(results, source)
    for path, value in json_parts(source, WANTED):
        collected(path, value)
    return results


def collector(results: Results, source: LogSource) -> _Collected:
    """Return what takes the parts of a document, of whatever dress, into the results."""

    def collect(path: tuple[str, ...], value: Any) -> None:
        if path == ROWS:
            _keep_row(results, value, f"/results/results/{len(results.rows)}", source)
        elif path == ("evalId",):
            results.eval_id = text_of(value, limit=150)
        elif path == ("results", "timestamp"):
            results.created = value
        elif path == ("results", "prompts"):
            results.prompts = members(value)
        elif path == ("results", "stats"):
            results.stats = mapping(value)
        elif path == ("metadata",):
            results.version = text_of(mapping(value).get("promptfooVersion"), limit=40)
        elif path in {("config",), ("runtimeOptions",)}:
            _keep_config(results, mapping(value))

    return collect


def _keep_config(results: Results, config: dict[str, Any]) -> None:
    results.evaluation = text_of(config.get("description")) or results.evaluation
    options = mapping(config.get("evaluateOptions"))
    results.repeat = whole_number(options.get("repeat")) or whole_number(config.get("repeat")) or results.repeat


def from_lines(source: LogSource) -> Results:
    """Return the results of the JSONL that promptfoo writes row by row. Raises LogRefused."""
    results = Results(stem(source), whole=False)
    broken: LogRefused | None = None
    for line, data in source.lines():
        if broken is not None:
            raise broken
        try:
            entry = tolerant_json(data, place=f"line {line}")
        except LogRefused as refusal:
            if not results.rows or refusal.fault.code not in {"not-json", "not-utf-8"}:
                raise
            broken = refusal
            results.warnings.append(f"Line {line} is cut; its result is missing.")
            continue
        _keep_row(results, entry, f"line {line}", source)
    return results


def from_xml(source: LogSource) -> Results:
    """Return the results of promptfoo's own XML, which is no JUnit. Raises LogRefused."""
    results = Results(stem(source))
    collected = collector(results, source)
    for path, value in _xml_parts(source):
        collected(path, value)
    results.warnings.append("promptfoo's XML turns everything into text and names no version; send results.json.")
    return results


def _xml_parts(source: LogSource) -> Iterator[tuple[tuple[str, ...], Any]]:
    stream, stack, prompts = Rationed(source), [], []
    try:
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                stack.append(element.tag)
                if len(stack) > source.budget.depth:
                    raise LogRefused("too-deep", f"The document is nested deeper than {source.budget.depth} levels.")
                continue
            path = tuple(stack[1:])
            stack.pop()
            if path == ROWS[:-1]:
                yield ROWS, _plain(element)
            elif path == ("results", "prompts"):
                prompts.append(_plain(element))
            elif path in WANTED:
                yield path, _plain(element)
            if path in TOLD or len(path) <= 1:
                element.clear()
                stream.renew()
    except (ParseError, DefusedXmlException) as error:
        words = f"{text_of(str(error)) or 'The XML uses a DTD or entities'}; the file may be cut."
        raise LogRefused("not-xml", words, pointer=source.base_name, remedy="Send results.json.") from None
    yield ("results", "prompts"), prompts


def _plain(element: Element) -> Any:
    """The element as JSON would have it: children by name, several of one name as a list, else the text."""
    if not len(element):
        return element.text or ""
    value: dict[str, Any] = {}
    for child in element:
        inner = _plain(child)
        if child.tag in value:
            value[child.tag] = [*listing(value[child.tag]), inner] if isinstance(value[child.tag], list) else [
                value[child.tag], inner
            ]  # fmt: skip
        else:
            value[child.tag] = inner
    return value
