"""MLflow: figures without unit and n, non-finite texts, and runs that did not finish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.mlflow import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, samples_of
from tests.adapters.mutation import mutants
from tests.adapters.sources import source_of


def metric(key: str, value: Any, *, step: Any = 0, timestamp: Any = 1772359200000) -> dict[str, Any]:
    return {"key": key, "value": value, "timestamp": timestamp, "step": step}


RUN: dict[str, Any] = {
    "info": {
        "run_id": "abc123", "run_uuid": "abc123", "experiment_id": "7", "run_name": "nightly ctf — 日本",
        "status": "FINISHED", "start_time": 1772359200000, "end_time": 1772359260000, "lifecycle_stage": "active",
    },
    "data": {
        "metrics": [metric("accuracy", 0.61), metric("toxicity/v1/mean", 3.5, step=2), metric("nan_metric", "NaN")],
        "params": [{"key": "model", "value": "atlas-2"}, {"key": "epochs", "value": "5"}],
        "tags": [{"key": "mlflow.runName", "value": "x"}, {"key": "git_sha", "value": "deadbeef"}],
    },
    "inputs": {"dataset_inputs": [{"dataset": {"name": "ctf", "digest": "9f1c2d3e", "source_type": "local"}}]},
}  # fmt: skip


def read(document: Any) -> list[FoundRun]:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(ADAPTER.read(source_of(data, "run.json")))


def with_metrics(*metrics: Any) -> dict[str, Any]:
    return {"run": RUN | {"data": RUN["data"] | {"metrics": list(metrics)}}}


def with_info(**changes: Any) -> dict[str, Any]:
    return {"run": RUN | {"info": RUN["info"] | changes}}


def test_every_metric_with_a_number_is_a_figure_without_n() -> None:
    accuracy, toxicity = read({"run": RUN})
    assert (accuracy.metric, accuracy.estimate, accuracy.unit) == ("accuracy", {"value": 0.61}, "score")
    assert (accuracy.evaluation, accuracy.version, accuracy.model) == ("ctf", "9f1c2d3e", "atlas-2")
    assert (accuracy.native_id, accuracy.state, accuracy.code) == ("abc123", "complete", {"revision": "deadbeef"})
    assert accuracy.started_at == "2026-03-01T10:00:00.000000Z"
    assert accuracy.completed_at == "2026-03-01T10:01:00.000000Z"
    assert accuracy.sampling == {"model": "atlas-2", "epochs": "5"}
    assert (toxicity.metric, toxicity.estimate) == ("toxicity/v1/mean", {"value": 3.5})
    assert "step 2" in toxicity.warnings[-1]
    assert "neither unit nor n" in accuracy.warnings[0]
    samples_of(accuracy)


@pytest.mark.parametrize(
    "value",
    # A server on a data base answers the largest number there is where infinity was logged.
    [
        "NaN",
        "Infinity",
        "-Infinity",
        float("nan"),
        None,
        "",
        True,
        [1],
        1.7976931348623157e308,
        -1.7976931348623157e308,
    ],
)
def test_what_is_no_finite_number_is_reported_and_never_a_figure(value: Any) -> None:
    (run,) = read(with_metrics(metric("accuracy", 0.5), metric("loss", value)))
    assert run.metric == "accuracy"
    assert [reported.metric for reported in run.reported] == ["accuracy", "loss"]
    assert any("loss" in warning for warning in run.warnings)
    with pytest.raises(LogRefused) as refusal:
        read(with_metrics(metric("loss", value)))
    assert refusal.value.fault.code == "nothing-measured"


def test_a_bare_nan_is_shown_as_the_text_nan() -> None:
    document = with_metrics(metric("accuracy", 0.5), metric("loss", float("nan")))
    assert b"NaN" in json.dumps(document).encode()
    assert read(document)[0].reported[1].value == "NaN"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("FINISHED", "complete"), ("FAILED", "error"), ("KILLED", "cancelled"), ("RUNNING", "running"),
        ("SCHEDULED", "running"),
    ],
)  # fmt: skip
def test_the_status_is_the_state_of_the_run(status: str, state: str) -> None:
    assert read(with_info(status=status))[0].state == state


def test_an_unknown_status_and_a_deleted_run_are_said() -> None:
    warnings = read(with_info(status="ODD", lifecycle_stage="deleted"))[0].warnings
    assert any("ODD" in warning for warning in warnings)
    assert "The run is deleted in MLflow." in warnings


def test_numbers_may_come_as_texts() -> None:
    document = with_metrics(metric("accuracy", "0.5", step="3", timestamp="1772359200000"))
    document["run"]["info"] = RUN["info"] | {"start_time": "1772359200000"}
    (run,) = read(document)
    assert (run.estimate, run.started_at) == ({"value": 0.5}, "2026-03-01T10:00:00.000000Z")


def test_of_a_history_the_last_step_counts() -> None:
    history = [
        metric("acc", 0.9, step=2),
        metric("acc", 0.1, step=1),
        metric("acc", 0.8, step=2, timestamp=1772359200001),
    ]
    assert [run.estimate for run in read(with_metrics(*history))] == [{"value": 0.8}]


def test_machine_metrics_are_left_out() -> None:
    (run,) = read(with_metrics(metric("accuracy", 0.5), metric("system/cpu_utilization_percentage", 20.0)))
    assert "system/cpu_utilization_percentage" in " ".join(run.warnings)
    assert [reported.metric for reported in run.reported] == ["accuracy"]


def test_a_search_gives_every_run_and_says_that_pages_are_missing() -> None:
    other = RUN | {"info": RUN["info"] | {"run_id": "def456"}, "inputs": {}}
    found = read({"runs": [RUN, other], "next_page_token": "abc"})
    assert [(run.native_id, run.evaluation) for run in found if run.metric == "accuracy"] == [
        ("abc123", "ctf"), ("def456", "nightly ctf — 日本"),
    ]  # fmt: skip
    assert all("one page of several" in run.warnings[-1] for run in found)


def test_without_a_data_set_and_a_name_the_experiment_is_the_evaluation() -> None:
    run = read({"run": {"info": {"run_id": "a", "experiment_id": "7"}, "data": {"metrics": [metric("a", 1)]}}})[0]
    assert (run.evaluation, run.model, run.state) == ("experiment 7", None, "complete")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b'{"run": {"info": {"run_id": "a"', "not-json"),
        (b"[]", "not-mlflow"),
        (b'{"experiments": []}', "not-mlflow"),
        (b'{"runs": []}', "nothing-measured"),
        (b'{"run": {"info": {"run_id": "a"}, "data": {}}}', "nothing-measured"),
    ],
)
def test_what_holds_no_run_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        read(data)
    assert refusal.value.fault.code == code


def test_hostile_answers_give_coherent_runs_or_refusals() -> None:
    for path, _, changed in mutants({"run": RUN}):
        source = source_of(json.dumps(changed).encode(), "run.json")
        try:
            ADAPTER.recognise(source)
            for run in ADAPTER.read(source):
                samples_of(run)
        except LogRefused:
            pass
        except Exception as error:
            raise AssertionError(path) from error


def test_answers_are_recognised_and_nothing_of_the_corpus_is_one(corpus: Path) -> None:
    for document in ({"run": RUN}, {"runs": [RUN]}):
        for indent in (None, 2):
            assert ADAPTER.recognise(source_of(json.dumps(document, indent=indent).encode()))
    assert ADAPTER.recognise(source_of(json.dumps({"run": RUN}).encode()[:300]))
    assert claimed(ADAPTER, corpus) == set()


def test_what_the_real_client_logs_is_read_when_the_server_gives_it_back(corpus: Path) -> None:
    posts = json.loads((corpus / "client_http" / "mlflow_posts.json").read_bytes())
    created = json.loads(posts[0]["body"])
    batch = json.loads(next(post["body"] for post in posts if post["path"].endswith("log-batch")))
    ended = json.loads(posts[-1]["body"])
    info = created | {"run_id": batch["run_id"], "status": ended["status"], "end_time": ended["end_time"]}
    (run,) = read({"run": {"info": info, "data": {part: batch[part] for part in ("metrics", "params", "tags")}}})
    assert (run.metric, run.estimate, run.model, run.state) == ("accuracy", {"value": 0.61}, "mock-o1", "error")
    assert [(one.metric, one.value) for one in run.reported] == [
        ("accuracy", 0.61), ("nan_metric", "NaN"), ("inf_metric", "Infinity"),
    ]  # fmt: skip
    assert run.code == {"revision": "deadbeef"}
    assert run.evaluation == created["run_name"]
