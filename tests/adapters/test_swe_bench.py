"""SWE-bench reports: every instance of the data set has an outcome, and only tests that ran have a score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluations.adapters.swe_bench import ADAPTER
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, mean, samples_of, statuses
from tests.adapters.mutation import survives
from tests.adapters.sources import source_at, source_of

LISTS = ("completed", "incomplete", "empty_patch", "submitted", "resolved", "unresolved", "infra_failure",
         "ambiguous_failure", "error")  # fmt: skip


def report(total: int, **lists):
    document = {"total_instances": total, "failure_reasons": {}, "schema_version": 2}
    for name in LISTS:
        ids = list(lists.get(name, ()))
        document |= {f"{name}_ids": ids, f"{name}_instances": len(ids)}
    del document["incomplete_instances"]
    return document


def run_of(document, name: str = "gpt-x.nightly.json"):
    (run,) = ADAPTER.read(source_of(json.dumps(document).encode(), name))
    return run


def by_id(run):
    return {each["id"]: (each["status"], each.get("error_origin")) for each in samples_of(run)}


def refusal_of(data: bytes, name: str = "report.json") -> LogRefused:
    with pytest.raises(LogRefused) as caught:
        list(ADAPTER.read(source_of(data, name)))
    return caught.value


def test_every_way_to_fail_keeps_its_own_status() -> None:
    run = run_of(
        report(
            7,
            resolved="a",
            unresolved="bcd",
            infra_failure="c",
            ambiguous_failure="d",
            error="e",
            empty_patch="f",
            incomplete="g",
            submitted="abcdef",
            completed="abcd",
        )
    )
    assert by_id(run) == {
        "a": ("scored", None), "b": ("scored", None), "c": ("error", "system"), "d": ("ungraded", "unknown"),
        "e": ("error", "unknown"), "f": ("error", "model"), "g": ("not_attempted", None),
    }  # fmt: skip


def test_the_plan_is_the_total_and_not_what_was_completed() -> None:
    run = run_of(report(12, resolved="a", unresolved="b", completed="ab", submitted="ab"))
    assert run.planned_samples == 12
    assert ("resolved_instances", 1, 12) in [(each.metric, each.value, each.n) for each in run.reported]
    assert mean(samples_of(run)) == 0.5


def test_a_broken_instance_report_is_completed_and_an_error() -> None:
    run = run_of(report(2, completed="ab", resolved="a", error="b", submitted="ab"))
    assert by_id(run) == {"a": ("scored", None), "b": ("error", "unknown")}
    assert run.warnings == []


def test_a_failure_counts_where_the_same_instance_stands_as_resolved() -> None:
    run = run_of(report(1, resolved="a", error="a"))
    assert by_id(run) == {"a": ("error", "unknown")}
    assert "also listed as failed" in run.warnings[0]


def test_an_instance_that_is_resolved_and_unresolved_is_ungraded() -> None:
    run = run_of(report(1, resolved="a", unresolved="a"))
    assert by_id(run) == {"a": ("ungraded", "unknown")}


def test_counts_that_differ_from_their_lists_are_named() -> None:
    run = run_of(report(3, resolved="a") | {"resolved_instances": 2})
    assert run.warnings == ["resolved_instances is 2, but resolved_ids lists 1."]


def test_model_and_run_are_in_the_name_of_the_file() -> None:
    run = run_of(report(1, resolved="a"), "gpt-4.1.nightly.json")
    assert (run.model, run.native_id) == ("gpt-4.1", "gpt-4.1.nightly")
    run = run_of(report(1, resolved="a"), "logs/evaluation/nightly/results.json")
    assert (run.model, run.native_id) == (None, "nightly")


def test_a_report_of_older_versions_without_infrastructure_lists_is_read() -> None:
    document = {key: value for key, value in report(2, resolved="a", unresolved="b").items() if "failure" not in key}
    assert statuses(samples_of(run_of(document))) == {"scored": 2}


@pytest.mark.parametrize(
    ("inner", "status"),
    [
        ({"resolved": True, "patch_exists": True}, ("scored", None)),
        ({"resolved": False, "patch_successfully_applied": False}, ("scored", None)),
        ({"resolved": False, "patch_is_None": True}, ("error", "model")),
        ({"resolved": False, "infra_failure": True}, ("error", "system")),
        ({"resolved": "yes"}, ("ungraded", "grader")),
    ],
)
def test_the_report_of_one_instance_is_one_sample_of_a_partial_run(inner, status) -> None:
    run = run_of({"django__django-1": inner}, "report.json")
    assert (by_id(run), run.state) == ({"django__django-1": status}, "partial")


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (b'{"broken', "not-json", "report.json"),
        (b"", "empty", ""),
        (b"{}", "nothing-measured", "report.json"),
        (json.dumps(report(0)).encode(), "nothing-measured", "/total_instances"),
        (json.dumps(report(1) | {"resolved_ids": "a"}).encode(), "wrong-type", "/resolved_ids"),
        (json.dumps(report(1) | {"error_ids": ["a", 3]}).encode(), "wrong-type", "/error_ids/1"),
        (b'{"a": 1}', "wrong-type", "/a"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, code: str, pointer: str) -> None:
    fault = refusal_of(data).fault
    assert (fault.code, fault.pointer) == (code, pointer)


def test_damaged_reports_are_recognised_by_their_head_or_place() -> None:
    cut = json.dumps(report(9, resolved="abc")).encode()[:400]
    assert ADAPTER.recognise(source_of(cut, "gpt-x.nightly.json"))
    assert ADAPTER.recognise(source_of(b'{"broken', "logs/run_evaluation/nightly/gpt-x/django__django-1/report.json"))
    assert not ADAPTER.recognise(source_of(b'{"broken', "report.json"))


def test_hostile_values_give_runs_or_refusals() -> None:
    def write(value):
        return json.dumps(value).encode()

    document = report(5, resolved="a", unresolved="bc", infra_failure="c", error="d", empty_patch="e")
    assert survives(ADAPTER, document, write=write, name="a.b.json") > 250
    instance = {"a__b-1": {"patch_is_None": False, "resolved": True, "tests_status": {"FAIL_TO_PASS": {}}}}
    assert survives(ADAPTER, instance, write=write, name="report.json") > 60


def test_the_generated_report_has_its_outcomes(corpus: Path) -> None:
    path = corpus / "swebench" / "acme__agent-v2.demo-run.json"
    assert ADAPTER.recognise(source_at(path))
    (run,) = ADAPTER.read(source_at(path))
    samples = samples_of(run)
    assert statuses(samples) == {
        "scored": 3, "error/system": 1, "error/unknown": 5, "error/model": 1, "not_attempted": 2,
    }  # fmt: skip
    assert (len(samples), run.planned_samples, run.model) == (12, 12, "acme__agent-v2")
    shown = {each.metric: (each.value, each.n) for each in run.reported}
    assert (shown["resolved_instances"], shown["completed_instances"]) == ((3, 12), (6, 12))
    infra = next(each for each in samples if each["id"] == "django__django-10002")
    assert infra["judge"] == {"failure_reason": "network_unreachable"}


def test_the_instance_reports_are_read_or_refused(corpus: Path) -> None:
    folder = corpus / "swebench"
    assert ADAPTER.recognise(source_at(folder / "instance_report_ok.json"))
    (run,) = ADAPTER.read(source_at(folder / "instance_report_ok.json"))
    assert [(each["id"], each["score"]) for each in samples_of(run)] == [("django__django-10000", 1.0)]
    for name, code in (("instance_report_broken.json", "not-json"), ("instance_report_empty.json", "empty")):
        with pytest.raises(LogRefused) as caught:
            list(ADAPTER.read(source_at(folder / name)))
        assert caught.value.fault.code == code


def test_no_other_file_of_the_corpus_is_claimed(corpus: Path) -> None:
    assert claimed(ADAPTER, corpus) == {"swebench/acme__agent-v2.demo-run.json", "swebench/instance_report_ok.json"}


FIRST_HARNESS = {
    "no_generation": ["a__a-1"], "generated": ["a__a-2", "a__a-3", "a__a-4", "a__a-5", "a__a-6", "a__a-7"],
    "with_logs": ["a__a-2", "a__a-3", "a__a-4", "a__a-5", "a__a-6"], "install_fail": ["a__a-2"], "reset_failed": [],
    "no_apply": ["a__a-3"], "applied": ["a__a-4", "a__a-5", "a__a-6"], "test_errored": [], "test_timeout": ["a__a-6"],
    "resolved": ["a__a-4"],
}  # fmt: skip


def test_the_lists_of_the_first_harness_give_every_instance_its_outcome() -> None:
    run = run_of(FIRST_HARNESS | {"no_logs": ["a__a-7"]}, "report.json")
    samples = samples_of(run)
    assert statuses(samples) == {"scored": 2, "error/model": 1, "error/system": 1, "error/unknown": 3}
    assert mean(samples) == 0.5
    assert {each["id"]: each.get("score") for each in samples}["a__a-5"] == 0.0


def test_an_instance_that_failed_and_is_resolved_is_ungraded() -> None:
    run = run_of(FIRST_HARNESS | {"resolved": ["a__a-4", "a__a-6"]}, "report.json")
    assert by_id(run)["a__a-6"] == ("ungraded", "unknown")
    assert any("1 resolved" in text for text in run.warnings)


LEADERBOARD = {"no_generation": ["a__a-1"], "no_logs": ["a__a-2"], "resolved": [f"b__b-{n}" for n in range(396)]}


def test_a_leaderboard_file_is_counted_against_its_data_set() -> None:
    run = run_of(LEADERBOARD, "evaluation/verified/20250804_agent/results/results.json")
    assert run.tally == {"successes": 396, "trials": 498}
    assert (run.planned_samples, run.native_id, run.quality) == (500, "verified/20250804_agent", "printed")


def test_a_list_of_successes_without_a_denominator_is_refused() -> None:
    refusal = refusal_of(json.dumps(LEADERBOARD).encode(), "results.json")
    assert (refusal.fault.code, refusal.fault.pointer) == ("no-denominator", "/resolved")


def test_more_instances_than_the_data_set_has_are_refused() -> None:
    document = {"no_generation": [], "resolved": [f"b__b-{n}" for n in range(301)]}
    refusal = refusal_of(json.dumps(document).encode(), "evaluation/lite/20240402_agent/results/results.json")
    assert refusal.fault.code == "too-many-instances"


def test_ids_that_are_no_text_are_refused_with_their_place() -> None:
    refusal = refusal_of(json.dumps(FIRST_HARNESS | {"applied": ["a__a-4", 5]}).encode())
    assert refusal.fault.pointer == "/applied/1"


def test_per_instance_details_of_an_agent_are_reports_of_instances() -> None:
    details = {"a__a-1": {"cost": 0.7, "api_calls": 32, "resolved": True},
               "a__a-2": {"cost": 0.2, "api_calls": 9, "resolved": False}}  # fmt: skip
    samples = samples_of(run_of(details))
    assert (statuses(samples), mean(samples)) == ({"scored": 2}, 0.5)


@pytest.mark.parametrize("document", [FIRST_HARNESS, LEADERBOARD, {"a__a-1": {"api_calls": 3, "resolved": True}}])
def test_the_older_shapes_are_recognised_and_other_tables_are_not(document: dict[str, object]) -> None:
    assert ADAPTER.recognise(source_of(json.dumps(document, indent=2).encode(), "results.json"))
    assert not ADAPTER.recognise(source_of(b'{"resolved": ["a"], "open": []}', "results.json"))


@pytest.mark.parametrize("document", [FIRST_HARNESS, LEADERBOARD])
def test_damaged_lists_give_runs_or_refusals(document: dict[str, object]) -> None:
    name = "evaluation/verified/20250804_agent/results/results.json"
    assert survives(ADAPTER, document, write=lambda value: json.dumps(value).encode(), name=name) > 50
