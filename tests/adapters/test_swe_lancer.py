"""SWE-Lancer results, as its table and as nanoeval records with the grader's log as JSON inside a string."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluations.adapters.swe_lancer import ADAPTER, END_OF_ATTEMPT
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, drained, mean, samples_of, statuses
from tests.adapters.mutation import survives
from tests.adapters.sources import source_of

HEADER = "question_id,attempt_id,correct,input_tokens,output_tokens,reasoning_tokens,earned\n"
STAMP = "2026-01-02T03:04:05.000000+00:00"
PLACE = "runs/2026-01-02T03-04-05-GMT_run-group_simple-solver/results.csv"


def table(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode("utf-8", "surrogatepass")


def record(kind: str, task: str | None = None, group: str | None = None, **fields):
    return {"timestamp": STAMP, "record_type": kind, "sample_id": task, "group_id": group} | fields


def grader_log(earned: float, available: float = 250.0, variant: str = "ic_swe") -> str:
    return json.dumps({"earned": earned, "available": available, "variant": variant, "input_tokens": 100,
                       "output_tokens": 10, "reasoning_tokens": 0})  # fmt: skip


def result(task: str | None, group: str | None, score: float, log: str):
    data = {"grade": {"score": score, "grader_log": log, "is_continuous": False}, "type": "final_result_successful"}
    return record("extra", task, group, data=data)


START = record("run_started", run_spec={"run_id": "L1", "run_set_id": "S"})
FINAL = record(
    "final_report",
    final_report={
        "accuracy": 0.5, "aggregations": {"num_tasks": 2}, "is_valid": True, "missing_tasks": [],
        "metrics_including_errors": {"accuracy": 0.5, "aggregations": {"num_tasks": 2}},
        "total_input_tokens": 201, "total_output_tokens": 21, "total_reasoning_tokens": 1, "total_earned": 250.0,
    },
)  # fmt: skip


def died(task: str | None, group: str | None):
    return record("error", task, group, message=END_OF_ATTEMPT, error="Computer startup timed out")


def lines(*records) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in records)


def runs_of(data: bytes, name: str = "records.jsonl"):
    return {run.metric: run for run in ADAPTER.read(source_of(data, name))}


def refusal_of(data: bytes, **limits: int) -> LogRefused:
    with pytest.raises(LogRefused) as caught:
        drained(ADAPTER, source_of(data, "results.csv", **limits))
    return caught.value


def test_the_table_gives_the_share_solved_and_what_it_earned() -> None:
    runs = runs_of(table("28565_1001,0,True,100,10,0,250.0", "16912_4,0,False,90,9,0,0.0"), PLACE)
    assert mean(samples_of(runs["accuracy"])) == 0.5
    assert [each["score"] for each in samples_of(runs["earned"])] == [250.0, 0.0]
    assert (runs["earned"].unit, runs["accuracy"].planned_samples) == ("score", 2)
    group = "2026-01-02T03-04-05-GMT_run-group_simple-solver"
    assert [run.native_id for run in runs.values()] == [group, f"{group}:earned"]
    assert runs["accuracy"].cost == {"input_tokens": 190, "output_tokens": 19}


def test_a_false_row_that_used_no_token_may_be_a_system_error_and_has_no_score() -> None:
    run = runs_of(table("a,0,True,100,10,0,250.0", "b,0,False,0,0,0,0.0"))["accuracy"]
    assert statuses(samples_of(run)) == {"scored": 1, "ungraded/unknown": 1}
    assert "writes system errors so" in run.warnings[0]


def test_a_table_that_counts_no_tokens_keeps_its_failures_and_says_why() -> None:
    run = runs_of(table("a,0,True,0,0,0,250.0", "b,0,False,0,0,0,0.0"))["accuracy"]
    assert statuses(samples_of(run)) == {"scored": 2}
    assert "cannot be told from a failure" in run.warnings[0]


def test_rows_of_one_task_are_attempts() -> None:
    run = runs_of(table("a,0,True,1,1,0,5.0", "a,1,False,1,1,0,0.0", "b,0,False,1,1,0,0.0"))["accuracy"]
    assert [(each["id"], each["attempt"]) for each in samples_of(run)] == [("a", 1), ("a", 2), ("b", 1)]
    assert (run.planned_samples, run.attempts_per_sample) == (2, 2)


def test_the_grader_log_inside_the_string_is_read() -> None:
    runs = runs_of(
        lines(START, result("a", "0.0", 1.0, grader_log(250.0)), result("b", "0.0", 0.0, grader_log(0.0)), FINAL)
    )
    samples = samples_of(runs["accuracy"])
    assert (statuses(samples), mean(samples)) == ({"scored": 2}, 0.5)
    assert samples[0]["judge"] == {"earned": 250.0, "available": 250.0}
    assert (runs["accuracy"].tags, runs["accuracy"].state) == (["ic_swe"], "complete")
    assert sum(each["score"] for each in samples_of(runs["earned"])) == 250.0


def test_tokens_are_summed_from_the_logs_because_the_reported_totals_start_at_one() -> None:
    run = runs_of(lines(START, result("a", "0.0", 1.0, grader_log(250.0)), FINAL))["accuracy"]
    assert run.cost == {"input_tokens": 100, "output_tokens": 10}
    assert ("total_reasoning_tokens", 1) in [(each.metric, each.value) for each in run.reported]


def test_a_log_that_is_recorded_as_a_sampling_is_read_as_well() -> None:
    data = lines(START, record("sampling", "a", "0", prompt="", sampled=grader_log(250.0)), FINAL)
    assert mean(samples_of(runs_of(data)["accuracy"])) == 1.0


def test_an_unreadable_managers_decision_earned_nothing() -> None:
    runs = runs_of(lines(START, result("a", "0.0", 0.0, "{}"), FINAL))
    assert [each["score"] for each in samples_of(runs["earned"])] == [0.0]


def test_the_last_retry_stands_and_system_errors_have_no_score() -> None:
    run = runs_of(lines(START, died("a", "0.0"), result("a", "0.1", 1.0, grader_log(250.0)), died("b", "0.0"), FINAL))[
        "accuracy"
    ]
    samples = samples_of(run)
    assert statuses(samples) == {"scored": 1, "error/system": 1}
    assert [each.get("superseded", False) for each in samples] == [True, False, False]


def test_records_without_task_ids_count_as_one_unit() -> None:
    run = runs_of(lines(START, result(None, None, 1.0, grader_log(5.0)), result(None, None, 0.0, grader_log(0.0))))
    assert {each["cluster"] for each in samples_of(run["accuracy"])} == {"tasks without ids"}
    assert (run["accuracy"].planned_samples, run["accuracy"].state) == (None, "partial")


def test_a_final_report_alone_gives_its_own_figures() -> None:
    runs = runs_of(lines(START, FINAL))
    assert {metric: run.estimate for metric, run in runs.items()} == {
        "accuracy": {"value": 0.5, "trials": 2}, "earned_total": {"value": 250.0},
    }  # fmt: skip
    assert [samples_of(run) for run in runs.values()] == [[], []]


def test_a_last_line_that_was_cut_keeps_what_was_before_it() -> None:
    run = runs_of(lines(START, FINAL, result("a", "0.0", 1.0, grader_log(5.0))) + b'{"time')["accuracy"]
    assert (run.state, len(samples_of(run))) == ("partial", 1)


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (b"", "empty", ""),
        (table(), "nothing-measured", "results.csv"),
        (table("a,0,Tr"), "row-broken", "line 2"),
        (table(",0,True,1,1,0,5.0"), "wrong-type", "line 2"),
        (b"question_id,attempt_id,correct,price\n", "column-missing", "line 1"),
        (HEADER.encode() + b"a,0,\xff\n", "not-csv", "line 2"),
        (lines(START, START), "runs-mixed", "line 2"),
        (lines(START), "nothing-measured", "results.csv"),
        (lines(START) + b"{\n" + lines(FINAL), "not-json", "line 2"),
        (lines(START, 3), "wrong-type", "line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, code: str, pointer: str) -> None:
    fault = refusal_of(data).fault
    assert (fault.code, fault.pointer) == (code, pointer)


def test_more_attempts_than_the_budget_allows_are_refused() -> None:
    assert refusal_of(table(*["a,0,True,1,1,0,5.0"] * 5), samples=4).fault.code == "too-many-samples"


def test_tables_and_records_with_earnings_are_recognised() -> None:
    assert ADAPTER.recognise(source_of(table()[:70], "results.csv")) is False
    assert ADAPTER.recognise(source_of(table(), "x.csv"))
    assert ADAPTER.recognise(source_of(lines(START, result("a", "0.0", 1.0, grader_log(5.0)))))
    assert ADAPTER.recognise(source_of(lines(START, FINAL)))
    assert not ADAPTER.recognise(source_of(lines(START)))


def test_hostile_values_give_runs_or_refusals() -> None:
    def write(value):
        return lines(*value) if isinstance(value, list) else json.dumps(value).encode()

    records = [START, result("a", "0.0", 1.0, grader_log(250.0)), died("b", "0.1"), FINAL]
    assert survives(ADAPTER, records, write=write, name="r.jsonl") > 400
    assert survives(ADAPTER, [START, FINAL], write=write, name="r.jsonl") > 250
    inner = json.loads(grader_log(5.0))
    assert survives(
        ADAPTER, inner, write=lambda value: lines(START, result("a", "0.0", 1.0, json.dumps(value))), name="r.jsonl"
    )


def test_hostile_cells_give_runs_or_refusals() -> None:
    def write(value):
        rows = value if isinstance(value, list) else [value]
        return table(*(",".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows))

    rows = [["a", 0, True, 100, 10, 0, 250.0], ["b", 0, False, 0, 0, 0, 0.0]]
    assert survives(ADAPTER, rows, write=write, name="results.csv") > 150


def test_no_file_of_the_corpus_is_claimed(corpus: Path) -> None:
    assert claimed(ADAPTER, corpus) == set()
