"""simple-evals results: aggregates without a number of questions inform, and never pretend to know more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluations.adapters.simple_evals import ADAPTER
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, samples_of
from tests.adapters.mutation import survives
from tests.adapters.sources import source_at, source_of

PLAIN = {"chars": 812.5, "chars:std": 20.0, "score:std": 0.4, "score": 0.8}


def runs_of(document, name: str = "gpqa_o3-mini_high.json"):
    return list(ADAPTER.read(source_of(json.dumps(document).encode(), name)))


def test_a_score_without_n_is_an_estimate_without_trials_or_error() -> None:
    (run,) = runs_of(PLAIN)
    samples_of(run)
    assert (run.evaluation, run.model, run.metric) == ("gpqa", "o3-mini_high", "score")
    assert (run.estimate, run.unit, run.planned_samples) == ({"value": 0.8}, "proportion", None)
    assert "does not say how many" in run.warnings[0]


def test_the_spread_of_answers_is_no_standard_error() -> None:
    (run,) = runs_of(PLAIN)
    assert "stderr" not in run.estimate
    assert ("score:std", 0.4) in [(each.metric, each.value) for each in run.reported]


def test_newer_files_carry_n_and_a_bootstrap() -> None:
    (run,) = runs_of({"score": 0.25, "score:n_samples": 400, "score:bootstrap_std": 0.02})
    assert run.estimate == {"value": 0.25, "trials": 400, "stderr": 0.02}
    samples_of(run)


def test_a_bootstrap_of_width_zero_is_no_standard_error() -> None:
    (run,) = runs_of({"score": 1.0, "score:n_samples": 1, "score:bootstrap_std": 0.0})
    assert run.estimate == {"value": 1.0, "trials": 1}


def test_every_mean_is_a_run_and_the_score_comes_first() -> None:
    runs = runs_of({"is_correct": 0.6, "is_correct:std": 0.5, "chars": 3.0, "score:std": 0.5, "score": 0.6})
    assert [run.metric for run in runs] == ["score", "is_correct"]


def test_values_outside_the_unit_interval_are_never_rescaled() -> None:
    run = runs_of({"f1_score": 71.5, "f1_score:std": 9.0, "score": 0.7, "score:std": 0.1})[1]
    assert (run.metric, run.unit, run.estimate) == ("f1_score", "score", {"value": 71.5})


def test_a_debug_run_says_so() -> None:
    (run,) = runs_of(PLAIN, "mmlu_gpt-4o_DEBUG.json")
    assert (run.model, run.tags) == ("gpt-4o", ["debug"])


def test_a_name_that_tells_nothing_leaves_the_model_open() -> None:
    (run,) = runs_of(PLAIN, "results.json")
    assert (run.evaluation, run.model) == ("simple-evals", None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"score": 0.1, "score:std": 0.', "not-json"),
        (b"", "empty"),
        (b'{"score": NaN, "score:std": NaN}', "nothing-measured"),
        (b'{"score": {"a": 1}, "x:std": 1}', "wrong-type"),
        (b"[]", "wrong-type"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(LogRefused) as caught:
        list(ADAPTER.read(source_of(data, "gpqa_x.json")))
    assert caught.value.fault.code == code


def test_only_flat_tables_with_a_score_and_a_spread_are_recognised() -> None:
    assert ADAPTER.recognise(source_of(b'{"score:std": 0.4, "sco'))
    assert not ADAPTER.recognise(source_of(b'{"score": 0.4}'))
    assert not ADAPTER.recognise(source_of(b'{"a": [{"score:std": 0.4, "score": 1}]}'))


def test_hostile_values_give_runs_or_refusals() -> None:
    document = PLAIN | {"score:n_samples": 10, "score:bootstrap_std": 0.1}
    assert survives(ADAPTER, document, write=lambda value: json.dumps(value).encode(), name="a_b.json") > 70


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("gpqa_customgpt.json", {"score": 0.1}),
        (
            "simpleqa_customgpt.json",
            {"score": 1.0, "is_correct": 1.0, "is_incorrect": 0.0, "is_not_attempted": 0.0},
        ),
    ],
)
def test_the_public_results_keep_their_values(corpus: Path, name: str, values: dict[str, float]) -> None:
    path = corpus / "simple_evals" / name
    assert ADAPTER.recognise(source_at(path))
    runs = list(ADAPTER.read(source_at(path)))
    for run in runs:
        samples_of(run)
    assert {run.metric: run.estimate for run in runs} == {key: {"value": value} for key, value in values.items()}
    assert {(run.evaluation, run.model) for run in runs} == {(name.split("_")[0], "customgpt")}
    assert [each.value for each in runs[0].reported] == list(json.loads(path.read_text()).values())


def test_no_other_file_of_the_corpus_is_claimed(corpus: Path) -> None:
    assert claimed(ADAPTER, corpus) == {"simple_evals/gpqa_customgpt.json", "simple_evals/simpleqa_customgpt.json"}
