"""OpenAI evals logs: samples are the match and metrics events, wherever the final report stands."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from evaluations.adapters.openai_evals import ADAPTER
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, drained, mean, samples_of, statuses
from tests.adapters.mutation import survives
from tests.adapters.sources import source_at, source_of

CREATED = "2026-01-02 03:04:05.000000"
SPEC = {
    "spec": {
        "completion_fns": ["gpt-x"], "eval_name": "sums.dev.v0", "base_eval": "sums", "split": "dev",
        "run_config": {"eval_spec": {"cls": "evals.elsuite.basic.match:Match", "args": {}}, "seed": 7,
                       "max_samples": None},
        "created_by": "", "run_id": "R1", "created_at": CREATED,
    }
}  # fmt: skip
REPORT = {"final_report": {"accuracy": 0.5, "boostrap_std": 0.25}, "run_id": "R1"}


def event(number: int, kind: str, sample: str | None = "s.0", run: str = "R1", **data):
    return {
        "run_id": run, "event_id": number, "sample_id": sample, "type": kind, "data": data, "created_by": "",
        "created_at": CREATED + "+00:00",
    }  # fmt: skip


def match(number: int, sample: str, correct: bool, **extra):
    return event(number, "match", sample, correct=correct, **extra)


def lines(*records) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def runs_of(data: bytes, name: str = "run.jsonl"):
    return {run.metric: run for run in ADAPTER.read(source_of(data, name))}


def refusal_of(data: bytes, **limits: int) -> LogRefused:
    with pytest.raises(LogRefused) as caught:
        drained(ADAPTER, source_of(data, "run.jsonl", **limits))
    return caught.value


@pytest.mark.parametrize("early", [True, False])
def test_the_final_report_may_stand_before_or_after_the_events(early: bool) -> None:
    events = [match(0, "s.0", True), match(1, "s.1", False)]
    run = runs_of(lines(SPEC, REPORT, *events) if early else lines(SPEC, *events, REPORT))["accuracy"]
    assert mean(samples_of(run)) == 0.5
    assert (run.state, run.model, run.evaluation, run.native_id) == ("complete", "gpt-x", "sums.dev.v0", "R1")
    assert run.started_at == "2026-01-02T03:04:05.000000Z"


def test_the_misspelt_bootstrap_is_kept_verbatim() -> None:
    run = runs_of(lines(SPEC, match(0, "s.0", True), REPORT))["accuracy"]
    assert [(each.metric, each.value) for each in run.reported] == [("accuracy", 0.5), ("boostrap_std", 0.25)]


def test_a_crashed_run_is_partial() -> None:
    run = runs_of(lines(SPEC, match(0, "s.0", True)))["accuracy"]
    assert (run.state, run.completed_at) == ("partial", None)
    assert "no final report" in run.warnings[0]


def test_a_report_of_older_versions_without_a_run_id_belongs_to_the_run() -> None:
    run = runs_of(lines(SPEC, match(0, "s.0", True), {"final_report": {"accuracy": 1.0}}))["accuracy"]
    assert (run.state, run.reported[0].value) == ("complete", 1.0)


def test_samples_that_failed_or_never_matched_have_no_score() -> None:
    run = runs_of(
        lines(
            SPEC,
            match(0, "s.0", True),
            event(1, "sampling", "s.1"),
            event(2, "error", "s.1", type="E"),
            event(3, "sampling", "s.2"),
            REPORT,
        )
    )["accuracy"]
    assert statuses(samples_of(run)) == {"scored": 1, "error/unknown": 1, "ungraded/unknown": 1}


def test_an_error_that_was_overcome_leaves_the_score() -> None:
    run = runs_of(lines(SPEC, event(0, "error", "s.0"), match(1, "s.0", True), event(2, "error", "s.0"), REPORT))
    assert statuses(samples_of(run["accuracy"])) == {"scored": 1}


def test_repeated_matches_of_a_sample_are_attempts() -> None:
    run = runs_of(lines(SPEC, match(0, "s.0", True), match(1, "s.0", False), REPORT))["accuracy"]
    assert [(each["id"], each["attempt"], each["transcript"]) for each in samples_of(run)] == [
        ("s.0", 1, "line 2"), ("s.0", 2, "line 3"),
    ]  # fmt: skip


def test_every_key_of_the_metrics_events_is_a_run_of_its_own() -> None:
    runs = runs_of(
        lines(
            SPEC,
            event(0, "metrics", "s.0", score=0.5, refused=True, seconds=12.5, choice="A"),
            event(1, "metrics", "s.1", score=math.nan, refused=False, seconds=3),
            REPORT,
        )
    )
    assert {metric: run.unit for metric, run in runs.items()} == {
        "score": "proportion", "refused": "proportion", "seconds": "score",
    }  # fmt: skip
    assert statuses(samples_of(runs["score"])) == {"scored": 1, "ungraded/grader": 1}
    assert mean(samples_of(runs["refused"])) == 0.5
    assert {run.native_id for run in runs.values()} == {"R1:score", "R1:refused", "R1:seconds"}


def test_two_runs_in_one_file_stay_apart() -> None:
    other = {"spec": SPEC["spec"] | {"run_id": "R2", "eval_name": "words.dev.v0"}}
    data = lines(SPEC, match(0, "s.0", True), REPORT, other, event(0, "match", "s.0", "R2", correct=False))
    first, second = ADAPTER.read(source_of(data))
    assert [mean(samples_of(run)) for run in (first, second)] == [1.0, 0.0]
    assert [(run.native_id, run.state, run.evaluation) for run in (first, second)] == [
        ("R1", "complete", "sums.dev.v0"), ("R2", "partial", "words.dev.v0"),
    ]  # fmt: skip


def test_an_event_that_was_sent_twice_counts_once() -> None:
    run = runs_of(json.dumps([match(0, "s.0", True), match(0, "s.0", True), match(1, "s.1", False)]).encode())
    assert len(samples_of(run["accuracy"])) == 2


def test_a_lost_batch_makes_the_run_partial() -> None:
    run = runs_of(lines(SPEC, match(0, "s.0", True), match(9, "s.9", True), REPORT))["accuracy"]
    assert (run.state, run.warnings) == ("partial", ["8 of 10 events are not in this log."])


def test_of_several_completion_functions_the_last_grades() -> None:
    spec = {"spec": SPEC["spec"] | {"completion_fns": ["gpt-x", "gpt-judge"]}}
    run = runs_of(lines(spec, match(0, "s.0", True), REPORT))["accuracy"]
    assert (run.model, run.grader["completion_fn"]) == ("gpt-x", "gpt-judge")


def test_without_a_spec_the_served_model_is_named_and_the_evaluation_is_not() -> None:
    data = json.dumps([event(0, "sampling", model="gpt-x", usage={"prompt_tokens": 5}), match(1, "s.0", True)])
    run = runs_of(data.encode())["accuracy"]
    assert (run.model, run.evaluation, run.cost) == ("gpt-x", "openai-evals", {"prompt_tokens": 5})
    assert "The log names no evaluation." in run.warnings


def test_a_report_without_events_is_an_estimate() -> None:
    run = runs_of(lines(SPEC, REPORT))["accuracy"]
    assert (run.estimate, run.samples) == ({"value": 0.5}, None)


def test_a_report_alone_gives_every_number_that_measures_something() -> None:
    report = {
        "run_id": "R1",
        "final_report": {"win_rate": 0.75, "elo": 1200, "n": 4, "win_rate_stderr": 0.1, "note": "x"},
    }
    runs = runs_of(lines(SPEC, event(0, "sampling", prompt="p"), report))
    assert {metric: (run.estimate, run.unit) for metric, run in runs.items()} == {
        "win_rate": ({"value": 0.75}, "proportion"),
        "elo": ({"value": 1200.0}, "score"),
    }


def test_a_run_whose_samples_all_failed_comes_in_with_every_one_missing() -> None:
    report = {"run_id": "R1", "final_report": {"accuracy": math.nan}}
    run = runs_of(lines(SPEC, *(event(n, "error", f"s.{n}", type="E") for n in range(3)), report))["accuracy"]
    assert statuses(samples_of(run)) == {"error/unknown": 3}
    assert (run.estimate, run.reported[0].value) == (None, "NaN")


def test_a_metric_named_like_the_matches_is_no_second_run_of_that_name() -> None:
    found = list(ADAPTER.read(source_of(lines(SPEC, match(0, "s.0", True), event(1, "metrics", accuracy=0.0), REPORT))))
    assert [(run.metric, mean(samples_of(run))) for run in found] == [("accuracy", 1.0)]


def test_a_last_line_that_was_cut_keeps_what_was_before_it() -> None:
    run = runs_of(lines(SPEC, REPORT, match(0, "s.0", True)) + b'{"run_id": "R1", "ev')["accuracy"]
    assert (run.state, len(samples_of(run))) == ("partial", 1)
    assert "The last line is cut." in run.warnings


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (lines(SPEC) + b"{broken\n" + lines(match(0, "s.0", True)), "not-json", "line 2"),
        (b"", "empty", ""),
        (lines(SPEC), "nothing-measured", "run.jsonl"),
        (lines(SPEC, [1]), "wrong-type", "line 2"),
        (lines(SPEC, event(0, "match", None, correct=True)), "wrong-type", "line 2"),
        (lines(SPEC, {"final_report": 3}), "wrong-type", "line 2"),
        (b"[3]", "wrong-type", "/0"),
        (b'[{"body": "[3]"}]', "wrong-type", "/0/body/0"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, code: str, pointer: str) -> None:
    fault = refusal_of(data).fault
    assert (fault.code, fault.pointer) == (code, pointer)


def test_more_samples_than_the_budget_allows_are_refused() -> None:
    data = lines(SPEC, *(match(number, f"s.{number}", True) for number in range(9)))
    assert refusal_of(data, samples=8).fault.code == "too-many-samples"


def test_more_runs_than_anybody_puts_into_a_file_are_refused() -> None:
    data = lines(SPEC, *(event(0, "match", "s.0", f"R{number}", correct=True) for number in range(101)))
    assert refusal_of(data).fault.code == "too-many-runs"


def test_hostile_values_give_runs_or_refusals() -> None:
    def write(value):
        return lines(*value) if isinstance(value, list) else json.dumps(value).encode()

    records = [
        SPEC, match(0, "s.0", True), event(1, "metrics", "s.0", score=0.5), event(2, "error", "s.1", type="E"),
        event(3, "sampling", "s.1", model="m", usage={"prompt_tokens": 1}), REPORT,
    ]  # fmt: skip
    assert survives(ADAPTER, records, write=write, name="run.jsonl") > 700
    posted = [{"body": json.dumps([match(0, "s.0", True)])}, match(1, "s.1", True)]
    assert survives(ADAPTER, posted, write=lambda value: json.dumps(value).encode(), name="posts.json") > 100


CORPUS = {
    "rec1.jsonl": {"accuracy": ({"scored": 3}, 0.0, "complete", [0.0, 0.0])},
    "rec_no_final.jsonl": {
        "accuracy": ({"scored": 7, "error/unknown": 1}, 4 / 7, "partial", []),
        "score": ({"scored": 6, "ungraded/grader": 1, "error/unknown": 1}, 2.375 / 6, "partial", []),
        "refused": ({"scored": 7, "error/unknown": 1}, 1 / 7, "partial", []),
    },
    "fallback.jsonl": {
        "accuracy": ({"scored": 1, "ungraded/unknown": 1}, 0.0, "partial", []),
        "score": ({"scored": 1, "ungraded/grader": 1}, 0.875, "partial", []),
        "refused": ({"scored": 2}, 0.5, "partial", []),
    },
    "http_posts.json": {
        "accuracy": ({"scored": 6, "error/unknown": 1}, 4 / 6, "partial", [0.5]),
        "score": ({"scored": 5, "error/unknown": 1, "ungraded/unknown": 1}, 0.3, "partial", [0.5]),
        "refused": ({"scored": 5, "error/unknown": 1, "ungraded/unknown": 1}, 0.0, "partial", [0.5]),
    },
}


@pytest.mark.parametrize("name", list(CORPUS))
def test_the_recorded_logs_have_their_numbers(corpus: Path, name: str) -> None:
    runs = {run.metric: run for run in ADAPTER.read(source_at(corpus / "openai_evals" / name))}
    found = {}
    for metric, run in runs.items():
        samples = samples_of(run)
        found[metric] = (statuses(samples), mean(samples), run.state, [each.value for each in run.reported])
        assert run.planned_samples is None
    assert found == CORPUS[name]


def test_only_its_own_files_of_the_corpus_are_claimed(corpus: Path) -> None:
    own = {f"openai_evals/{name}" for name in CORPUS}
    assert claimed(ADAPTER, corpus) == own | {"client_http/openai_evals_http_posts.json"}
