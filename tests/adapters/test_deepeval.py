"""DeepEval: an error of the judge is no failed test, and every metric is a run of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.deepeval import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.mutation import survives
from tests.adapters.soundness import counted, strict
from tests.adapters.sources import source_at, source_of

READ = strict(ADAPTER).read


def data(name: str = "Exact Match", score: Any = 1.0, **changes: Any) -> dict[str, Any]:
    """One metric's data of a test case."""
    return {
        "name": name, "threshold": 0.5, "success": True, "score": score, "strictMode": False,
        "evaluationModel": "judge-1", "evaluationCost": 0.25,
    } | changes  # fmt: skip


def case(index: int, *metrics: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "name": f"case-{index}", "input": f"q{index}", "actualOutput": "a", "expectedOutput": "a", "success": True,
        "metricsData": list(metrics), "order": index,
    } | changes  # fmt: skip


def document(*cases: dict[str, Any], wrapped: bool = False, **changes: Any) -> dict[str, Any]:
    run = {
        "testCases": list(cases), "conversationalTestCases": [], "identifier": "nightly",
        "metricsScores": [{"metric": "Exact Match", "scores": [1.0], "passes": 1, "fails": 0, "errors": 1}],
        "hyperparameters": {"model": "atlas-2", "prompt version": "v3"},
        "testPassed": len(cases), "testFailed": 0, "evaluationCost": 0.5,
    } | changes  # fmt: skip
    return {"testRunData": run} if wrapped else run


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def runs_of(*cases: dict[str, Any], **changes: Any) -> list[FoundRun]:
    return list(READ(source_of(as_json(document(*cases, **changes)), "test_run.json")))


def statuses(run: FoundRun) -> list[str]:
    return [sample["status"] for sample in run.samples or ()]


@pytest.mark.parametrize("wrapped", [False, True])
def test_both_dresses_of_a_test_run_are_read(wrapped: bool) -> None:
    source = source_of(as_json(document(case(0, data()), wrapped=wrapped)))
    assert ADAPTER.recognise(source)
    (run,) = READ(source)
    assert (run.evaluation, run.metric, run.model) == ("nightly", "score:Exact_Match", "atlas-2")
    assert run.grader == {"metric": "Exact Match", "threshold": 0.5, "evaluation_model": "judge-1", "strict": False}
    assert run.sampling == {"model": "atlas-2", "prompt version": "v3"}
    assert run.cost == {"usd": 0.25}
    assert (run.native_id, run.tags) == (None, ["nightly"])


def test_an_error_of_the_judge_is_ungraded_and_said_to_be_counted_as_failed() -> None:
    broken = data(error="ValueError: judge timeout", success=False)
    del broken["score"]
    (run,) = runs_of(case(0, data()), case(1, broken), testPassed=1, testFailed=1)
    assert statuses(run) == ["scored", "ungraded"]
    assert [sample.get("error_origin") for sample in run.samples or ()] == [None, "grader"]
    assert any("1 errors of the judge are ungraded" in warning for warning in run.warnings)
    assert [(one.metric, one.value) for one in run.reported] == [
        ("passes", 1), ("fails", 0), ("errors", 1), ("testPassed", 1), ("testFailed", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("wrapped", [False, True])
def test_test_runs_from_before_1_1_call_the_verdicts_otherwise(wrapped: bool) -> None:
    # deepeval 0.21.74 wrote `metricsMetadata` with `metric` and left out what is null.
    cases = [case(0), case(1), case(2)]
    for at, one in enumerate(cases):
        del one["metricsData"]
        verdict = {"metric": "Exact Match", "threshold": 0.5, "success": at == 0, "strictMode": False}
        one["metricsMetadata"] = [verdict | ({"error": "judge timeout"} if at == 2 else {"score": 1.0 - at})]
    source = source_of(as_json(document(*cases, wrapped=wrapped)), "20240901_120000")
    assert ADAPTER.recognise(source)
    (run,) = READ(source)
    assert (run.metric, run.grader["metric"]) == ("score:Exact_Match", "Exact Match")
    assert counted(run) == {"n": 3, "scored": 2, "ungraded": 1, "mean": 0.5}


def test_a_file_with_nothing_but_the_link_to_its_run_is_refused_with_the_file_to_send() -> None:
    source = source_of(as_json({"testRunLink": "https://app.confident-ai.com/project/p/test-runs/r"}))
    assert ADAPTER.recognise(source)
    with pytest.raises(LogRefused, match="only the address") as refusal:
        list(READ(source))
    assert refusal.value.fault.remedy == "Send .latest_run_full.json."
    both = {"testRunData": document(case(0, data())), "testRunLink": "https://app.confident-ai.com/r"}
    assert len(list(READ(source_of(as_json(both))))) == 1


def test_an_error_beside_a_score_still_is_no_score() -> None:
    (run,) = runs_of(case(0, data(score=0.0, error="judge died")))
    assert statuses(run) == ["ungraded"]


@pytest.mark.parametrize("score", [None, float("nan"), "N/A", True, [1.0]])
def test_a_score_that_is_no_number_is_ungraded(score: Any) -> None:
    (run,) = runs_of(case(0, data(score=score)))
    assert statuses(run) == ["ungraded"]


def test_every_metric_is_a_run_of_its_own_over_the_cases_that_have_it() -> None:
    first, second = runs_of(case(0, data(), data("Bias (GEval)", 0.1)), case(1, data(score=0.0)))
    assert (first.metric, counted(first)["mean"]) == ("score:Exact_Match", 0.5)
    assert (second.metric, counted(second)["n"]) == ("score:Bias_GEval", 1)


def test_tests_of_one_name_are_told_apart_by_their_content_and_repeats_are_attempts() -> None:
    cases = [case(0, data(), name="test_x", input=text) for text in ("a", "b", "a")]
    (run,) = runs_of(*cases)
    samples = list(run.samples or ())
    assert len({sample["id"] for sample in samples}) == 2
    assert [sample["attempt"] for sample in samples] == [1, 1, 2]


def test_conversations_are_test_cases_too() -> None:
    talk = {"name": "talk", "success": True, "metricsData": [data("Role", 0.5)], "turns": [], "scenario": "s"}
    (run,) = runs_of(conversationalTestCases=[talk])
    assert [sample["transcript"] for sample in run.samples or ()] == ["/conversationalTestCases/0"]


def test_cases_without_a_metric_and_contradicting_counts_are_said() -> None:
    (run,) = runs_of(case(0, data()), case(1), testPassed=9, testFailed=1)
    assert any("1 test cases hold no metric data" in warning for warning in run.warnings)
    assert any("counts 10 test cases; the file holds 2" in warning for warning in run.warnings)


def test_scores_beyond_one_change_the_unit() -> None:
    (run,) = runs_of(case(0, data(score=7)))
    assert run.unit == "score"


def test_a_run_without_a_model_stays_unbound() -> None:
    (run,) = runs_of(case(0, data()), hyperparameters=None, datasetAlias="CBRN questions")
    assert (run.model, run.evaluation) == (None, "CBRN questions")
    assert any("bound by whoever posts" in warning for warning in run.warnings)


def test_a_run_without_any_metric_is_refused() -> None:
    with pytest.raises(LogRefused) as caught:
        runs_of(case(0), case(1))
    assert caught.value.fault.code == "nothing-measured"
    assert "2 test cases" in caught.value.fault.detail


def test_a_large_file_is_read_as_a_stream_with_the_same_result() -> None:
    content = as_json(document(*(case(index, data(score=index % 2)) for index in range(400))))
    (whole,) = READ(source_of(content))
    (streamed,) = READ(source_of(content, member_bytes=70_000))
    assert len(content) > 70_000
    assert (counted(streamed), streamed.model) == (counted(whole), "atlas-2")


def test_every_cut_of_a_test_run_is_refused() -> None:
    content = as_json(document(case(0, data())))
    for end in range(0, len(content), 5):
        with pytest.raises(LogRefused):
            list(READ(source_of(content[:end])))


@pytest.mark.parametrize("wrapped", [False, True])
def test_hostile_values_anywhere_give_runs_or_refusals(wrapped: bool) -> None:
    hostile = document(case(0, data(), data("Other", 0.5)), wrapped=wrapped)
    assert survives(strict(ADAPTER), hostile, write=as_json, name="run.json") > 300


def test_the_real_test_runs_give_three_scores_of_four_and_one_ungraded(corpus: Path) -> None:
    paths = sorted((corpus / "deepeval").iterdir())
    assert len(paths) == 3
    for path in paths:
        (run,) = READ(source_at(path))
        assert (run.metric, run.model) == ("score:Exact_Match", "mock-o1")
        assert counted(run) == {"n": 4, "scored": 3, "ungraded": 1, "mean": 0.75}


def test_deepeval_recognises_its_own_files_and_no_other_tool_s(corpus: Path) -> None:
    for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
        assert ADAPTER.recognise(source_at(path)) == (path.parent.name == "deepeval"), path
