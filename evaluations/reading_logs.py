"""Reading logs: a received file becomes runs, or is kept with the reason why not; nothing that came in is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any

from django.db import transaction
from pydantic import Field, TypeAdapter, ValidationError

from evaluations import blobs
from evaluations.actors import Actor
from evaluations.adapters.registry import chosen
from evaluations.binding import Binding, checkpoint_for, faults_of, report_document, suite_fault
from evaluations.intake import Prepared, Receipt, prepare, store
from evaluations.jobs import enqueue
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.unpacking import unpacked
from evaluations.logs.values import text_of
from evaluations.models import Job, LogFile, LogState
from evaluations.reach import EVERYWHERE, Reach
from evaluations.report import Fault, ReportRefused, parse_header
from evaluations.report.document import Sample
from evaluations.samples import SampleColumns

SAMPLE: TypeAdapter[Sample] = TypeAdapter(Sample)
SAMPLES: TypeAdapter[list[Sample]] = TypeAdapter(Annotated[list[Sample], Field(fail_fast=True)])
PROGRESS_EVERY = 5_000
MOST_FAULTS = 50
Progress = Callable[[int, int], None]


class BindingRefused(ValueError):
    """What the sender said of a log cannot be: the faults, each with its place and remedy."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.detail for fault in faults))
        self.faults = faults
        self.status = 403 if any(fault.code == "suite-not-allowed" for fault in faults) else 422


class AlreadyReceived(ValueError):
    """The same bytes under that binding are another log already."""


@dataclass(frozen=True)
class LogReceipt:
    """What became of a received log; `created` is False when the same bytes came under the same binding before."""

    log: LogFile
    created: bool
    job: Job


@dataclass
class Reading:
    """What one reading found: runs ready to be stored, runs that nobody has bound, faults and warnings."""

    recognised: str = ""
    runs: list[tuple[FoundRun, Prepared]] = field(default_factory=list)
    unbound: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def state(self) -> LogState:
        """The state that the log is in after this reading."""
        if self.unbound:
            return LogState.UNBOUND
        return LogState.READ if self.runs else LogState.QUARANTINED


def receive_log(
    digest: str, size: int, *, name: str, format: str, binding: Binding, by: Actor, at: datetime,
    within: Reach = EVERYWHERE,
) -> LogReceipt:  # fmt: skip
    """Register a log whose bytes are kept under `digest`, and ask for its reading. Raises BindingRefused.

    The same bytes under the same binding from another programme are another log.
    """
    if faults := faults_of(binding, within):
        raise BindingRefused(faults)
    with transaction.atomic():
        log, created = LogFile.objects.get_or_create(
            digest=digest,
            binding_digest=binding.digest,
            programme=within.programme or "",
            defaults={
                "suites": list(within.suites),
                "bytes": size,
                "name": text_of(name) or "",
                "format": format,
                "binding": binding.to_dict(),
                "received_at": at,
                "actor_kind": by.kind,
                "actor_id": by.id,
                "actor_name": by.name,
            },
        )
        return LogReceipt(log, created, _job_of(log))


def reach_of(log: LogFile) -> Reach:
    """Return how far the log's sender reached when it was received."""
    return Reach.of(log.programme, log.suites)


def _job_of(log: LogFile) -> Job:
    return enqueue("read", key=f"read:{log.id}:{log.readings}", payload={"log": log.id})


def read_again(log: LogFile, *, binding: Binding | None = None) -> Job:
    """Ask for another reading, with another binding where one is given. Raises BindingRefused and AlreadyReceived."""
    if binding is not None and (faults := faults_of(binding, reach_of(log))):
        raise BindingRefused(faults)
    with transaction.atomic():
        log = LogFile.objects.select_for_update().get(id=log.id)
        if binding is not None:
            same = {"digest": log.digest, "binding_digest": binding.digest, "programme": log.programme}
            other = LogFile.objects.filter(**same).exclude(id=log.id).first()
            if other is not None:
                raise AlreadyReceived(f"the same file was received under that binding as {other.id}")
            log.binding, log.binding_digest = binding.to_dict(), binding.digest
        log.readings += 1
        log.save(update_fields=["binding", "binding_digest", "readings"])
        return _job_of(log)


def read(log: LogFile, *, at: datetime, progress: Progress = lambda done, total: None) -> Reading:
    """Read a log and prepare its runs; nothing is stored but the blocks of their samples.

    A file that cannot be read gives a reading with its fault. `progress` gets bytes read and bytes in all.
    """
    reading = Reading()
    try:
        with blobs.opened(log.digest) as stream, unpacked(LogSource(stream, log.name, log.bytes)) as source:
            adapter = chosen(source, log.format)
            reading.recognised = adapter.name
            for found in adapter.read(source):
                _take(found, log, reading, at, lambda: progress(min(source.stream.tell(), source.size), source.size))
    except LogRefused as refusal:
        # A file that breaks off in the middle may have cut its first runs too, so none of them counts.
        return Reading(recognised=reading.recognised, faults=[asdict(refusal.fault)], warnings=reading.warnings)
    except blobs.BlobMissing as fault:
        return Reading(faults=[asdict(Fault("", "bytes-missing", f"{fault}.", "Send the file again."))])
    if not (reading.runs or reading.unbound or reading.faults):
        words = "The file was read to its end and holds no measured run."
        reading.faults.append(asdict(Fault("", "nothing-measured", words, "Check that the run has finished.")))
    return reading


def _take(found: FoundRun, log: LogFile, reading: Reading, at: datetime, tick: Callable[[], None]) -> None:
    said = Binding.of(log.binding).for_model(found.model)
    within = reach_of(log)
    checkpoint = checkpoint_for(found, said, within)
    if checkpoint is None:
        row = {"model": found.model, "evaluation": found.evaluation, "metric": found.metric, "state": found.state}
        reading.unbound.append(row)
        return
    try:
        columns = found.columns if found.samples is None else _columns(found, tick)
        document = report_document(found, checkpoint, said, log=log.digest)
        _fit_plan(document, columns, found)
        report = parse_header(document, now=at, streamed=columns is not None)
        if not within.covers(report.evaluation.slug):
            raise ReportRefused([suite_fault(report.evaluation.slug, "/evaluation/slug")], status=403)
        prepared = prepare(
            report, columns, raw_digest=log.digest, raw_bytes=log.bytes, warnings=found.warnings[:MOST_FAULTS]
        )
    except ReportRefused as refusal:
        place = f"{found.evaluation} {found.metric}"
        reading.faults += [{**row, "pointer": f"{place}{row['pointer']}"} for row in refusal.errors]
        return
    reading.runs.append((found, prepared))


def _columns(found: FoundRun, tick: Callable[[], None]) -> SampleColumns:
    columns = SampleColumns(found.unit)
    chunk: list[Sample] = []
    try:
        for sample in found.samples or ():
            chunk.append(sample)
            if len(chunk) == PROGRESS_EVERY:
                _add(columns, chunk)
                tick()
                chunk.clear()
    finally:
        # Also when the log breaks off: what is wrong with the samples before that place is told first.
        _add(columns, chunk)
    _refuse_if(
        Fault("/samples", "duplicate-sample", f"Attempt {attempt} of {name!r} stands twice.", "Number the attempts.")
        for name, attempt in columns.twins()
    )
    return columns


def _add(columns: SampleColumns, samples: list[Sample]) -> None:
    try:
        # All at once, because a call for each of a million samples costs more than the checks themselves.
        SAMPLES.validate_python(samples)
        sound = columns.fits(samples)
    except ValidationError:
        sound = False
    if not sound:
        for number, sample in enumerate(samples, len(columns)):
            _refuse_if(_sample_faults(columns, sample, f"/samples/{number}"))
    columns.extend(samples)


def _sample_faults(columns: SampleColumns, sample: Sample, place: str) -> Iterator[Fault]:
    try:
        SAMPLE.validate_python(sample)
    except ValidationError as error:
        for row in error.errors(include_url=False, include_input=False):
            path = "".join(f"/{part}" for part in row["loc"])
            yield Fault(place + path, row["type"].replace("_", "-"), row["msg"], "Check the log.")
        return
    yield from columns.check(sample, place)


def _refuse_if(faults: Iterator[Fault]) -> None:
    if found := list(faults):
        raise ReportRefused(found[:MOST_FAULTS], status=422)


def _fit_plan(document: dict[str, Any], columns: SampleColumns | None, found: FoundRun) -> None:
    planned = document.get("planned_samples")
    present = columns.distinct() if columns is not None else 0
    if planned is not None and planned < present:
        found.warnings.append(f"The log says that {planned} samples were planned, but it holds {present}.")
        document["planned_samples"] = present


def write(log: LogFile, reading: Reading, *, by: Actor, at: datetime) -> list[Receipt]:
    """Store what a reading found, inside the caller's transaction, and say on the log what became of it."""
    receipts = [store(prepared, by=by, at=at, log=log) for _, prepared in reading.runs]
    log.recognised, log.state = reading.recognised, reading.state
    log.outcomes = [_outcome(found, receipt) for (found, _), receipt in zip(reading.runs, receipts, strict=True)]
    log.unbound, log.faults = reading.unbound, reading.faults[:MOST_FAULTS]
    log.warnings, log.read_at = reading.warnings[:MOST_FAULTS], at
    log.save(update_fields=["recognised", "state", "outcomes", "unbound", "faults", "warnings", "read_at"])
    log.holds.set([receipt.run for receipt in receipts])
    return receipts


def _outcome(found: FoundRun, receipt: Receipt) -> dict[str, Any]:
    run = receipt.run
    return {
        "id": run.id,
        "outcome": "superseded" if receipt.superseded else "created" if receipt.created else "unchanged",
        "supersedes": receipt.superseded.id if receipt.superseded else None,
        "model": found.model,
        "checkpoint": run.checkpoint.name,
        "mitigation": run.mitigation,
        "evaluation": run.evaluation.slug,
        "stratum": run.stratum or None,
        "metric": run.metric,
        "samples": run.sample_count,
    }


def counts_of(log: LogFile) -> dict[str, int]:
    """Return how many runs of the last reading were created, unchanged, superseding, unbound, and how many faults."""
    outcomes = Counter(row["outcome"] for row in log.outcomes)
    return {
        "created": outcomes["created"],
        "unchanged": outcomes["unchanged"],
        "superseded": outcomes["superseded"],
        "unbound": len(log.unbound),
        "faults": len(log.faults),
    }
