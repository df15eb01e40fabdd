"""MLE-bench grading reports: one run for every kind of medal, because the raw scores point in different directions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import number, sample_id, tolerant_json, verbatim, whole_number
from evaluations.report.document import Sample

TOTALS = {
    "any_medal": "total_medals",
    "gold_medal": "total_gold_medals",
    "silver_medal": "total_silver_medals",
    "bronze_medal": "total_bronze_medals",
    "above_median": "total_above_median",
}
"""Metric, which is also the row's field -> the report's own count of it."""
EXTENT = ("total_runs", "total_runs_with_submissions", "total_valid_submissions")
POINTER_START = b"version https://git-lfs.github.com/spec/"
MARKS = (b'"competition_reports"', b'"gold_threshold"')


def recognise(source: LogSource) -> bool:
    """Whether the file is a grading report, or the pointer that Git LFS leaves in a report's place."""
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(POINTER_START) or (head.startswith(b"{") and any(mark in head for mark in MARKS))


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield a run for each of the medals and for being above the median. Raises LogRefused."""
    source.refuse_empty()
    _refuse_pointer(source)
    document = tolerant_json(source.whole(), place=source.base_name)
    document = document if isinstance(document, dict) else {}
    if "competition_reports" not in document and "competition_id" in document:
        document = {"competition_reports": [document]}
    rows = _rows(document)
    warnings, planned = _warnings(document, rows)
    for metric, total in TOTALS.items():
        yield FoundRun(
            evaluation="MLE-bench",
            metric=metric,
            source="MLE-bench grading report",
            samples=_samples(rows, metric),
            planned_samples=planned,
            reported=_reported(document, total),
            warnings=list(warnings),
        )


def _refuse_pointer(source: LogSource) -> None:
    if source.head().lstrip().startswith(POINTER_START):
        raise LogRefused(
            "git-lfs-pointer",
            "This is the pointer that Git LFS keeps in place of a large file, not the file itself.",
            pointer=source.base_name,
            remedy="Run `git lfs pull` in the repository and send the file that it fetches.",
        )


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    rows = document.get("competition_reports")
    if not isinstance(rows, list):
        raise LogRefused("wrong-type", "There is no list of competition reports.", pointer="/competition_reports")
    if not rows:
        raise LogRefused("nothing-measured", "The report lists no competition.", pointer="/competition_reports")
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or sample_id(row.get("competition_id")) is None:
            words = "The row names no competition."
            raise LogRefused("wrong-type", words, pointer=f"/competition_reports/{index}")
    return rows


def _warnings(document: dict[str, Any], rows: list[dict[str, Any]]) -> tuple[list[str], int]:
    competitions = {sample_id(row["competition_id"]) for row in rows}
    planned, warnings = len(competitions), []
    absent = sum(row.get("submission_exists") is not True for row in rows)
    invalid = sum(row.get("valid_submission") is not True for row in rows) - absent
    if absent:
        warnings.append(
            f"{absent} of {len(rows)} rows are without a submission: they count as errors, the report as no medal."
        )
    if invalid > 0:
        warnings.append(
            f"{invalid} submissions were invalid and have no medal, as the report says; "
            "a grader that failed by itself leaves the same mark."
        )
    total = whole_number(document.get("total_runs"))
    if total is not None and total != len(rows):
        warnings.append(f"The report counts {total} runs and lists {len(rows)}.")
        if len(competitions) == len(rows):
            planned = max(planned, total)
    claimed = whole_number(document.get("total_runs_with_submissions"))
    if claimed is not None and claimed != len(rows) - absent:
        warnings.append(f"The report counts {claimed} submissions, its rows {len(rows) - absent}.")
    return warnings, planned


def _samples(rows: list[dict[str, Any]], metric: str) -> Iterator[Sample]:
    attempts: Counter[str] = Counter()
    for index, row in enumerate(rows):
        name = sample_id(row["competition_id"]) or ""
        attempts[name] += 1
        sample: Sample = {
            "id": name,
            "attempt": attempts[name],
            "judge": {"score": number(row.get("score")), "lower_is_better": row.get("is_lower_better") is True},
            "transcript": f"/competition_reports/{index}",
        }
        _judged(sample, row, metric)
        yield sample


def _judged(sample: Sample, row: dict[str, Any], metric: str) -> None:
    flag = row.get(metric)
    if row.get("submission_exists") is not True:
        # Neither an agent that gave up nor a machine that died leaves a submission, and the row does not say which.
        sample["status"], sample["error_origin"] = "error", "unknown"
    elif isinstance(flag, bool) and isinstance(row.get("valid_submission"), bool):
        sample["status"], sample["score"] = "scored", float(flag)
    else:
        sample["status"], sample["error_origin"] = "ungraded", "grader"


def _reported(document: dict[str, Any], total: str) -> list[Reported]:
    runs = whole_number(document.get("total_runs"))
    names = [name for name in (total, *EXTENT) if name in document]
    return [Reported(metric=name, value=verbatim(document[name]), n=runs) for name in names]


ADAPTER = Adapter(name="mle-bench", title="MLE-bench grading report", recognise=recognise, read=read)
