"""A received log becomes runs, or is kept with the reason why not; sent again it changes nothing."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from evaluations import blobs, jobs, listening, reading_logs, uploading
from evaluations.actors import SYSTEM
from evaluations.binding import Binding
from evaluations.canonical import named_digest
from evaluations.intake import receive
from evaluations.logs.refusal import LogRefused
from evaluations.models import Checkpoint, EvaluationRun, Job, LiveRun, LogFile, LogState, Subject, Upload
from evaluations.reading_logs import AlreadyReceived, BindingRefused, LogReceipt
from evaluations.uploading import UploadRefused
from scorecard import tasks
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
BOUND = Binding(checkpoint="nova-1", mitigation="post_mitigation", evaluation="ctf-mini")


@pytest.fixture(autouse=True)
def nova() -> Checkpoint:
    """The checkpoint that the logs are about."""
    subject = Subject.objects.create(slug="nova", name="Nova")
    return Checkpoint.objects.create(subject=subject, name="nova-1")


def evals_log(*correct: bool | None, accuracy: float | None = 0.5, run: str = "r1") -> bytes:
    """An OpenAI evals log: a match for each truth value, an error for None."""
    lines: list[dict[str, Any]] = [
        {"spec": {"completion_fns": ["nova-1"], "eval_name": "mini.dev.v0", "base_eval": "mini", "split": "dev",
                  "run_config": {}, "created_by": "", "run_id": run, "created_at": "2026-11-20 10:00:00.000000"}},
    ]  # fmt: skip
    for number, truth in enumerate(correct):
        event = {"run_id": run, "event_id": number, "sample_id": f"mini.dev.{number}", "created_by": "",
                 "created_at": "2026-11-20 10:00:01.000000+00:00"}  # fmt: skip
        match = {"type": "match", "data": {"correct": truth, "expected": "a", "picked": "a"}}
        error = {"type": "error", "data": {"type": "RuntimeError", "message": "502 Bad Gateway"}}
        lines.append(event | (error if truth is None else match))
    if accuracy is not None:
        lines.append({"final_report": {"accuracy": accuracy}})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def received(raw: bytes, binding: Binding = BOUND, *, name: str = "run.jsonl", format: str = "auto") -> LogReceipt:
    return reading_logs.receive_log(
        blobs.put(raw), len(raw), name=name, format=format, binding=binding, by=SYSTEM, at=NOW
    )


def read(raw: bytes, binding: Binding = BOUND, **said: str) -> LogFile:
    receipt = received(raw, binding, **said)
    tasks.read_log(receipt.job.id)
    for job in tasks.queued("measure"):
        tasks.measure_run(job.id)
    receipt.log.refresh_from_db()
    return receipt.log


def only_run(log: LogFile) -> EvaluationRun:
    assert len(log.outcomes) == 1, (log.state, log.faults, log.unbound)
    return EvaluationRun.objects.get(id=log.outcomes[0]["id"])


def test_a_log_becomes_a_measured_run_with_its_samples_and_its_errors_counted() -> None:
    log = read(evals_log(True, False, True, None))
    run = only_run(log)
    assert (log.state, log.recognised, run.evaluation.slug) == (LogState.READ, "openai-evals", "ctf-mini")
    measurement = run.measurements.get()
    assert measurement.tally is not None
    assert (measurement.tally["total"], measurement.tally["scored"], measurement.tally["expected"]) == (2.0, 3, 4)
    assert measurement.display["statuses"] == {"scored": 3, "error": 1}
    assert run.raw_digest == log.digest
    assert run.log == log


def test_the_same_log_again_changes_nothing_and_other_bytes_of_the_same_run_supersede() -> None:
    first = read(evals_log(True, False))
    assert received(evals_log(True, False)).created is False
    assert reading_logs.read_again(first).kind == "read"
    for job in tasks.queued("read"):
        tasks.read_log(job.id)
    first.refresh_from_db()
    assert [row["outcome"] for row in first.outcomes] == ["unchanged"]
    second = read(evals_log(True, True, accuracy=1.0))
    assert [row["outcome"] for row in second.outcomes] == ["superseded"]
    assert EvaluationRun.objects.count() == 2
    assert EvaluationRun.objects.get(superseded_by=None).revision == 2
    assert reading_logs.counts_of(second) == {
        "created": 0, "unchanged": 0, "superseded": 1, "unbound": 0, "faults": 0
    }  # fmt: skip


def test_a_log_whose_model_nobody_knows_waits_and_is_read_when_it_is_bound() -> None:
    raw = evals_log(True, False).replace(b"nova-1", b"some-endpoint")
    log = read(raw, Binding(mitigation="post_mitigation"))
    assert (log.state, log.outcomes) == (LogState.UNBOUND, [])
    assert log.unbound[0]["model"] == "some-endpoint"
    binding = Binding.of({**log.binding, "models": {"some-endpoint": {"checkpoint": "nova-1"}}})
    tasks.read_log(reading_logs.read_again(log, binding=binding).id)
    log.refresh_from_db()
    assert (log.state, only_run(log).mitigation) == (LogState.READ, "post_mitigation")


def test_a_log_that_names_a_known_checkpoint_needs_no_other_binding() -> None:
    run = only_run(read(evals_log(True), Binding()))
    assert (run.checkpoint.name, run.mitigation) == ("nova-1", "unspecified")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty"),
        (b"\x7fELF\x02\x01", "format-not-recognised"),
        (b"<html>hello</html>", "format-not-recognised"),
    ],
)
def test_what_cannot_be_read_is_quarantined_with_the_reason_and_kept(raw: bytes, code: str) -> None:
    log = read(raw)
    assert (log.state, log.faults[0]["code"], EvaluationRun.objects.count()) == (LogState.QUARANTINED, code, 0)
    assert log.faults[0]["remedy"]
    assert blobs.get(log.digest) == raw


def test_lost_samples_and_no_success_never_look_like_certainty() -> None:
    lost = only_run(read(evals_log(*[True] * 8, None, None))).measurements.get().estimate
    assert lost is not None
    assert (lost["best_case"], lost["worst_case"], lost["coverage"]) == (0.8, 1.0, 0.8)
    none = only_run(read(evals_log(*[False] * 10, accuracy=0.0, run="r2"))).measurements.get().estimate
    assert none is not None
    assert [round(none[name], 6) for name in ("point", "low", "high", "upper")] == [0.0, 0.0, 0.277533, 0.277533]
    assert round(none["clopper_pearson"][1], 6) == 0.308497


def test_a_report_sent_as_a_file_is_the_run_that_was_posted() -> None:
    document = {
        "schema": "run-report/1", "run_id": "twice", "subject": "nova", "checkpoint": "nova-1",
        "mitigation": "post_mitigation", "evaluation": {"slug": "ctf-mini"}, "metric": "pass@1",
        "samples": [{"id": "a", "score": 1.0}, {"id": "b", "status": "error"}], "provenance": {"source": "tests"},
        "elicitation": {"adequate": True, "declared_by": "tests"},
    }  # fmt: skip
    raw = json.dumps(document).encode()
    posted = receive(raw, by=SYSTEM, at=NOW).run
    log = read(raw, Binding(), name="report.json")
    assert [(row["id"], row["outcome"]) for row in log.outcomes] == [(posted.id, "unchanged")]
    moved = only_run(read(raw, Binding(mitigation="pre_mitigation"), name="report.json"))
    assert (moved.mitigation, moved.report["elicitation"]["adequate"]) == ("pre_mitigation", True)


def test_a_compressed_log_is_read_as_what_it_was_before() -> None:
    log = read(gzip.compress(evals_log(True, False)), name="run.jsonl.gz")
    assert only_run(log).sample_count == 2
    cut = read(gzip.compress(evals_log(True, False))[:-20], name="run.jsonl.gz")
    assert cut.faults[0]["code"] == "cut-short"


def test_a_log_cut_in_its_last_line_is_a_partial_run() -> None:
    assert only_run(read(evals_log(True, False)[:-20])).report["completion"] == "partial"


def test_a_run_that_broke_off_without_a_plan_informs_and_never_decides() -> None:
    run = only_run(read(evals_log(False, False, accuracy=None)))
    assert run.report["completion"] == "partial"
    measurement = run.measurements.get()
    assert (measurement.tally, measurement.display["decides"]) == (None, False)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        (Binding(checkpoint="nobody"), "/checkpoint"),
        (Binding(checkpoint="nova-1", subject="atlas"), "/checkpoint"),
        (Binding(mitigation="after"), "/mitigation"),
        (Binding(models={"m": {"checkpoint": "nobody"}}), "/models/m/checkpoint"),
    ],
)
def test_a_binding_that_cannot_be_is_refused_with_its_place(said: Binding, pointer: str) -> None:
    with pytest.raises(BindingRefused) as refused:
        received(evals_log(True), said)
    assert refused.value.faults[0].pointer == pointer
    assert LogFile.objects.count() == 0


def test_one_file_under_one_binding_is_one_log() -> None:
    first, second = read(evals_log(True), BOUND), read(evals_log(True), Binding())
    assert first.id != second.id
    with pytest.raises(AlreadyReceived, match=first.id):
        reading_logs.read_again(second, binding=BOUND)


# Uploads in parts


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "PART_BYTES", 400)


def _begun(raw: bytes) -> Upload:
    return uploading.begin(
        named_digest(raw), len(raw), name="run.jsonl", format="auto", binding=BOUND, by=SYSTEM, at=NOW
    )  # fmt: skip


def _parts(raw: bytes) -> list[bytes]:
    return [raw[start : start + 400] for start in range(0, len(raw), 400)]


@pytest.mark.usefixtures("small_parts")
def test_parts_in_any_order_and_twice_make_the_file() -> None:
    raw = evals_log(*[True, False] * 4)
    upload, parts = _begun(raw), _parts(raw)
    assert len(parts) > 3
    with pytest.raises(UploadRefused, match="parts are missing, first part 1"):
        uploading.complete(upload, by=SYSTEM, at=NOW)
    for number in reversed(range(1, len(parts) + 1)):
        uploading.take_part(upload, number, [parts[number - 1]])
    assert uploading.take_part(upload, 2, [parts[1][:100], parts[1][100:]]).received == list(range(1, len(parts) + 1))
    receipt = uploading.complete(upload, by=SYSTEM, at=NOW)
    tasks.read_log(receipt.job.id)
    receipt.log.refresh_from_db()
    assert only_run(receipt.log).sample_count == 8
    assert uploading.complete(upload, by=SYSTEM, at=NOW).log == receipt.log


@pytest.mark.usefixtures("small_parts")
def test_a_part_of_the_wrong_length_or_number_and_other_bytes_are_refused() -> None:
    raw = evals_log(*[True] * 8)
    upload, parts = _begun(raw), _parts(raw)
    for number, part, code in ((1, b"short", "part-length"), (1, raw, "part-length"), (99, b"x", "no-such-part")):
        with pytest.raises(UploadRefused) as refused:
            uploading.take_part(upload, number, [part])
        assert refused.value.code == code
    for number, part in enumerate(parts, 1):
        uploading.take_part(upload, number, [part if number > 1 else part.replace(b"mini", b"MINI")])
    with pytest.raises(UploadRefused, match="The parts make sha256:"):
        uploading.complete(upload, by=SYSTEM, at=NOW)
    assert LogFile.objects.count() == 0


def test_uploads_that_nobody_completes_are_forgotten_after_a_week() -> None:
    upload = _begun(b"x")
    uploading.begin(
        named_digest(b"y"), 1, name="", format="auto", binding=Binding(), by=SYSTEM, at=NOW + timedelta(days=8)
    )
    assert not Upload.objects.filter(id=upload.id).exists()


@override_settings(MAX_LOG_BYTES=1024)
def test_a_file_beyond_the_limit_is_refused_before_its_first_part() -> None:
    with pytest.raises(UploadRefused, match="between 1 and 1024 bytes"):
        uploading.begin(named_digest(b""), 1025, name="", format="auto", binding=Binding(), by=SYSTEM, at=NOW)


# Runs that are reported while they go on


def _events(*numbers: int, end: bool = False) -> bytes:
    events: list[dict[str, Any]] = [
        {"run_id": "live-1", "event_id": number, "sample_id": f"mini.dev.{number}", "type": "match",
         "data": {"correct": number % 2 == 0}, "created_by": "", "created_at": "2026-11-20 10:00:01+00:00"}
        for number in numbers
    ]  # fmt: skip
    ending = {"run_id": "live-1", "event_id": 99, "sample_id": None, "type": "final_report", "data": {"accuracy": 0.5}}
    return json.dumps([*events, ending] if end else events).encode()


def _drain() -> None:
    for job in tasks.queued("read"):
        tasks.read_log(job.id)


def test_batches_of_a_recorder_become_one_run_when_the_final_report_comes() -> None:
    for raw in (_events(0, 1), _events(2, 3), _events(2, 3), _events(4, end=True)):
        heard = listening.hear(raw, binding=BOUND, by=SYSTEM, at=NOW)
    assert heard.live.batches.count() == 3
    _drain()
    log = LogFile.objects.get()
    run = only_run(log)
    assert (run.sample_count, run.native_id, run.report.get("completion")) == (5, "live-1", None)


def test_a_recorder_that_falls_silent_leaves_a_partial_run_and_late_events_a_revision() -> None:
    listening.hear(_events(0, 1), binding=BOUND, by=SYSTEM, at=NOW)
    assert listening.close_silent(now=NOW + timedelta(minutes=14)) == 0
    assert listening.close_silent(now=NOW + timedelta(minutes=16)) == 1
    assert listening.close_silent(now=NOW + timedelta(minutes=17)) == 0
    _drain()
    assert only_run(LogFile.objects.get()).report["completion"] == "partial"
    listening.hear(_events(2, end=True), binding=BOUND, by=SYSTEM, at=NOW + timedelta(hours=1))
    _drain()
    newest = EvaluationRun.objects.get(superseded_by=None)
    assert (newest.revision, newest.sample_count, newest.report.get("completion")) == (2, 3, None)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"[1]", b'[{"event_id": 1}]', b'[{"run_id":"a"},{"run_id":"b"}]'])
def test_a_batch_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(LogRefused):
        listening.hear(raw, binding=BOUND, by=SYSTEM, at=NOW)
    assert LiveRun.objects.count() == 0


def test_a_log_whose_worker_is_killed_is_read_by_the_next_one() -> None:
    receipt = received(evals_log(True, False))
    now = timezone.now()
    assert jobs.claim(receipt.job.id, now=now) is not None
    tasks.read_log(receipt.job.id)
    assert EvaluationRun.objects.count() == 0
    Job.objects.filter(id=receipt.job.id).update(lease_until=now)
    tasks.read_log(receipt.job.id)
    assert EvaluationRun.objects.count() == 1
