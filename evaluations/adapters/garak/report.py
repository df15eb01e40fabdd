"""The entries of a report.jsonl, kept in small columns: every attempt stands in it twice, and only the last counts."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evaluations.adapters.garak.setup import Setup, plugin_name, setup_of
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import listing, mapping, number, text_of, tolerant_json, whole_number

EVALUATED = 2
"""Status of an attempt whose outputs the detectors have seen; 1 stands for generated only."""


@dataclass(slots=True)
class Attempt:
    """One prompt with its outputs: a detector value per output, NaN where there is none."""

    uuid: str | None
    seq: int | None
    line: int
    evaluated: bool
    outputs: int
    empty: frozenset[int]
    """Indexes of outputs that the generator did not give."""
    values: dict[str, array[float]]


@dataclass
class Report:
    """What the report holds, by probe in the order of the file."""

    setup: Setup
    attempts: dict[str, dict[Any, Attempt]] = field(default_factory=dict)
    evals: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    digest: dict[str, Any] = field(default_factory=dict)
    planned: list[str] = field(default_factory=list)
    """Probes that the run set out with, as far as the version says."""
    complete: bool = False
    """Whether garak wrote that the run came to its end."""
    warnings: list[str] = field(default_factory=list)


def entries(source: LogSource) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield (line, entry); a last line that is cut gives None. Raises LogRefused for damage before the last line."""
    broken: tuple[int, LogRefused] | None = None
    for line, data in source.lines():
        if broken is not None:
            raise broken[1]
        try:
            entry = tolerant_json(data, place=f"line {line}")
        except LogRefused as refusal:
            if refusal.fault.code not in {"not-json", "not-utf-8"}:
                raise
            broken = (line, refusal)
            continue
        yield line, mapping(entry)
    if broken is not None:
        if broken[0] == 1:
            raise broken[1]
        yield broken[0], None


def read_report(source: LogSource) -> Report:
    """Return the report. Raises LogRefused with the line."""
    parts: dict[str, dict[str, Any]] = {}
    report = Report(Setup())
    outputs = 0
    for line, entry in entries(source):
        if entry is None:
            report.warnings.append(f"Line {line} is cut; what it held is missing.")
            continue
        kind = text_of(entry.get("entry_type"))
        if kind == "attempt":
            outputs += _keep_attempt(report, entry, line, text_of(parts.get("init", {}).get("run")))
            if outputs > source.budget.samples:
                raise LogRefused(
                    "too-many-samples", f"More than {source.budget.samples} outputs.", pointer=f"line {line}"
                )
        elif kind == "eval":
            _keep_eval(report, entry)
        elif kind in {"start_run setup", "init", "completion", "digest"}:
            parts[kind] = entry
    report.digest = parts.get("digest", {})
    report.complete = "completion" in parts or bool(report.digest)
    setup = parts.get("start_run setup", {})
    report.planned = [name for name in map(plugin_name, listing(setup.get("transient.active_probes"))) if name]
    report.setup = setup_of(setup, parts.get("init"), report.digest.get("meta"))
    return report


def _keep_attempt(report: Report, entry: dict[str, Any], line: int, run: str | None) -> int:
    probe = plugin_name(entry.get("probe_classname")) or "unnamed probe"
    known = report.attempts.setdefault(probe, {})
    attempt = _attempt(entry, line)
    if attempt.uuid == run:
        # Joined reports carry the id of the joined run on every attempt, so it tells none from another.
        attempt.uuid = None
    key = attempt.uuid or (
        ("seq", attempt.seq) if attempt.seq is not None and not attempt.evaluated else ("line", line)
    )
    former = known.get(key)
    if former is not None and former.evaluated and attempt.evaluated:
        report.warnings.append(f"Line {line} evaluates the attempt of line {former.line} again; the last one counts.")
    if former is None or attempt.evaluated or not former.evaluated:
        known[key] = attempt
    if attempt.uuid is None and attempt.evaluated:
        known.pop(("seq", attempt.seq), None)
    return max(1, attempt.outputs) if former is None else 0


def _attempt(entry: dict[str, Any], line: int) -> Attempt:
    outputs = listing(entry.get("outputs"))
    values = {}
    for detector, found in mapping(entry.get("detector_results")).items():
        name = plugin_name(detector)
        if name is not None:
            plain = (number(value) for value in listing(found))
            values[name] = array("d", (math.nan if value is None else value for value in plain))
    return Attempt(
        uuid=text_of(entry.get("uuid")),
        seq=whole_number(entry.get("seq")),
        line=line,
        evaluated=entry.get("status") == EVALUATED,
        outputs=len(outputs),
        empty=frozenset(index for index, output in enumerate(outputs) if output is None),
        values=values,
    )


def _keep_eval(report: Report, entry: dict[str, Any]) -> None:
    probe, detector = plugin_name(entry.get("probe")), plugin_name(entry.get("detector"))
    if probe is None or detector is None:
        return
    known = report.evals.setdefault(probe, {})
    if detector in known:
        report.warnings.append(f"{probe} / {detector} is summed up twice; the last sum is shown.")
    known[detector] = entry
