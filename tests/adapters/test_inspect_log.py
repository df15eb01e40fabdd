"""The traps of Inspect logs, each in a log of our own."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from evaluations.adapters.inspect_log import ADAPTER, opening
from evaluations.logs.refusal import LogRefused
from tests.adapters.inspect_logs import (
    DEFLATED,
    STORED,
    ZSTANDARD,
    as_json,
    as_zip,
    failed,
    listed,
    log,
    mean,
    only_run,
    packed,
    report_of,
    runs_in,
    sample,
    statuses,
    summary,
)
from tests.adapters.mutation import STRIDE, mutants, survives
from tests.adapters.sources import source_of

SCORES = {"scores": [{"name": "match", "scorer": "match", "metrics": {"accuracy": {"value": 0.4}}}]}


def refused(data: bytes, name: str = "log.json", **limits: int) -> tuple[str, str]:
    with pytest.raises(LogRefused) as refusal:
        runs_in(source_of(data, name, **limits))
    return refusal.value.fault.code, refusal.value.fault.pointer


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTANDARD])
def test_both_containers_and_all_methods_tell_the_same(method: int) -> None:
    document = log(sample(1, "C"), sample("b", "I"), failed("c"))
    (from_zip,) = runs_in(source_of(as_zip(document, method=method), "x.eval"))
    from_json = only_run(document)
    places = [item.pop("transcript") for item in listed(from_zip)]
    assert places == ["samples/1_epoch_1.json", "samples/b_epoch_1.json", "samples/c_epoch_1.json"]
    assert [item.pop("transcript") for item in listed(from_json)] == ["/samples/0", "/samples/1", "/samples/2"]
    assert from_zip == from_json


def test_a_sample_too_large_to_hold_is_read_as_a_stream_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    document = log(sample(1, "C"), sample(2, math.nan), failed(3), sample("d", "I", epoch=2))
    held = only_run(document, as_eval=True)
    monkeypatch.setattr(opening, "HELD_WHOLE", 100)
    assert only_run(document, as_eval=True) == held


def test_a_document_may_name_its_samples_before_its_header() -> None:
    document = log(sample(1, "C"), failed(2))
    assert only_run(dict(reversed(document.items()))) == only_run(document)
    assert [item["cluster"] for item in only_run(document).samples or []] == ["p1", "p1"]


@pytest.mark.parametrize("samples", [{}, "x", 7, {"0": sample(1)}])
def test_samples_that_are_no_list_are_refused_with_their_place(samples: Any) -> None:
    assert refused(as_json(log() | {"samples": samples})) == ("samples-type", "/samples")


def test_a_key_that_stands_twice_is_refused() -> None:
    doubled = as_json(log(sample(1)))[:-1] + b', "samples": []}'
    assert refused(doubled) == ("key-twice", "/samples")


def test_the_header_becomes_the_provenance_of_the_run() -> None:
    run = only_run(log(sample(1)))
    assert (run.evaluation, run.version, run.model) == ("inspect_evals/ctf", "1-B", "lab/model-1")
    assert (run.metric, run.unit, run.native_id) == ("accuracy", "proportion", "E1:match")
    assert (run.source, run.packages) == ("inspect_ai 0.3.285", {"inspect_ai": "0.3.285"})
    assert (run.started_at, run.completed_at) == (None, None)
    assert any("before it started" in words for words in run.warnings)
    assert run.code == {"revision": {"type": "git", "origin": "https://example.org/evals.git", "commit": "abc1234"}}
    assert run.grader == {
        "scorer": "match", "params": {"location": "end"}, "model_roles": {"grader": {"model": "lab/judge"}},
    }  # fmt: skip
    assert run.sampling == {
        "generate": {"max_tokens": 100, "temperature": 0.5}, "solver": ["react"], "limits": {"message_limit": 50},
    }  # fmt: skip
    assert run.cost == {"model_usage": {"lab/model-1": {"input_tokens": 10, "total_tokens": 15}}}
    assert run.tags == ["task_id:T1", "run_id:R1", "dataset:ctf", "nightly"]
    (line,) = run.reported
    assert (line.metric, line.value, line.stderr, line.n) == ("accuracy", 0.5, 0.1, 1)


def test_success_with_dead_samples_keeps_them_as_errors_and_never_as_scores() -> None:
    run = only_run(log(sample(1, "C"), failed(2), failed(3, "CancelledError('cancelled by user')")))
    assert statuses(run) == ["scored", "error", "error"]
    assert [item.get("error_origin") for item in listed(run)] == [None, "system", "user"]
    assert not any("score" in item for item in listed(run)[1:])
    assert any("2 attempts of 3: failed with an error" in words for words in run.warnings)


def test_an_error_counts_even_where_the_sample_was_scored_after_it() -> None:
    run = only_run(log(failed(1) | {"scores": {"match": {"value": "C"}}}))
    assert statuses(run) == ["error"]
    assert any("the error counts" in words for words in run.warnings)


def test_a_cancelled_log_keeps_its_figure_beside_what_is_missing() -> None:
    run = only_run(log(sample(1), sample(2), planned=range(1, 101), status="cancelled"))
    assert (run.state, run.planned_samples, len(listed(run))) == ("cancelled", 100, 2)
    assert run.reported[0].value == 0.5


def test_success_that_claims_more_samples_than_the_file_holds_is_partial() -> None:
    document = log(sample("1", 0.65), epochs=4)
    document["results"] |= {"total_samples": 2340, "completed_samples": 2340}
    run = only_run(document)
    assert (run.state, run.planned_samples, run.attempts_per_sample) == ("partial", 585, 4)
    assert any("holds 1 of 2340 planned" in words for words in run.warnings)


def test_a_killed_run_is_partial_and_keeps_its_finished_samples() -> None:
    document = log(sample(1, "C"), sample(2, "I"), planned=range(1, 13))
    (run,) = runs_in(source_of(as_zip(document, killed=True), "killed.eval"))
    assert (run.state, run.planned_samples, mean(run), run.reported) == ("partial", 12, 0.5, [])
    assert any("killed" in words for words in run.warnings)


def test_a_json_log_of_a_run_that_goes_on_is_running() -> None:
    assert only_run(log(sample(1), status="started")).state == "running"


def test_epochs_are_attempts_of_one_sample() -> None:
    run = only_run(log(sample(1, "C", epoch=2), sample(1, "I", epoch=1), epochs=2), as_eval=True)
    assert [(item["id"], item["attempt"], item["score"]) for item in listed(run)] == [
        ("1", 2, 1.0),
        ("1", 1, 0.0),
    ]
    assert (run.planned_samples, run.attempts_per_sample, run.state) == (1, 2, "complete")


def test_the_ids_1_and_its_text_stay_two_samples() -> None:
    run = only_run(log(sample(1, "C"), sample("1", "I"), sample("2", "I")))
    assert [item["id"] for item in listed(run)] == ["1", '"1"', "2"]
    assert run.planned_samples == 3


def test_ids_that_look_alike_stay_apart_and_printable() -> None:
    ids = ["a\u200b", "a", "a\x00", "cafe\u0301", "caf\u00e9", "x" * 300, "x" * 299, "\u202eevil"]
    run = only_run(log(*(sample(item) for item in ids)))
    names = [item["id"] for item in listed(run)]
    assert (names[1], names[4]) == ("a", "caf\u00e9")
    assert len(set(names)) == len(ids)
    assert all(name.isprintable() and len(name) <= 200 for name in names)


def test_a_retried_run_has_an_id_of_its_own_and_the_same_sample_uuids_and_task() -> None:
    first, again = log(sample(1), failed(2), status="error"), log(sample(1), sample(2, "I"))
    again["eval"] |= {"eval_id": "E2"}
    old, new = only_run(first), only_run(again)
    assert (old.native_id, new.native_id) == ("E1:match", "E2:match")
    assert old.tags[0] == new.tags[0] == "task_id:T1"
    assert [item.get("uuid") for item in listed(old)] == [item.get("uuid") for item in listed(new)]


def test_a_log_before_eval_ids_is_named_by_run_and_task() -> None:
    document = log(sample(1))
    del document["eval"]["eval_id"]
    assert only_run(document).native_id == "R1.T1:match"


def test_an_attempt_that_stands_twice_under_one_uuid_supersedes_the_former() -> None:
    run = only_run(log(sample(1, "I"), sample(1, "C"), failed(2), sample(2, "C", uuid="another")))
    assert [item.get("superseded", False) for item in listed(run)] == [True, False, True, False]
    assert mean(run) == 1.0


def test_two_scored_attempts_under_one_number_are_numbered_and_neither_is_dropped() -> None:
    run = only_run(log(sample(1, "C", uuid="a"), sample(1, "I", uuid="b"), sample(1, "I", epoch=0, uuid="c")))
    assert [item["attempt"] for item in listed(run)] == [1, 2, 3]
    assert not any(item.get("superseded") for item in listed(run))


def test_an_edited_score_counts_and_says_who_edited_it() -> None:
    history = [{"value": "I"}, {"value": "C", "provenance": {"author": "ann", "reason": "regex missed it"}}]
    run = only_run(
        log(sample(1, "C", scores={"match": {"value": "C", "history": history}}), sample(2, "I")), as_eval=True
    )
    assert mean(run) == 0.5
    assert listed(run)[0]["judge"] == {
        "edited": {"scorer": "match", "from": "I", "by": "ann", "reason": "regex missed it"}
    }
    assert any("edited after the run" in words for words in run.warnings)


def test_an_invalidated_sample_has_a_status_and_no_score() -> None:
    run = only_run(log(sample(1, "C", invalidation={"author": "qa", "reason": "leak"}), sample(2, "I")), as_eval=True)
    assert statuses(run) == ["invalidated", "scored"]
    assert mean(run) == 0.0


def test_a_log_that_is_invalid_without_saying_where_is_told_of() -> None:
    run = only_run(log(sample(1, "C"), invalidated=True))
    assert statuses(run) == ["scored"]
    assert any("marked as invalidated" in words for words in run.warnings)


def test_the_error_that_ended_a_run_is_told() -> None:
    run = only_run(log(sample(1), planned=[1, 2], status="error", error={"message": "OOM on\x1b[31m node 3"}))
    assert run.state == "error"
    assert "The run ended with the error: OOM on [31m node 3" in run.warnings


@pytest.mark.parametrize(
    "changes",
    [
        {"output": {"choices": [{"stop_reason": "content_filter"}]}},
        {"scores": {"match": {"value": "I", "reason": "refusal"}}},
        {"scores": {"match": {"value": math.nan, "metadata": {"unscored_reason": "refusal"}}}},
    ],
)
def test_a_refusal_is_refused_whatever_the_scorer_made_of_it(changes: dict[str, Any]) -> None:
    assert statuses(only_run(log(sample(1, "I") | changes), as_eval=True)) == ["refused"]


def test_a_limit_is_a_status_only_where_nothing_was_scored() -> None:
    limit = {"limit": {"type": "message", "limit": 50}}
    run = only_run(log(sample(1, "I") | limit, sample(2) | limit | {"scores": {}}))
    assert statuses(run) == ["scored", "limit"]
    assert listed(run)[0]["judge"] == {"limit": "message"}


@pytest.mark.parametrize(("reason", "origin"), [("grader_failed", "grader"), ("scoring_failed", "grader")])
def test_a_failed_grader_leaves_the_attempt_ungraded(reason: str, origin: str) -> None:
    run = only_run(log(sample(1, scores={"match": {"value": 0, "reason": reason}})))
    assert [(item["status"], item["error_origin"]) for item in listed(run)] == [("ungraded", origin)]


@pytest.mark.parametrize(
    ("value", "score"),
    [
        ("C", 1.0), ("I", 0.0), ("P", 0.5), ("N", 0.0), ("yes", 1.0), ("True", 1.0), ("NO", 0.0), ("0.25", 0.25),
        (True, 1.0), (False, 0.0), (1, 1.0), (0.3, 0.3), ("maybe", None), ("NaN", None), ("", None), (math.nan, None),
        (math.inf, None), (-math.inf, None), (None, None), (10**400, None), ("c", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_eval", [True, False])
def test_a_value_becomes_the_number_that_inspect_makes_of_it_or_none(value: Any, score: Any, as_eval: bool) -> None:
    run = only_run(log(sample(1, value)), as_eval=as_eval)
    assert [item.get("score") for item in listed(run)] == [score]
    assert statuses(run) == ["ungraded" if score is None else "scored"]


def test_scores_beyond_a_proportion_are_scores_and_are_not_rescaled() -> None:
    run = only_run(log(sample(1, 7), sample(2, 0.5)))
    assert (run.unit, [item["score"] for item in listed(run)]) == ("score", [7.0, 0.5])


def test_a_dictionary_of_scores_becomes_one_run_for_each_key() -> None:
    many = {"harm": 0.75, "refused": True}
    failure = {"judge": {"value": math.nan, "reason": "grader_failed"}}
    results = {
        "scores": [
            {"name": "harm", "scorer": "judge", "metrics": {"mean": {"value": 0.75}}},
            {"name": "refused", "scorer": "judge", "metrics": {"mean": {"value": 1}}},
        ]
    }
    document = log(sample(1, scores={"judge": {"value": many}}), sample(2, scores=failure), results=results)
    harm, declined = runs_in(source_of(as_json(document)))
    assert [(run.metric, run.native_id, run.locator) for run in (harm, declined)] == [
        ("judge:harm", "E1:judge:harm", "judge:harm"), ("judge:refused", "E1:judge:refused", "judge:refused"),
    ]  # fmt: skip
    assert [item.get("score") for item in listed(harm)] == [0.75, None]
    assert [item.get("error_origin") for item in listed(declined)] == [None, "grader"]
    assert [run.reported[0].value for run in (harm, declined)] == [0.75, 1]


def test_several_scorers_become_several_runs_and_a_list_one_for_each_place() -> None:
    scores = {"match": {"value": "C"}, "steps": {"value": [1, 0]}}
    runs = runs_in(source_of(as_json(log(sample(1, scores=scores)))))
    assert [run.metric for run in runs] == ["accuracy:match", "steps:0", "steps:1"]
    assert [mean(run) for run in runs] == [1.0, 1.0, 0.0]


def test_scorers_whose_names_look_alike_stay_two_runs() -> None:
    scores = {"match": {"value": "C"}, "match\u200b": {"value": "I"}}
    runs = runs_in(source_of(as_json(log(sample(1, scores=scores)))))
    assert [mean(run) for run in runs] == [1.0, 0.0]
    assert len({run.native_id for run in runs} | {run.metric for run in runs}) == 4


def test_metrics_with_options_and_with_params_are_reported_alike() -> None:
    document = log(sample(1))
    (metrics,) = [entry["metrics"] for entry in document["results"]["scores"]]
    metrics["pass"] = {"name": "pass", "value": math.nan, "options": {"k": 5}}
    run = only_run(document)
    assert [(line.metric, line.value, line.note) for line in run.reported] == [
        ("accuracy", 0.5, None), ("pass", "NaN", "k 5"),
    ]  # fmt: skip


@pytest.mark.parametrize("total", [True, False])
def test_a_metric_of_a_group_never_names_the_run_of_all_samples(total: bool) -> None:
    document = log(sample(1), sample(2, "I"))
    params = {"metric": {"type": "metric", "name": "inspect_ai/mean"}, "group_key": "family"}
    values = {"f0": 1.0, "f1": 0.0} | ({"all": 0.5} if total else {})
    (entry,) = document["results"]["scores"]
    entry["metrics"] = {name: {"name": name, "value": value, "params": params} for name, value in values.items()}
    run = only_run(document)
    assert run.metric == "mean"
    assert [line.metric for line in run.reported] == list(values)
    assert [one["score"] for one in run.samples or ()] == [1.0, 0.0]


def test_the_first_version_with_one_scorer_and_one_score_is_read() -> None:
    old = sample(1, "C")
    old["score"] = old.pop("scores")["match"]
    results = {"scorer": {"name": "match"}, "metrics": {"accuracy": {"name": "accuracy", "value": 1.0}}}
    document = log(old, version=1, results=results)
    document["eval"].pop("scorers")
    run = only_run(document)
    assert (run.metric, run.native_id, mean(run), run.reported[0].value) == ("accuracy", "E1:match", 1.0, 1.0)


@pytest.mark.parametrize("inside_results", [True, False])
def test_reductions_stand_in_for_samples_that_were_not_logged(inside_results: bool) -> None:
    reductions = [{"scorer": "match", "samples": [{"value": 1.0, "sample_id": 1}, {"value": 0.0, "sample_id": "b"}]}]
    document = log(planned=[1, "b"])
    if inside_results:
        document["results"]["sample_reductions"] = reductions
    else:
        document["reductions"] = reductions
    run = only_run(document)
    assert [(item["id"], item["score"]) for item in listed(run)] == [("1", 1.0), ("b", 0.0)]
    assert any("reductions" in words for words in run.warnings)


def test_reductions_over_several_epochs_are_no_attempts_and_give_an_estimate() -> None:
    reductions = [{"scorer": "match", "samples": [{"value": 0.4, "sample_id": 1}, {"value": 0.4, "sample_id": 2}]}]
    run = only_run(log(planned=[1, 2], epochs=5, reductions=reductions, results=SCORES))
    assert (run.samples, run.estimate, run.attempts_per_sample) == (None, {"value": 0.4, "trials": 2}, 5)


def test_a_planned_run_that_attempted_nothing_is_kept_with_all_samples_missing() -> None:
    run = only_run(log(planned=[1, "b"], status="error", results=None))
    assert statuses(run) == ["not_attempted", "not_attempted"]
    assert (run.state, run.planned_samples, run.metric) == ("error", 2, "accuracy")


def test_a_log_that_measured_and_planned_nothing_is_refused_with_that_word() -> None:
    assert refused(as_json(log(results=None))) == ("nothing-measured", "/samples")


def test_summaries_tell_of_attempts_whose_member_is_gone() -> None:
    document = log(sample(1, "C"), failed(2), sample(3, "I"))
    header = {key: part for key, part in document.items() if key != "samples"}
    members = {
        "header.json": as_json(header),
        "samples/1_epoch_1.json": as_json(sample(1, "C")),
        "summaries.json": as_json([summary(failed(2)), summary(sample(3, "I")), summary(sample(1, "C"))]),
    }
    (run,) = runs_in(source_of(packed(members, method=ZSTANDARD), "x.eval"))
    assert statuses(run) == ["scored", "error", "scored"]
    assert listed(run)[1]["transcript"] == "summaries.json#/0"
    assert any("Of 2 attempts there is only the summary" in words for words in run.warnings)


@pytest.mark.parametrize("entry", [log(sample(1)), {"eval_id": "E", "run_id": "R", "task": "t", "task_id": "T"}])
def test_a_listing_of_logs_is_recognised_and_refused_with_words(entry: dict[str, Any]) -> None:
    listing = as_json({"2026-03-01_ctf_T1.eval": entry})
    assert ADAPTER.recognise(source_of(listing, "logs.json"))
    assert refused(listing, "logs.json") == ("log-listing", "")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "not-a-zip"),
        (as_zip(log(sample(1)))[:300], "not-a-zip"),
        (packed({"x.json": b"{}"}, method=STORED), "not-an-inspect-log"),
        (packed({"header.json": b"[]"}, method=STORED), "not-an-inspect-log"),
        (packed({"header.json": b'{"eval": {"task"'}, method=STORED), "not-json"),
        (packed({"header.json": as_json(log()), "samples/1.json": b"[1]"}, method=STORED), "sample-type"),
        (packed({"header.json": as_json(log()), "samples/1.json": b'{"id": 1'}, method=STORED), "truncated"),
    ],
)
def test_a_broken_eval_file_is_refused_with_its_reason(data: bytes, code: str) -> None:
    assert refused(data, "x.eval")[0] == code


@pytest.mark.parametrize("length", [1, 20, 500, 1500, 1880])
def test_a_cut_json_log_is_refused_as_truncated(length: int) -> None:
    data = as_json(log(sample(1), sample(2)))
    assert length < len(data)
    assert refused(data[:length])[0] == "truncated"


def test_a_hostile_log_stays_within_its_budget() -> None:
    document = log(*(sample(number) for number in range(30)))
    assert refused(as_json(document), samples=20)[0] == "too-many-samples"
    assert refused(as_zip(document), "x.eval", members=10)[0] == "too-many-members"
    assert refused(as_zip(document), "x.eval", total_bytes=3000)[0] == "too-large"
    assert (
        refused(as_json(log(sample(1, scores={"match": {"value": "C" * 5000}}))), member_bytes=4000)[0]
        == "part-too-large"
    )
    columns = {f"scorer {number}": {"value": 1} for number in range(90)} | {"more": {"value": list(range(90))}}
    assert refused(as_json(log(sample(1, scores=columns))))[0] == "too-many-scores"
    deep = json.loads("[" * 300 + "]" * 300)
    assert refused(as_json(log(sample(1, scores={"match": {"value": deep}}))))[0] == "too-deep"


def test_what_is_passed_over_may_be_deep_and_strange() -> None:
    strange = {"messages": json.loads("[" * 250 + "]" * 250), "store": {"nan": math.nan, "text": '\ud800 \x00 }]\\"'}}
    document = log(sample(1, "C") | strange)
    assert mean(only_run(document)) == mean(only_run(document, as_eval=True)) == 1.0


def test_lone_surrogates_and_nul_do_not_reach_the_run() -> None:
    document = log(sample("a\ud800\x00b"), tags=["t\ud800"])
    document["eval"]["packages"] = {"p\x00": "\ud800"}
    run = only_run(document)
    written = json.dumps([run.packages, run.tags, [item["id"] for item in listed(run)]], ensure_ascii=False)
    assert "\x00" not in written
    assert written.encode("utf-8")


SMALL: dict[str, Any] = {
    "version": 2,
    "status": "success",
    "eval": {
        "task": "t", "eval_id": "E", "model": "m", "dataset": {"sample_ids": [1], "samples": 1},
        "config": {"epochs": 1, "limit": 1}, "scorers": [{"name": "s", "metrics": [{"name": "mean"}]}],
    },
    "results": {
        "total_samples": 1,
        "scores": [{"name": "s", "metrics": {"mean": {"value": 1, "params": {"cluster": "c"}}}}],
    },
    "samples": [{
        "id": 1, "epoch": 1, "scores": {"s": {"value": 1, "history": [{"provenance": {"author": "a"}}]}},
        "output": {"choices": [{"stop_reason": "stop"}]}, "metadata": {"c": 1}, "limit": {"type": "token"},
    }],
}  # fmt: skip
REDUCED = {"samples": [], "reductions": [{"scorer": "s", "samples": [{"sample_id": 1, "value": 1}]}]}


def test_no_strange_value_in_a_small_log_breaks_the_reader() -> None:
    assert survives(ADAPTER, SMALL, write=as_json, name="log.json") > 400
    assert survives(ADAPTER, SMALL, write=_zipped, name="log.eval") > 400
    assert survives(ADAPTER, SMALL | REDUCED, write=as_json, name="") > 300


def test_every_run_of_a_strange_log_is_a_report_without_fault() -> None:
    kept = 0
    for path, strange, changed in mutants(SMALL):
        try:
            runs = runs_in(source_of(as_json(changed), "log.json"))
        except LogRefused:
            continue
        for run in runs:
            kept += 1
            assert report_of(run), (path, strange)
    assert kept * STRIDE > 300


@pytest.mark.slow
def test_no_strange_value_in_a_full_log_breaks_the_reader() -> None:
    document = log(sample(1, "C", error_retries=[{"message": "x"}]), failed("b"), reductions=[{"scorer": "match"}])
    assert survives(ADAPTER, document, write=as_json, name="log.json") > 1400


def _zipped(document: Any) -> bytes:
    parts = document if isinstance(document, dict) else {"eval": document}
    found = parts.get("samples")
    samples = found if isinstance(found, list) else []
    members = {"header.json": as_json({key: value for key, value in parts.items() if key != "samples"})}
    members |= {f"samples/{place}.json": as_json(item) for place, item in enumerate(samples)}
    return packed(members, method=STORED)
