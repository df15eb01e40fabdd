"""Results of simple-evals: a few aggregates without samples, with evaluation and model only in the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import number, text_of, tolerant_json, verbatim, whole_number

STATISTICS = (":std", ":min", ":max", ":n_samples", ":bootstrap_std")
SCORE = re.compile(rb'"score"\s*:')
SPREAD = re.compile(rb'"[^"\\]{1,80}:(?:std|bootstrap_std|n_samples)"\s*:\s*(?:-?[0-9]|NaN|Infinity|null)')
NESTED = re.compile(rb"[\[\]]|\{[^}]*\{")
METRIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+%/=-]{0,99}")
DEBUG = "_DEBUG"
MOST_METRICS = 200
NOT_MEASURES = frozenset({"chars"})
"""Lengths of answers, which say nothing of their quality; they stay among the reported numbers."""


def recognise(source: LogSource) -> bool:
    """Whether the file is a flat table of numbers with a score and a spread, as simple-evals writes it."""
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{") or NESTED.search(head) or not SPREAD.search(head):
        return False
    return SCORE.search(head) is not None or b'"score:' in head or source.size > len(head)


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield a run for every mean in the file. Raises LogRefused."""
    source.refuse_empty()
    document = tolerant_json(source.whole(), place=source.base_name)
    if not isinstance(document, dict) or any(isinstance(value, dict | list) for value in document.values()):
        raise LogRefused("wrong-type", "This is no flat table of metrics.", pointer=source.base_name)
    evaluation, model, debug = _names(source)
    reported = [Reported(metric=text_of(name) or "unnamed", value=verbatim(value)) for name, value in document.items()][
        :MOST_METRICS
    ]
    runs = 0
    for metric in sorted(_metrics(document), key=lambda name: name != "score"):
        runs += 1
        yield _run(document, metric, FoundRun(
            evaluation=evaluation or "simple-evals", metric=metric, source="simple-evals", model=model,
            reported=list(reported), tags=["debug"] if debug else [], warnings=_warnings(evaluation, model, debug),
        ))  # fmt: skip
    if not runs:
        raise LogRefused("nothing-measured", "No metric of the file is a number.", pointer=source.base_name)


def _names(source: LogSource) -> tuple[str | None, str | None, bool]:
    """Return evaluation, model and whether it was a debug run, from a name such as `gpqa_o1-mini_DEBUG.json`."""
    stem = PurePosixPath(source.base_name).stem
    debug = stem.endswith(DEBUG)
    evaluation, bar, model = stem.removesuffix(DEBUG).partition("_")
    return (text_of(evaluation), text_of(model), debug) if bar else (None, None, debug)


def _metrics(document: dict[str, Any]) -> list[str]:
    names = [name for name in document if METRIC.fullmatch(name) and name not in NOT_MEASURES]
    return [name for name in names if not isinstance(document[name], bool) and number(document[name]) is not None][
        :MOST_METRICS
    ]


def _run(document: dict[str, Any], metric: str, run: FoundRun) -> FoundRun:
    value = number(document[metric]) or 0.0
    run.unit = "proportion" if 0.0 <= value <= 1.0 else "score"
    if run.unit == "score":
        run.warnings.append(f"{metric} lies outside 0 to 1; its scale is not in the file.")
    run.estimate = {"value": value}
    trials = whole_number(document.get(f"{metric}:n_samples"))
    stderr = number(document.get(f"{metric}:bootstrap_std"))
    if trials:
        run.estimate["trials"] = trials
        run.warnings.append("The n counts repeated questions every time.")
    else:
        run.warnings.append("The file does not say how many questions were asked.")
    # `:std` is the spread of single answers, so it is never a standard error; a bootstrap of width 0 is none either.
    if stderr is not None and stderr > 0.0:
        run.estimate["stderr"] = stderr
    return run


def _warnings(evaluation: str | None, model: str | None, debug: bool) -> list[str]:
    warnings = []
    if evaluation is None or model is None:
        warnings.append("The file's name is not {evaluation}_{model}.json, and nothing else names them.")
    if debug:
        warnings.append("This was a debug run on a handful of questions.")
    return warnings


ADAPTER = Adapter(name="simple-evals", title="simple-evals result", recognise=recognise, read=read)
