"""Every Eval Ever: stated units and scales, instance rows, and an index that holds no score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.every_eval_ever import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, mean, samples_of, statuses
from tests.adapters.mutation import mutants
from tests.adapters.sources import source_at, source_of

RESULT = {
    "evaluation_result_id": "trivia.tea",
    "evaluation_name": "Trivia (tea)",
    "source_data": {"dataset_name": "trivia", "source_type": "hf_dataset", "hf_repo": "acme/trivia"},
    "metric_config": {
        "metric_id": "trivia/tea", "metric_name": "Trivia accuracy", "metric_kind": "accuracy",
        "metric_unit": "proportion", "lower_is_better": False, "score_type": "continuous", "min_score": 0.0,
        "max_score": 1.0,
    },
    "score_details": {
        "score": 0.75,
        "uncertainty": {
            "standard_error": {"value": 0.05, "method": "analytic"},
            "confidence_interval": {"lower": 0.65, "upper": 0.85, "confidence_level": 0.95, "method": "bootstrap"},
            "num_samples": 80,
        },
    },
    "generation_config": {"generation_args": {"temperature": 0.5, "max_tokens": 512, "prompt_template": "long"}},
}  # fmt: skip
RECORD = {
    "schema_version": "0.3.0",
    "evaluation_id": "trivia/acme_atlas-2/1772359200",
    "evaluation_timestamp": "1772359200",
    "retrieved_timestamp": "1772400000",
    "source_metadata": {"source_organization_name": "Acme", "evaluator_relationship": "first_party"},
    "eval_library": {"name": "lm_eval", "version": "0.4.13"},
    "model_info": {"name": "Atlas 2", "id": "acme/atlas-2", "developer": "Acme"},
    "evaluation_results": [RESULT],
}
ROW = {
    "schema_version": "0.3.0", "evaluation_id": "trivia/acme_atlas-2/1772359200", "model_id": "acme/atlas-2",
    "evaluation_name": "Trivia (tea)", "evaluation_result_id": "trivia.tea", "sample_id": "q1",
    "interaction_type": "single_turn", "input": {"raw": "?", "reference": ["4"]}, "output": {"raw": ["4"]},
    "evaluation": {"score": 1.0, "is_correct": True}, "error": None,
}  # fmt: skip


def read(document: Any, name: str = "record.json") -> list[FoundRun]:
    data = document if isinstance(document, bytes) else json.dumps(document, indent=2).encode()
    return list(ADAPTER.read(source_of(data, name)))


def with_config(score: Any = 0.75, **changes: Any) -> FoundRun:
    config = {**RESULT["metric_config"], **changes}  # type: ignore[dict-item]
    result = RESULT | {"metric_config": config, "score_details": {"score": score}}
    return read(RECORD | {"evaluation_results": [result]})[0]


def rows(*changes: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(ROW | change).encode() + b"\n" for change in changes)


def instances(*changes: dict[str, Any]) -> list[FoundRun]:
    return read(rows(*changes), "record_samples.jsonl")


def test_a_result_is_a_figure_with_its_uncertainty() -> None:
    (run,) = read(RECORD)
    assert run.estimate == {
        "value": 0.75, "trials": 80, "stderr": 0.05,
        "interval": {"low": 0.65, "high": 0.85, "level": 0.95, "method": "bootstrap"},
    }  # fmt: skip
    assert (run.evaluation, run.metric, run.unit, run.model) == (
        "Trivia (tea)",
        "accuracy",
        "proportion",
        "acme/atlas-2",
    )
    assert (run.source, run.packages) == ("every_eval_ever 0.3.0", {"lm_eval": "0.4.13"})
    assert run.native_id == "trivia/acme_atlas-2/1772359200/trivia.tea"
    assert run.started_at == "2026-03-01T10:00:00.000000Z"
    assert run.producer_polarity == "higher_is_better"
    assert run.tags == ["evaluator: first_party", "from: Acme"]
    assert run.sampling == {"temperature": 0.5, "max_tokens": 512.0}
    samples_of(run)


def test_the_time_of_retrieval_is_not_the_time_of_the_run() -> None:
    document = {key: value for key, value in RECORD.items() if key != "evaluation_timestamp"}
    assert read(document)[0].started_at is None


@pytest.mark.parametrize(
    ("changes", "score", "unit"),
    [
        ({"metric_unit": "percent", "max_score": 100.0}, 75.0, "percent"),
        ({"metric_unit": "points"}, 1200.0, "points"),
        ({"metric_unit": "ms"}, 12.0, "score"),
        ({"metric_unit": None}, 0.75, "proportion"),
        ({"metric_unit": None, "max_score": 100.0}, 75.0, "score"),
        ({"metric_unit": None, "max_score": None}, 0.75, "score"),
        ({"metric_unit": "proportion"}, 75.0, "score"),
        ({"metric_unit": "percent"}, 175.0, "score"),
    ],
)
def test_the_unit_is_the_stated_one_and_never_a_guess(changes: dict[str, Any], score: float, unit: str) -> None:
    run = with_config(score, **changes)
    assert (run.unit, (run.estimate or {})["value"]) == (unit, score)
    assert bool(run.warnings) == (unit == "score")


def test_an_interval_that_is_reversed_is_left_out_in_words() -> None:
    details = {"score": 0.5, "uncertainty": {"confidence_interval": {"lower": 0.9, "upper": 0.1}}}
    (run,) = read(RECORD | {"evaluation_results": [RESULT | {"score_details": details}]})
    assert run.estimate == {"value": 0.5}
    assert "confidence interval" in run.warnings[0]


@pytest.mark.parametrize(
    ("config", "metric"),
    [
        ({"metric_id": "pass_at_k", "metric_kind": "pass_rate"}, "pass_at_k"),
        ({"metric_id": "bench/overall", "metric_kind": None, "metric_name": "Pass rate (all)"}, "Pass-rate-all"),
        ({"metric_id": None, "metric_kind": None, "metric_name": None}, "score"),
    ],
)
def test_the_metric_is_the_canonical_one_where_there_is_one(config: dict[str, Any], metric: str) -> None:
    assert with_config(**config).metric == metric


def test_two_results_of_one_name_do_not_look_like_a_correction() -> None:
    nameless = {key: value for key, value in RESULT.items() if key != "evaluation_result_id"}
    first, second = read(RECORD | {"evaluation_results": [nameless, nameless]})
    assert (first.native_id, second.native_id) == (
        "trivia/acme_atlas-2/1772359200/Trivia (tea)", "trivia/acme_atlas-2/1772359200/Trivia (tea) #2",
    )  # fmt: skip


@pytest.mark.parametrize("score", [None, float("nan"), "n/a", True])
def test_a_result_without_a_number_is_left_out(score: Any) -> None:
    broken = RESULT | {"score_details": {"score": score}}
    assert len(read(RECORD | {"evaluation_results": [broken, RESULT]})) == 1
    with pytest.raises(LogRefused) as refusal:
        read(RECORD | {"evaluation_results": [broken]})
    assert refusal.value.fault.code == "nothing-measured"


def test_an_unknown_level_is_no_score() -> None:
    assert with_config(-1.0, metric_unit="points").estimate == {"value": -1.0}
    with pytest.raises(LogRefused, match="number"):
        with_config(-1.0, metric_unit="points", has_unknown_level=True)


def test_instance_rows_are_samples_of_the_result_they_name() -> None:
    tea, coffee = instances(
        {}, {"sample_id": "q2", "evaluation": {"score": 0.0}}, {"evaluation_result_id": "trivia.coffee"}
    )
    assert (len(samples_of(tea)), len(samples_of(coffee))) == (2, 1)
    assert (tea.model, tea.unit, tea.native_id) == (
        "acme/atlas-2", "proportion", "trivia/acme_atlas-2/1772359200/trivia.tea",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"error": "API timeout"}, "error/unknown"),
        ({"error": "refusal by the model"}, "refused"),
        ({"evaluation": {"score": None, "is_correct": False}}, "ungraded"),
        ({"evaluation": {"score": float("nan")}}, "ungraded"),
        ({"evaluation": {"score": 0.0}}, "scored"),
    ],
)
def test_an_instance_that_failed_has_a_status_and_no_score(change: dict[str, Any], status: str) -> None:
    assert statuses(samples_of(instances(change)[0])) == {status: 1}


def test_the_same_sample_again_is_another_attempt() -> None:
    assert [sample["attempt"] for sample in samples_of(instances({}, {})[0])] == [1, 2]


def test_scores_beyond_one_are_scores() -> None:
    assert instances({}, {"evaluation": {"score": 7.0}})[0].unit == "score"


def test_the_index_of_the_store_is_refused_with_the_object_to_send() -> None:
    index = {"record_type": "aggregate", "object_uuid": "1", "object_path": "flat/objects/1.json"}
    data = json.dumps(index).encode() + b"\n"
    assert ADAPTER.recognise(source_of(data, "aggregate.jsonl"))
    with pytest.raises(LogRefused) as refusal:
        read(data, "aggregate.jsonl")
    assert refusal.value.fault.code == "nothing-measured"
    assert "flat/objects/1.json" in refusal.value.fault.remedy


def test_records_one_to_a_line_are_all_read() -> None:
    other = RECORD | {"evaluation_id": "trivia/acme_atlas-3/1", "model_info": {"name": "Atlas 3"}}
    data = b"\n".join(json.dumps(record).encode() for record in (RECORD, other))
    assert [run.model for run in read(data, "aggregate.jsonl")] == ["acme/atlas-2", "Atlas 3"]


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "empty", ""),
        (json.dumps(RECORD, indent=2).encode()[:-30], "not-json", ""),
        (rows({}, {})[:-40], "not-json", "line 2"),
        (rows({}) + b"{}\n", "sample-without-id", "line 2"),
        (b'{"schema_version": "0.3.0", "evaluation_id": "x"}', "not-every-eval-ever", "line 1"),
        (b"[]", "not-every-eval-ever", ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, code: str, place: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        read(data)
    assert (refusal.value.fault.code, refusal.value.fault.pointer) == (code, place)


@pytest.mark.parametrize(("document", "name"), [(RECORD, "record.json"), (ROW, "samples.jsonl")])
def test_hostile_records_give_coherent_runs_or_refusals(document: dict[str, Any], name: str) -> None:
    for path, _, changed in mutants(document):
        source = source_of(json.dumps(changed).encode() + b"\n", name)
        try:
            ADAPTER.recognise(source)
            for run in ADAPTER.read(source):
                samples_of(run)
        except LogRefused:
            pass
        except Exception as error:
            raise AssertionError(path) from error


def raw_results(path: Path) -> list[tuple[str, float]]:
    return [
        (item["evaluation_name"], item["score_details"]["score"])
        for item in json.loads(path.read_bytes())["evaluation_results"]
    ]


STORE = "eee/community_evals_converter/datastore/flat/objects/67/6f/676f4465-ce78-411a-9f5a-c97b3d2eac4f.json"
DEMO = "eee/skill_reference_conversion/data/demo-source/demo-org/demo-model/f3a1c0de-4b2e-4c1a-9f6d-1b7e5a2c8d40"
LEADERBOARD = "eee/98ea850e-7019-4728-a558-8b1819ec47c2.json"


@pytest.mark.parametrize(
    ("name", "count", "model", "metric"),
    [
        (LEADERBOARD, 6, "TencentARC/LLaMA-Pro-8B-Instruct", "score"),
        (STORE, 15, "01-ai/yi-1.5-34b-chat", "accuracy"),
        (f"{DEMO}.json", 1, "demo-org/demo-model", "accuracy"),
    ],
)
def test_real_records_give_every_stated_number(corpus: Path, name: str, count: int, model: str, metric: str) -> None:
    found = list(ADAPTER.read(source_at(corpus / name)))
    assert [(run.evaluation, (run.estimate or {})["value"]) for run in found] == raw_results(corpus / name)
    assert (len(found), {run.model for run in found}, {run.metric for run in found}) == (count, {model}, {metric})
    assert {run.unit for run in found} == {"proportion"}
    for run in found:
        samples_of(run)


def test_the_real_instance_file_has_one_right_answer(corpus: Path) -> None:
    (run,) = ADAPTER.read(source_at(corpus / f"{DEMO}_samples.jsonl"))
    samples = samples_of(run)
    assert (statuses(samples), mean(samples), samples[0]["id"]) == ({"scored": 1}, 1.0, "demo_0001")


def test_the_real_index_holds_no_score(corpus: Path) -> None:
    with pytest.raises(LogRefused, match="index"):
        list(ADAPTER.read(source_at(corpus / "eee/community_evals_converter/aggregate.jsonl")))


def test_exactly_its_own_files_of_the_corpus_are_recognised(corpus: Path) -> None:
    assert claimed(ADAPTER, corpus) == {
        LEADERBOARD, STORE, f"{DEMO}.json", f"{DEMO}_samples.jsonl", "eee/community_evals_converter/aggregate.jsonl",
    }  # fmt: skip
