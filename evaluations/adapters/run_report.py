"""Our own run-report/1 sent as a log file: read by the same strict rules as at the posting door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.report.refusal import ReportRefused
from evaluations.samples.posted import PostedReport, read_posted

SCHEMA = re.compile(rb'"schema"\s*:\s*"run-report/')
BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
"""Future dates are refused where the run is taken in, because only there the time is known."""


def recognise(source: LogSource) -> bool:
    """Whether the file is a JSON object whose `schema` names a run report of any version."""
    head = source.head()
    return bool(BEGINNING.match(head) and SCHEMA.search(head))


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield the one run of the report. Raises LogRefused with the first fault and its JSON pointer."""
    source.refuse_empty()
    source.budget.member(source.size, place=source.base_name)
    try:
        posted = read_posted(source.open(), now=END_OF_TIME)
    except ReportRefused as refusal:
        first, more = refusal.faults[0], len(refusal.faults) - 1
        detail = f"{first.detail} ({more} more {'fault' if more == 1 else 'faults'} follow.)" if more else first.detail
        raise LogRefused(first.code, detail, pointer=first.pointer, remedy=first.remedy) from None
    yield _run(posted)


def _run(posted: PostedReport) -> FoundRun:
    report = posted.report
    shown = report.model_dump(by_alias=True, exclude_none=True, exclude={"samples"})
    times = {name: _instant(getattr(report, name)) for name in ("started_at", "completed_at")}
    return FoundRun(
        evaluation=report.evaluation.slug,
        metric=report.metric,
        unit=report.unit,
        source=report.provenance.source,
        model=report.checkpoint,
        native_id=report.run_id,
        state=report.completion or "complete",
        columns=posted.columns,
        tally=shown.get("tally"),
        estimate=shown.get("estimate"),
        planned_samples=report.planned_samples,
        attempts_per_sample=report.attempts_per_sample,
        document={**shown, **{name: text for name, text in times.items() if text is not None}},
    )


def _instant(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment is not None else None


ADAPTER = Adapter(name="run-report", title="run-report/1 document", recognise=recognise, read=read)
