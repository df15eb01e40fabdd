"""nanoeval records are read by nanoeval's own rules, and never claim more than records without ids can show."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from evaluations.adapters.nanoeval import ADAPTER, END_OF_ATTEMPT
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, drained, mean, samples_of, statuses
from tests.adapters.mutation import survives
from tests.adapters.sources import source_at, source_of

STAMP = "2026-01-02T03:04:05.000000+00:00"


def record(kind: str, task: str | None = None, group: str | None = None, **fields):
    return {"timestamp": STAMP, "record_type": kind, "sample_id": task, "group_id": group} | fields


def start(run_id: str = "N1"):
    return record("run_started", run_spec={"run_id": run_id, "run_set_id": "S"})


def match(correct, task: str | None = None, group: str | None = None):
    return record("match", task, group, correct=correct, expected=[0], picked=0)


def died(task: str | None = None, group: str | None = None):
    return record("error", task, group, message=END_OF_ATTEMPT, error="pod evicted")


def final(**report):
    return record("final_report", final_report=report)


def lines(*records) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in records)


def runs_of(*records):
    return list(ADAPTER.read(source_of(lines(*records), "records.jsonl")))


def refusal_of(data: bytes, **limits: int) -> LogRefused:
    with pytest.raises(LogRefused) as caught:
        drained(ADAPTER, source_of(data, "records.jsonl", **limits))
    return caught.value


def test_the_last_retry_of_an_attempt_stands() -> None:
    (run,) = runs_of(
        start(), died("a", "0.0"), match(False, "a", "0.2"), died("a", "0.1"), match(True, "a", "1.0"),
        final(accuracy=0.5, is_valid=True, num_tasks=1),
    )  # fmt: skip
    samples = samples_of(run)
    assert [(each["attempt"], each["status"], each.get("superseded", False)) for each in samples] == [
        (1, "error", True), (1, "scored", False), (1, "error", True), (2, "scored", False),
    ]  # fmt: skip
    assert (run.planned_samples, run.attempts_per_sample, run.state) == (1, 2, "complete")


def test_system_errors_are_left_out_of_the_mean_and_never_a_failure() -> None:
    (run,) = runs_of(
        start(), match(True, "a", "0.0"), died("b", "0.0"),
        final(accuracy=1.0, is_valid=False, num_tasks=1, missing_tasks=["b"],
              metrics_including_errors={"accuracy": 0.5, "num_tasks": 2}),
    )  # fmt: skip
    samples = samples_of(run)
    assert (statuses(samples), mean(samples)) == ({"scored": 1, "error/system": 1}, 1.0)
    shown = {each.metric: each.value for each in run.reported}
    assert (shown["accuracy"], shown["metrics_including_errors.accuracy"]) == (1.0, 0.5)


def test_a_task_without_a_surviving_attempt_makes_the_result_invalid_and_stays_planned() -> None:
    (run,) = runs_of(
        start(), match(True, "a", "0.0"),
        final(accuracy=1.0, is_valid=False, aggregations={"num_tasks": 1}, missing_tasks=["b", "c"]),
    )  # fmt: skip
    samples_of(run)
    assert run.planned_samples == 3
    assert any("calls the result invalid" in words for words in run.warnings)


def test_the_solvers_own_error_record_is_not_the_end_of_an_attempt() -> None:
    noise = record("error", "a", "0.0", message="container died", error="pod evicted")
    (run,) = runs_of(start(), noise, match(True, "a", "0.0"), final(accuracy=1.0, num_tasks=1))
    assert statuses(samples_of(run)) == {"scored": 1}


def test_a_crash_after_the_match_is_an_error() -> None:
    (run,) = runs_of(start(), match(True, "a", "0.0"), died("a", "0.0"), match(True, "b", "0.0"))
    assert statuses(samples_of(run)) == {"scored": 1, "error/system": 1}
    assert run.state == "partial"


def test_without_ids_the_reports_accuracy_stands_on_its_tasks_and_not_on_its_attempts() -> None:
    (run,) = runs_of(
        start(), match(True), match(False), died(), match(True), final(accuracy=0.75, is_valid=True, num_tasks=2)
    )
    samples_of(run)
    assert (run.samples, run.estimate, run.planned_samples) == (None, {"value": 0.75, "trials": 2}, 2)
    assert "3 matches and 1 errors (2 correct) belong to 2 tasks" in run.warnings[1]


def test_without_ids_tasks_that_never_survived_count_as_missing() -> None:
    (run,) = runs_of(
        start(), match(True), match(True), died(),
        final(accuracy=1.0, is_valid=False, num_tasks=1, metrics_including_errors={"num_tasks": 3}),
    )  # fmt: skip
    assert (run.estimate, run.planned_samples) == ({"value": 1.0, "trials": 1}, 3)


def test_without_ids_one_match_for_each_task_is_a_sample_each() -> None:
    (run,) = runs_of(start(), match(True), died(), match(False), final(accuracy=0.5, is_valid=True, num_tasks=2))
    samples = samples_of(run)
    assert (statuses(samples), mean(samples), run.planned_samples) == ({"scored": 2}, 0.5, 2)


def test_without_ids_and_report_all_records_are_one_unit() -> None:
    (run,) = runs_of(start(), match(True), match(False))
    assert {each["cluster"] for each in samples_of(run)} == {"tasks without ids"}
    assert (run.state, run.planned_samples) == ("partial", None)


def test_two_runs_that_follow_each_other_in_one_file_stay_apart() -> None:
    first, second = runs_of(
        start(), match(True, "a", "0.0"), final(accuracy=1.0, num_tasks=1),
        start("N2"), match(False, "a", "0.0"), final(accuracy=0.0, num_tasks=1),
    )  # fmt: skip
    assert [(run.native_id, run.locator) for run in (first, second)] == [("N1", "line 1"), ("N2", "line 4")]
    assert [mean(samples_of(run)) for run in (first, second)] == [1.0, 0.0]


def test_two_runs_that_write_at_the_same_time_are_refused() -> None:
    fault = refusal_of(lines(start(), start("N2"), match(True))).fault
    assert (fault.code, fault.pointer) == ("runs-mixed", "line 2")
    twice = lines(start(), match(True), final(accuracy=1.0), final(accuracy=0.0))
    assert refusal_of(twice).fault.pointer == "line 4"


def test_reports_in_between_do_not_end_the_run() -> None:
    (run,) = runs_of(start(), match(True, "a", "0.0"), final(partial=True, accuracy=1.0, num_tasks=1))
    assert run.state == "partial"


def test_a_last_line_that_was_cut_keeps_what_was_before_it() -> None:
    (run,) = ADAPTER.read(source_of(lines(start(), match(True, "a", "0.0"), final(accuracy=1.0)) + b'{"times'))
    assert (run.state, len(samples_of(run))) == ("partial", 1)


def test_numbers_that_are_none_are_shown_verbatim() -> None:
    (run,) = runs_of(start(), match(True, "a", "0.0"), final(accuracy=math.nan, mean=math.inf))
    assert [each.value for each in run.reported] == ["NaN", "Infinity"]
    samples_of(run)


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (b"", "empty", ""),
        (b'{"record_type": "run_st', "not-json", "line 1"),
        (lines(start()) + b"{\n" + lines(match(True)), "not-json", "line 2"),
        (lines(start()), "nothing-measured", "records.jsonl"),
        (lines(start(), final(num_tasks=0)), "nothing-measured", "line 1"),
        (lines(start(), 3), "wrong-type", "line 2"),
        (lines(start(), record("final_report", final_report=[])), "wrong-type", "line 2"),
        (lines(start(), final(run_health={}, metrics={})), "other-format", "line 2"),
        (lines(start(), final(total_earned=250.0)), "other-format", "line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, code: str, pointer: str) -> None:
    fault = refusal_of(data).fault
    assert (fault.code, fault.pointer) == (code, pointer)


def test_more_attempts_than_the_budget_allows_are_refused() -> None:
    assert refusal_of(lines(start(), *[match(True)] * 5), samples=4).fault.code == "too-many-samples"


def test_more_runs_than_anybody_puts_into_a_file_are_refused() -> None:
    data = lines(*[start(), match(True, "a", "0.0"), final(accuracy=1.0)] * 101)
    assert refusal_of(data).fault.code == "too-many-runs"


def test_records_of_paperbench_and_swe_lancer_are_left_to_their_own_formats() -> None:
    assert ADAPTER.recognise(source_of(lines(start())))
    assert not ADAPTER.recognise(source_of(lines(start(), record("extra", data={"pb_result": {}}))))
    assert not ADAPTER.recognise(source_of(lines(start(), record("sampling", sampled='{"earned": 1}'))))


def test_hostile_values_give_runs_or_refusals() -> None:
    def write(value):
        return lines(*value) if isinstance(value, list) else json.dumps(value).encode()

    named = [
        start(), record("sampling", usage={"prompt_tokens": 1}), match(True, "a", "0.0"), died("b", "0.1"),
        final(accuracy=0.5, is_valid=True, num_tasks=2, missing_tasks=["c"],
              metrics_including_errors={"num_tasks": 3, "aggregations": {"num_tasks": 3}}),
    ]  # fmt: skip
    assert survives(ADAPTER, named, write=write, name="r.jsonl") > 400
    nameless = [start(), match(True), match(False), final(accuracy=0.5, num_tasks=1)]
    assert survives(ADAPTER, nameless, write=write, name="r.jsonl") > 250


def test_the_recorded_run_keeps_the_accuracy_over_its_tasks(corpus: Path) -> None:
    path = corpus / "nanoeval" / "2026-11-23_T_16-17-31_UTC.jsonl"
    (run,) = ADAPTER.read(source_at(path))
    samples_of(run)
    assert (run.estimate, run.planned_samples) == ({"value": 0.5916666666666666, "trials": 20}, 20)
    assert (run.native_id, run.state, run.model) == ("261123161731PBWT36KB", "complete", None)
    assert "79 matches and 14 errors (47 correct) belong to 20 tasks" in run.warnings[1]
    assert [(each.metric, each.value) for each in run.reported] == [
        ("accuracy", 0.5916666666666666), ("is_valid", True), ("num_tasks", 20),
    ]  # fmt: skip
    assert run.cost == {"prompt_tokens": 930, "completion_tokens": 372}


def test_the_recorded_run_without_its_report_is_93_attempts_of_one_unit(corpus: Path) -> None:
    path = corpus / "nanoeval" / "2026-11-23_T_16-17-31_UTC.jsonl"
    data = b"".join(path.read_bytes().splitlines(keepends=True)[:-1])
    (run,) = ADAPTER.read(source_of(data))
    samples = samples_of(run)
    assert (statuses(samples), mean(samples)) == ({"scored": 79, "error/system": 14}, 47 / 79)


def test_only_its_own_file_of_the_corpus_is_claimed(corpus: Path) -> None:
    assert claimed(ADAPTER, corpus) == {"nanoeval/2026-11-23_T_16-17-31_UTC.jsonl"}
