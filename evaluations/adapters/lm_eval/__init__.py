"""lm-evaluation-harness: results_*.json with aggregates, samples_*.jsonl with scores, or an archive with both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath
from typing import IO

from evaluations.adapters.lm_eval.columns import TaskSamples, read_samples
from evaluations.adapters.lm_eval.naming import RESULTS, SAMPLES
from evaluations.adapters.lm_eval.results import Results
from evaluations.adapters.lm_eval.runs import UNNAMED, runs_of, runs_without_results
from evaluations.logs.archive import Archive, is_tar, is_zip, listed_names, open_archive
from evaluations.logs.budget import Budget
from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import listing, tolerant_json

AGGREGATES = re.compile(rb'"(?:[^"\\]{1,100}_stderr(?:,[^"\\]{1,100})?|group_subtasks|n-samples)"\s*:')
ARRAY_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\[\s*\{\s*"doc_id"\s*:')
SAMPLE_KEYS = (b'"doc_id"', b'"doc"')
HEAD = 200
"""Bytes that tell an array from lines."""
NOTHING = "The file holds no score and no number."


def _looks_like_samples(head: bytes) -> bool:
    opened = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    first = opened.split(b"\n", 1)[0]
    return (first.startswith(b"{") and all(key in first for key in SAMPLE_KEYS)) or _is_array(opened)


def _is_array(head: bytes) -> bool:
    """Whether the rows stand in one JSON array, as releases before 0.4.3 wrote them, in spite of the name."""
    return ARRAY_START.match(head) is not None and all(key in head for key in SAMPLE_KEYS)


def _looks_like_results(head: bytes) -> bool:
    opened = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    return opened.startswith(b"{") and b'"results"' in opened and AGGREGATES.search(opened) is not None


def _is_archive(source: LogSource) -> bool:
    return is_zip(source) or is_tar(source)


def recognise(source: LogSource) -> bool:
    """Whether the head is that of a results or samples file, or an archive lists one by lm-eval's names."""
    if not _is_archive(source):
        return _looks_like_samples(source.head()) or _looks_like_results(source.head())
    bases = [PurePosixPath(name).name for name in listed_names(source)]
    # Only names with a time are telling: a bare results.json may be anybody's.
    return any(match["stamp"] for base in bases if (match := RESULTS.fullmatch(base) or SAMPLES.fullmatch(base)))


def _lines(stream: IO[bytes], place: str, budget: Budget) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := stream.readline(budget.member_bytes + 1):
        number += 1
        budget.member(len(line), place=f"{place}, line {number}")
        if stripped := line.strip():
            yield number, stripped


def _of_archive(source: LogSource) -> Iterator[FoundRun]:
    archive: Archive = open_archive(source)
    members = [(PurePosixPath(name), name) for name in archive.names()]
    matched = [(path, name, match) for path, name in members if (match := SAMPLES.fullmatch(path.name))]
    taken: set[str] = set()
    for path, name in members:
        if (results_name := RESULTS.fullmatch(path.name)) is None:
            continue
        stamp = results_name["stamp"]
        results = Results.of(archive.read(name), place=name[:200], stamp=stamp, depth=source.budget.depth)
        ours = {m["task"]: inner for at, inner, m in matched if at.parent == path.parent and m["stamp"] == stamp}
        if not ours and stamp is None:
            ours = _early_samples([at for at, _ in members if at.parent == path.parent], results)
        taken.update(ours.values())
        yield from runs_of(results, {task: _member(archive, inner, source) for task, inner in ours.items()})
    for _, name, match in matched:
        if name not in taken:
            yield from runs_without_results(match["task"], _member(archive, name, source), stamp=match["stamp"])


def _member(archive: Archive, name: str, source: LogSource) -> TaskSamples:
    place = name[:200]
    if ARRAY_START.match(archive.stream(name).read(HEAD)):
        return _array(archive.read(name), place, source.budget)
    return read_samples(_lines(archive.stream(name), place, source.budget), place=place, budget=source.budget)


def _array(data: bytes, place: str, budget: Budget) -> TaskSamples:
    document = listing(tolerant_json(data, place=place, depth=budget.depth))
    rows = ((number, json.dumps(row).encode()) for number, row in enumerate(document, 1))
    return read_samples(rows, place=place, budget=budget, row_word="element")


def _early_samples(names: list[PurePosixPath], results: Results) -> dict[str, str]:
    """Return by task the samples files of releases before 0.4.3, whose names are the model's arguments and the task."""
    found: dict[str, str] = {}
    for path in names:
        fitting = [task for task in results.tasks if path.name.endswith(f"_{task}.jsonl")]
        if fitting:
            found[max(fitting, key=len)] = str(path)
    return found


def _of_samples(source: LogSource) -> Iterator[FoundRun]:
    match = SAMPLES.fullmatch(source.base_name)
    task, stamp = (match["task"], match["stamp"]) if match else (UNNAMED, None)
    if _is_array(source.head()):
        found = _array(source.whole(), "", source.budget)
    else:
        found = read_samples(source.lines(), place="", budget=source.budget)
    yield from runs_without_results(task, found, stamp=stamp)


def _of_results(source: LogSource) -> Iterator[FoundRun]:
    match = RESULTS.fullmatch(source.base_name)
    stamp = match["stamp"] if match else None
    yield from runs_of(Results.of(source.whole(), place="", stamp=stamp, depth=source.budget.depth), {})


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield one run for each task, metric and filter. Raises LogRefused for damage and for files without a number."""
    source.refuse_empty()
    if _is_archive(source):
        runs = _of_archive(source)
    elif _looks_like_samples(source.head()) or source.suffix == ".jsonl":
        runs = _of_samples(source)
    else:
        runs = _of_results(source)
    first = next(runs, None)
    if first is None:
        raise LogRefused("nothing-measured", NOTHING, remedy="Send results_*.json, or an archive of the output folder.")
    yield from chain([first], runs)


ADAPTER = Adapter(name="lm-eval", title="lm-evaluation-harness", recognise=recognise, read=read)
