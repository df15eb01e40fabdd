"""promptfoo: errors are no failures, repeats have no number, and each provider and prompt is a run of its own."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import yaml

from evaluations.adapters.promptfoo import ADAPTER, yaml_export
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.mutation import survives
from tests.adapters.soundness import counted, strict
from tests.adapters.sources import source_at, source_of

READ = strict(ADAPTER).read
ASSERTED = [{"type": "contains", "value": "x", "metric": "cap"}, {"type": "javascript", "value": "1"}]


def row(test: int, *, score: float = 1.0, passed: bool = True, **changes: Any) -> dict[str, Any]:
    """A graded result of test `test`; even and odd indexes of one word are its repeats."""
    word = f"word-{test // 2}"
    return {
        "id": f"uuid-{test}", "promptIdx": 0, "testIdx": test, "promptId": "p",
        "provider": {"id": "openai:gpt-x", "label": "atlas"}, "prompt": {"raw": "Say x", "label": "Say {{w}}"},
        "vars": {"w": word}, "testCase": {"vars": {"w": word}, "assert": ASSERTED},
        "response": {"output": "x", "isRefusal": False}, "success": passed, "score": score,
        "failureReason": 0 if passed else 1, "namedScores": {"cap": score}, "cost": 0.5,
        "tokenUsage": {"total": 10}, "gradingResult": {"pass": passed, "score": score, "reason": "r"},
    } | changes  # fmt: skip


def document(*rows: dict[str, Any], repeat: int | None = 2, **changes: Any) -> dict[str, Any]:
    metrics = {"score": 3.0, "testPassCount": 3, "testFailCount": 1, "testErrorCount": 0,
               "namedScores": {"cap": 3}, "namedScoresCount": {"cap": 4}}  # fmt: skip
    return {
        "evalId": "eval-1", "results": {
            "version": 3, "timestamp": "2026-11-23T16:04:00.193Z", "prompts": [{"metrics": metrics}],
            "results": list(rows), "stats": {"successes": len(rows), "failures": 0, "errors": 0},
        },
        "config": {"description": "Word eval", "evaluateOptions": {"repeat": repeat}},
        "metadata": {"promptfooVersion": "0.123.1"},
    } | changes  # fmt: skip


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_lines(rows: Any) -> bytes:
    return b"".join(as_json(one) + b"\n" for one in (rows if isinstance(rows, list) else [rows]))


def as_xml(value: Any) -> bytes:
    def inner(key: str, item: Any) -> str:
        if isinstance(item, list):
            return "".join(inner(key, one) for one in item)
        body = "".join(inner(k, v) for k, v in item.items()) if isinstance(item, dict) else escape(as_text(item))
        return f"<{key}>{body}</{key}>"

    return f"<promptfoo>{''.join(inner(key, item) for key, item in value.items())}</promptfoo>".encode()


def as_text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def runs_of(*rows: dict[str, Any], **changes: Any) -> dict[str, FoundRun]:
    """Metric -> run, of a file with one provider and prompt."""
    return {run.metric: run for run in READ(source_of(as_json(document(*rows, **changes)), "results.json"))}


def test_what_the_file_says_of_the_run_is_kept() -> None:
    runs = runs_of(row(0), row(1, score=0.5), row(2), row(3))
    assert list(runs) == ["pass_rate", "score", "score:cap"]
    run = runs["pass_rate"]
    assert (run.evaluation, run.model, run.source) == ("Word eval", "atlas", "promptfoo 0.123.1")
    assert (run.native_id, run.started_at) == ("eval-1 prompt 0", "2026-11-23T16:04:00.193000Z")
    assert (run.state, run.planned_samples, run.attempts_per_sample) == ("complete", 2, 2)
    assert run.cost == {"tokens": 40, "usd": 2.0}
    assert run.grader == {"assertions": ["contains", "javascript"]}
    assert run.sampling == {"provider": "openai:gpt-x"}
    assert next((one.metric, one.value, one.n) for one in run.reported) == ("testPassCount", 3, 4)
    assert [(one.metric, one.value, one.n) for one in runs["score:cap"].reported] == [("cap", 3, 4)]


def test_repeats_without_a_number_are_numbered_in_the_order_of_the_file() -> None:
    run = runs_of(row(1), row(0), row(2), row(3))["pass_rate"]
    samples = list(run.samples or ())
    assert len({sample["id"] for sample in samples}) == 2
    assert [sample["attempt"] for sample in samples] == [1, 2, 1, 2]
    assert [sample["transcript"] for sample in samples][:2] == ["/results/results/0", "/results/results/1"]


def test_tests_that_stand_twice_are_tests_of_their_own_where_the_number_of_repeats_is_known() -> None:
    same = [row(at, vars={"w": "a"}, testCase={"vars": {"w": "a"}, "assert": ASSERTED}) for at in range(6)]
    run = runs_of(*same, repeat=3)["pass_rate"]
    samples = list(run.samples or ())
    assert (run.planned_samples, run.attempts_per_sample) == (2, 3)
    assert [sample["attempt"] for sample in samples] == [1, 2, 3, 1, 2, 3]
    assert {sample["id"] for sample in samples[3:]} == {f"{samples[0]['id']} #2"}
    unknown = runs_of(*same, repeat=None)["pass_rate"]
    assert [sample["attempt"] for sample in unknown.samples or ()] == [1, 2, 3, 4, 5, 6]


def test_the_identity_of_a_test_is_the_same_in_another_run() -> None:
    first, second = (runs_of(row(2 * shift), row(2))["pass_rate"] for shift in (0, 5))
    ids = [[sample["id"] for sample in run.samples or ()] for run in (first, second)]
    assert ids[0][1] == ids[1][1]
    assert ids[0][0] != ids[1][0]


def test_a_broken_call_is_an_error_of_the_system_and_no_failure() -> None:
    broken = row(1, passed=False, score=0, failureReason=2, response=None, gradingResult=None, error="HTTP 503")
    runs = runs_of(row(0), broken)
    for metric in ("pass_rate", "score:cap"):
        samples = list(runs[metric].samples or ())
        assert [(one["status"], one.get("score"), one.get("error_origin")) for one in samples] == [
            ("scored", 1.0, None),
            ("error", None, "system"),
        ]


def test_a_grader_that_broke_after_an_answer_leaves_it_ungraded() -> None:
    (sample,) = runs_of(row(0, passed=False, failureReason=2, gradingResult=None))["pass_rate"].samples or ()
    assert (sample["status"], sample["error_origin"]) == ("ungraded", "grader")


def graded(*parts: tuple[bool, str, bool], passed: bool = False) -> dict[str, Any]:
    """A grading result of (passed, reason, whether the judge broke), one for each assertion."""
    verdicts = [
        {"pass": one, "score": float(one), "reason": reason} | ({"metadata": {"graderError": True}} if broke else {})
        for one, reason, broke in parts
    ]
    return {"pass": passed, "score": 0.5, "reason": parts[-1][1], "componentResults": verdicts}


def test_a_judge_that_gave_no_verdict_is_no_failure_of_the_model() -> None:
    # Since 0.120 promptfoo marks what a grading model failed to say, and counts it as a failed test.
    judge, plain = (False, "Could not extract JSON", True), (False, "Expected x", False)
    rows = [
        row(0, passed=False, gradingResult=graded((True, "ok", False), judge)),
        row(2, passed=False, gradingResult=graded(plain, judge)),
        row(4, passed=True, gradingResult=graded((True, "ok", False), judge, passed=True)),
    ]
    samples = list(runs_of(*rows, repeat=1)["pass_rate"].samples or ())
    assert [(one["status"], one.get("score")) for one in samples] == [
        ("ungraded", None), ("scored", 0.0), ("scored", 1.0),
    ]  # fmt: skip
    assert samples[0]["error_origin"] == "grader"


def test_assertions_whose_code_raised_count_as_failed_and_are_told() -> None:
    raised = graded((False, "Custom function threw error: Unexpected token", False))
    run = runs_of(row(0), row(2, passed=False, gradingResult=raised), repeat=1)["pass_rate"]
    assert counted(run)["mean"] == 0.5
    assert any("1 results failed because the code of an assertion raised" in one for one in run.warnings)


def test_a_refusal_is_refused_unless_refusing_was_what_passed() -> None:
    refusal = {"output": "", "isRefusal": True}
    run = runs_of(row(0, passed=False, score=0, response=refusal), row(1, response=refusal))["pass_rate"]
    assert [one["status"] for one in run.samples or ()] == ["refused", "scored"]
    assert any("refused, not failed" in warning for warning in run.warnings)


def test_a_test_that_asserts_nothing_is_ungraded_though_promptfoo_passes_it() -> None:
    empty = row(0, gradingResult={"pass": True, "score": 1, "reason": "No assertions"}, testCase={"vars": {"w": 1}})
    run = runs_of(empty)["pass_rate"]
    assert [one["status"] for one in run.samples or ()] == ["ungraded"]


def test_several_providers_and_prompts_are_runs_of_their_own() -> None:
    other: dict[str, Any] = {"provider": {"id": "echo", "label": ""}, "promptIdx": 1}
    third: dict[str, Any] = {"promptIdx": 2, "prompt": {"raw": "y", "label": "second"}}
    rows = [row(0), row(0, **other), row(0, **third)]
    runs = [run for run in READ(source_of(as_json(document(*rows)))) if run.metric == "pass_rate"]
    assert [(run.model, run.stratum, run.native_id) for run in runs] == [
        ("atlas", "Say {{w}}", "eval-1 prompt 0"),
        ("echo", "Say {{w}}", "eval-1 prompt 1"),
        ("atlas", "second", "eval-1 prompt 2"),
    ]


def test_a_result_that_stands_again_replaces_the_former_and_does_not_count_twice() -> None:
    run = runs_of(row(0, passed=False, score=0), row(2), row(0))["pass_rate"]
    samples = list(run.samples or ())
    assert [(one["attempt"], one.get("superseded", False)) for one in samples] == [(1, True), (1, False), (1, False)]
    assert samples[0]["id"] == samples[2]["id"]


def test_scores_beyond_one_change_the_unit_and_are_not_rescaled() -> None:
    runs = runs_of(row(0, score=3.0), row(2))
    assert (runs["score"].unit, runs["pass_rate"].unit) == ("score", "proportion")
    assert [one["score"] for one in runs["score"].samples or ()] == [3.0, 1.0]


def test_a_named_score_counts_only_the_tests_that_assert_it() -> None:
    plain = row(2, testCase={"vars": {"w": "z"}, "assert": [{"type": "equals"}]}, namedScores={})
    run = runs_of(row(0), plain)["score:cap"]
    assert (run.planned_samples, len(list(run.samples or ()))) == (1, 1)


def test_a_named_score_that_is_no_number_is_ungraded() -> None:
    run = runs_of(row(0, namedScores={"cap": "N/A"}))["score:cap"]
    assert [one["status"] for one in run.samples or ()] == ["ungraded"]


def test_counts_that_contradict_the_rows_are_said() -> None:
    wrong = document(row(0))
    wrong["results"]["stats"] = {"successes": 5, "failures": 1, "errors": 1}
    run = next(READ(source_of(as_json(wrong))))
    assert any("counts 7 results; the file holds 1" in warning for warning in run.warnings)


def test_interrupted_lines_are_partial_and_the_other_providers_show_what_is_missing() -> None:
    other: dict[str, Any] = {"provider": {"id": "echo", "label": ""}, "promptIdx": 1}
    data = as_lines([row(0), row(2), row(0, **other)]) + b'{"provider":{"id":"ec'
    runs = [run for run in READ(source_of(data, "night run.jsonl")) if run.metric == "pass_rate"]
    assert [(run.evaluation, run.state, run.planned_samples, counted(run)["n"]) for run in runs] == [
        ("night run", "partial", 2, 2),
        ("night run", "partial", 2, 1),
    ]
    assert any("Line 4 is cut" in warning for warning in runs[0].warnings)
    assert any("1 results that other providers" in warning for warning in runs[1].warnings)
    with pytest.raises(LogRefused, match="line 2"):
        list(READ(source_of(as_lines([row(0)]) + b"noise\n" + as_lines([row(2)]))))


def test_lines_are_never_called_complete_because_they_do_not_say_so() -> None:
    assert {run.state for run in READ(source_of(as_lines([row(0), row(1)])))} == {"partial"}


def test_xml_is_read_as_the_same_results_and_is_no_junit() -> None:
    rows = [row(0), row(1, passed=False, score=0.25), row(2, passed=False, failureReason=2, response={}, score=0)]
    plain = {run.metric: counted(run) for run in READ(source_of(as_json(document(*rows))))}
    source = source_of(as_xml(document(*rows)), "results.xml")
    assert ADAPTER.recognise(source)
    runs = list(READ(source))
    assert {run.metric: counted(run) for run in runs} == plain
    assert (runs[0].evaluation, runs[0].native_id) == ("Word eval", "eval-1 prompt 0")


def as_yaml(value: Any) -> bytes:
    # Unlike JSON's, promptfoo's writer of YAML refers to parts that stand in the document before.
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).encode()


def test_yaml_is_read_as_the_same_results_references_and_all() -> None:
    shared = {"w": "ünï", "n": [1, {"deep": None}]}
    rows = [row(at, vars=shared, testCase={"vars": shared, "assert": ASSERTED}) for at in range(3)]
    whole = document(*rows, repeat=1)
    data = as_yaml(whole)
    assert b"*id001" in data
    source = source_of(data, "results.json")
    assert ADAPTER.recognise(source)
    found, expected = list(READ(source)), list(READ(source_of(as_json(whole), "results.json")))
    assert [vars(one) for one in found] == [vars(one) for one in expected]


BOMB = b"".join(b"l%d: &l%d [%s]\n" % (at, at, b", ".join([b"*l%d" % (at - 1)] * 9)) for at in range(1, 12))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"evalId: e\nresults:\n  version: 3\n  results: [{success: tru", "not-yaml"),
        (b"evalId: e\nresults:\n  version: 3\n  stats: &a\n    inner: *a\n  results: []\n", "too-deep"),
        (b"results:\n  version: 3\n  results: []\nl0: &l0 [1, 2]\n" + BOMB, "part-too-large"),
        (b"results:\n  version: 3\n  results: " + b"[" * 5000, "not-yaml"),
        (b"results:\n  version: 3\n  results: !!python/object/apply:os.getcwd []\n", "not-yaml"),
        (b"results:\n  version: 3\n  results: []\n", "nothing-measured"),
    ],
)
def test_hostile_yaml_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        list(READ(source_of(data, "results.yaml")))
    assert refusal.value.fault.code == code


def test_yaml_that_is_too_large_to_be_held_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_export, "LARGEST_DOCUMENT", 100)
    with pytest.raises(LogRefused) as refusal:
        list(READ(source_of(as_yaml(document(row(0))), "results.yaml")))
    assert (refusal.value.fault.code, refusal.value.fault.remedy) == ("part-too-large", "Send results.json.")


@pytest.mark.parametrize(
    "data",
    [
        b"<promptfoo><results>",
        b"<promptfoo>\x0b</promptfoo>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><promptfoo>&a;</promptfoo>',
        b"<promptfoo>" + b"<a>" * 500,
    ],
)
def test_hostile_xml_is_refused(data: bytes) -> None:
    with pytest.raises(LogRefused) as caught:
        list(READ(source_of(data, "results.xml")))
    assert caught.value.fault.code in {"not-xml", "too-deep"}


def table(*rows: list[str]) -> bytes:
    out = io.StringIO()
    block = ["Status", "Score", "Named Scores", "Metric: cap", "Grader Reason", "Comment"]
    csv.writer(out).writerows([["w", "[atlas] Say {{w}}", *block, "[echo] Say {{w}}", *block], *rows])
    return out.getvalue().encode()


def test_the_csv_export_is_read_with_what_it_loses_said() -> None:
    passed, failed = ["out", "PASS", "1.00", "", "1.00", "", ""], ["out", "FAIL", "0.33", "", "", "why", ""]
    error = ["", "ERROR", "0.00", "", "", "", ""]
    source = source_of(table(["a", *passed, *error], ["a", *failed, *error], ["b", *failed, *passed]), "run.csv")
    assert ADAPTER.recognise(source)
    runs = {(run.model, run.metric): run for run in READ(source)}
    assert counted(runs["atlas", "pass_rate"]) == {"n": 3, "scored": 3, "mean": 0.333333}
    assert counted(runs["echo", "pass_rate"]) == {"n": 3, "error": 2, "scored": 1, "mean": 1.0}
    assert counted(runs["atlas", "score:cap"])["n"] == 1
    assert [one["attempt"] for one in runs["atlas", "pass_rate"].samples or ()] == [1, 2, 1]
    assert any("rounds scores" in warning for warning in runs["atlas", "score"].warnings)


def test_the_csv_export_tells_by_the_grader_s_reason_what_nobody_asserted_and_what_broke() -> None:
    header = ["w", "[echo] Say {{w}}", "Status", "Score", "Named Scores", "Grader Reason", "Comment"]
    rows = [
        ["a", "out", "PASS", "1.00", "", "All assertions passed", ""],
        ["b", "out", "PASS", "1.00", "", "No assertions", ""],
        ["c", "out", "FAIL", "0.00", "", "Custom function threw error: x", ""],
    ]
    held = io.StringIO()
    csv.writer(held).writerows([header, *rows])
    (run,) = READ(source_of(held.getvalue().encode(), "run.csv"))
    assert counted(run) == {"n": 3, "scored": 2, "ungraded": 1, "mean": 0.5}
    assert any("1 results failed because the code" in warning for warning in run.warnings)


@pytest.mark.parametrize(
    "data", [b"a,b\n1,2\n", b'"unclosed', b"\xff\xfe", table()[:20], b"w,[a] p,Status,Score\n\xff"]
)
def test_a_table_that_is_none_of_promptfoo_s_is_refused(data: bytes) -> None:
    with pytest.raises(LogRefused):
        list(READ(source_of(data, "results.csv")))


def test_the_older_version_without_indexes_and_reasons_is_read() -> None:
    new = ("promptIdx", "testIdx", "testCase", "failureReason", "id")
    old = [{key: value for key, value in row(test).items() if key not in new} for test in (0, 1, 2)]
    old[2] |= {"success": False, "error": "HTTP 503", "gradingResult": None, "response": {"error": "HTTP 503"}}
    results = {"results": {"version": 2, "results": old, "stats": {}}, "config": {"description": "Word eval"}}
    source = source_of(as_json(results))
    assert ADAPTER.recognise(source)
    run = next(READ(source))
    assert [(one["attempt"], one["status"]) for one in run.samples or ()] == [
        (1, "scored"),
        (2, "scored"),
        (1, "error"),
    ]
    assert (run.native_id, run.attempts_per_sample) == (None, None)


def test_results_without_a_row_are_refused() -> None:
    with pytest.raises(LogRefused) as caught:
        list(READ(source_of(as_json(document()))))
    assert caught.value.fault.code == "nothing-measured"


def test_more_results_than_the_budget_allows_are_refused() -> None:
    with pytest.raises(LogRefused, match="More than 2 results"):
        list(READ(source_of(as_json(document(*(row(n) for n in range(4)))), samples=2)))


def test_every_cut_of_a_json_export_is_refused_as_cut() -> None:
    data = as_json(document(row(0)))
    for end in range(1, len(data) - 1, 7):
        source = source_of(data[:end], "results.json")
        with pytest.raises(LogRefused):
            list(READ(source))


@pytest.mark.parametrize(
    ("hostile", "write", "name"),
    [
        (document(row(0), row(1, passed=False)), as_json, "results.json"),
        ([row(0), row(1, passed=False, failureReason=2)], as_lines, "results.jsonl"),
    ],
)
def test_hostile_values_anywhere_give_runs_or_refusals(hostile: Any, write: Any, name: str) -> None:
    assert survives(strict(ADAPTER), hostile, write=write, name=name) > 500


ECHO = {0: ({"n": 8, "scored": 8, "mean": 0.25}, 0.333333), 1: ({"n": 8, "scored": 8, "mean": 0.75}, 0.75)}
FLAKY = ({"n": 8, "scored": 4, "error": 2, "refused": 2, "mean": 0.0}, 0.416667)


@pytest.mark.parametrize("file", ["results.json", "results.xml"])
def test_the_real_export_gives_six_providers_and_prompts_with_their_numbers(corpus: Path, file: str) -> None:
    path = corpus / "promptfoo_generated" / file
    runs = list(READ(source_at(path)))
    assert len(runs) == 24
    assert {run.evaluation for run in runs} == {"echo eval — ünïcode 日本 ☣️"}
    for run in runs:
        index = int((run.native_id or "").rsplit(" ", 1)[1])
        expected, score = FLAKY if index > 3 else ECHO[index % 2]
        assert (run.state, run.attempts_per_sample) == ("complete", 2)
        if run.metric == "pass_rate":
            assert counted(run) == pytest.approx(expected)
            told = [int(one.value) for one in run.reported]
            passed = sum(one.get("score", 0.0) or 0.0 for one in run.samples or ())
            assert (told[0], sum(told), run.planned_samples) == (passed, 8, 4)
        if run.metric == "score":
            assert counted(run)["mean"] == score


def test_the_real_interrupted_lines_hold_32_of_48_and_are_partial(corpus: Path) -> None:
    runs = [
        run for run in READ(source_at(corpus / "promptfoo_generated/partial_interrupted.jsonl"))
        if run.metric == "pass_rate"
    ]  # fmt: skip
    assert [counted(run)["n"] for run in runs] == [6, 6, 6, 6, 4, 4]
    assert {(run.state, run.planned_samples, run.attempts_per_sample) for run in runs} == {("partial", 3, 2)}


def test_the_real_table_gives_the_same_pass_rates_but_for_refusals(corpus: Path) -> None:
    runs = [run for run in READ(source_at(corpus / "promptfoo_generated/results.csv")) if run.metric == "pass_rate"]
    assert [counted(run)["mean"] for run in runs] == [0.25, 0.75, 0.25, 0.75, 0.0, 0.0]
    assert [counted(run).get("error", 0) for run in runs] == [0, 0, 0, 0, 2, 2]


def test_promptfoo_recognises_its_own_files_and_no_other_tool_s(corpus: Path) -> None:
    own = {"partial_interrupted.jsonl", "results.csv", "results.json", "results.xml", "promptfoo_results_not_junit.xml"}
    for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
        expected = path.name in own and path.parent.name in {"promptfoo_generated", "junit"}
        assert ADAPTER.recognise(source_at(path)) == expected, path
