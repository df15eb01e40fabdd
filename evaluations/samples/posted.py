"""A posted report taken in: its samples go straight into columns, so that memory follows tens of bytes for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from evaluations.report.coherence import incoherences
from evaluations.report.document import MOST_SAMPLES, RunReport, Sample
from evaluations.report.piecewise import STREAMED, Streamed, read_piecewise
from evaluations.report.reading import refusal_of, typed
from evaluations.report.refusal import MOST_FAULTS, Fault, ReportRefused
from evaluations.samples.coherence import incoherent_samples, sample_faults
from evaluations.samples.columns import SampleColumns
from evaluations.samples.taking import sound_table
from evaluations.strict_json import StrictJSONError

SAMPLE: TypeAdapter[Sample] = TypeAdapter(Sample)
SAMPLES = f"/{STREAMED}"
FIRST = f"{SAMPLES}/0"


@dataclass(frozen=True)
class PostedReport:
    """A checked report; `columns` are its samples, which the report itself does not hold."""

    report: RunReport
    columns: SampleColumns | None


class _Taking:
    """The samples taken so far, and the first that is none."""

    def __init__(self) -> None:
        # The unit may stand behind the samples, so they are taken in as they are.
        self.columns = SampleColumns("score")
        self.wrong: list[Any] = []

    def take(self, samples: list[Any]) -> None:
        """Take samples, unless one before them is none or there are too many already."""
        if self.wrong or len(self.columns) > MOST_SAMPLES:
            return
        table = sound_table(samples)
        if table is None:
            self.columns.extend(list(self._sound(samples)))
        else:
            self.columns.extend_table(table)

    def _sound(self, samples: list[Any]) -> Iterator[Sample]:
        for sample in samples:
            try:
                yield SAMPLE.validate_python(sample)
            except ValidationError:
                self.wrong.append(sample)
                return


def read_posted(stream: BinaryIO, *, now: datetime) -> PostedReport:
    """Return the checked report in a seekable stream; all text is in Unicode NFC, all times are UTC.

    Raises ReportRefused as `report.parse_report` does: 400 for what is no strict JSON object, 422 with every fault of
    what it says.
    """
    taking = _Taking()
    try:
        document = read_piecewise(stream, taking.take)
    except StrictJSONError as error:
        raise refusal_of(error) from None
    streamed = document.get(STREAMED)
    if not isinstance(streamed, Streamed):
        report = typed(document, now=now)
        _refuse_if(incoherences(report))
        return PostedReport(report, None)
    columns = taking.columns
    report = _typed(document, streamed.count, taking, now=now)
    incoherent = incoherent_samples(columns, report.unit)
    columns.give_unit(report.unit)
    faults = sample_faults(incoherent, columns)
    _refuse_if(incoherences(report, streamed=True, sample_faults=faults, listed=columns.distinct()))
    return PostedReport(report, columns)


def _refuse_if(faults: Iterator[Fault]) -> None:
    if found := list(islice(faults, MOST_FAULTS)):
        raise ReportRefused(found, status=422)


def _typed(document: dict[str, Any], count: int, taking: _Taking, *, now: datetime) -> RunReport:
    taken = len(taking.columns)
    if 0 < count <= MOST_SAMPLES and not taking.wrong:
        return typed({name: value for name, value in document.items() if name != STREAMED}, now=now)
    try:
        # The sample that is none stands for all of them, so that its faults come in their place among the others.
        return typed({**document, STREAMED: taking.wrong[:1]}, now=now)
    except ReportRefused as refusal:
        too_many = not taking.wrong and count > 0
        told = _told_too_many(refusal, count) if too_many else _told_of(refusal, taken)
        raise ReportRefused(told, status=422) from None


def _told_of(refusal: ReportRefused, index: int) -> Iterator[Fault]:
    for fault in refusal.faults:
        inside = fault.pointer == FIRST or fault.pointer.startswith(f"{FIRST}/")
        pointer = f"{SAMPLES}/{index}{fault.pointer[len(FIRST) :]}" if inside else fault.pointer
        yield replace(fault, pointer=pointer)


def _told_too_many(refusal: ReportRefused, count: int) -> Iterator[Fault]:
    detail = f"List should have at most {MOST_SAMPLES} items after validation, not {count}"
    for fault in refusal.faults:
        # Without any sample there are too few, and that fault stands where this one belongs.
        yield replace(fault, code="too-long", detail=detail) if fault.pointer == SAMPLES else fault
