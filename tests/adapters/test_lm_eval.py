"""lm-evaluation-harness: aggregates, per-document rows by filter, and archives that hold both."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.lm_eval import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, mean, samples_of, statuses
from tests.adapters.mutation import mutants, survives
from tests.adapters.sources import source_at, source_of

STAMP = "2026-03-01T10-00-00.123456"
RESULTS = {
    "results": {
        "trivia": {
            "alias": "trivia", "name": "trivia", "sample_len": 3, "acc,none": 0.6666666666666666,
            "acc_stderr,none": 0.3333333333333333,
        },
        "sums": {
            "alias": "sums", "exact_match,strict": 0.0, "exact_match_stderr,strict": 0.0, "exact_match,loose": 0.5,
            "exact_match_stderr,loose": "N/A", "word_perplexity,none": 0.9,
        },
        "both": {"acc,none": 0.6666666666666666, "acc_stderr,none": "N/A", "sample_count": {"acc,none": 3}},
    },
    "groups": {"both": {"acc,none": 0.6666666666666666}},
    "group_subtasks": {"both": ["trivia", "sums"]},
    "configs": {
        "trivia": {"task": "trivia", "repeats": 1, "generation_kwargs": None},
        "sums": {"task": "sums", "repeats": 4, "generation_kwargs": {"temperature": 0.8, "until": ["\n"]}},
    },
    "versions": {"trivia": 1.5, "sums": "0"},
    "n-shot": {"trivia": 5},
    "higher_is_better": {"trivia": {"acc": True}, "sums": {"word_perplexity": False}},
    "n-samples": {"trivia": {"original": 100, "effective": 3}, "sums": {"original": 2, "effective": 2}},
    "config": {"model": "hf", "model_args": "pretrained=acme/atlas-2,dtype=float16", "limit": 3, "gen_kwargs": None},
    "git_hash": "1a2b3c4d",
    "date": 1772359200.5,
    "lm_eval_version": "0.4.13",
    "transformers_version": "N/A",
    "task_hashes": {"trivia": "ab" * 32},
    "model_name": "acme/atlas-2",
    "start_time": 3391296.96,
    "end_time": 3393974.69,
    "total_evaluation_time_seconds": "38.1",
}  # fmt: skip


def row(doc_id: Any, *, metrics: dict[str, Any], filter_name: str = "none") -> dict[str, Any]:
    """A row as lm-eval writes it for one document and one filter."""
    return {
        "doc_id": doc_id, "doc": {"question": "2+2?"}, "target": "4", "arguments": {}, "resps": [["4", "5"]],
        "filtered_resps": ["4"], "filter": filter_name, "metrics": list(metrics), "doc_hash": "d", **metrics,
    }  # fmt: skip


TRIVIA = [row(0, metrics={"acc": 1.0}), row(1, metrics={"acc": 0.0}), row(2, metrics={"acc": True})]
SUMS = [
    row(doc, metrics={"exact_match": score}, filter_name=name)
    for name, scores in (("strict", (0.0, 0.0)), ("loose", (1.0, 0.0)))
    for doc, score in enumerate(scores)
]


def lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in rows)


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def folder(results: Any = RESULTS) -> dict[str, bytes]:
    return {
        f"out/acme__atlas-2/results_{STAMP}.json": json.dumps(results).encode(),
        f"out/acme__atlas-2/samples_trivia_{STAMP}.jsonl": lines(TRIVIA),
        f"out/acme__atlas-2/samples_sums_{STAMP}.jsonl": lines(SUMS),
    }


def read(data: bytes, name: str = f"results_{STAMP}.json", **limits: int) -> dict[tuple[str, str], FoundRun]:
    return {(run.evaluation, run.metric): run for run in ADAPTER.read(source_of(data, name, **limits))}


def results(**changes: Any) -> dict[tuple[str, str], FoundRun]:
    return read(json.dumps(RESULTS | changes).encode())


def test_an_archive_joins_scores_and_stated_numbers() -> None:
    runs = read(zipped(folder()), "out.zip")
    run = runs["trivia", "acc"]
    samples = samples_of(run)
    assert [(sample["id"], sample["attempt"], sample["score"]) for sample in samples] == [
        ("0", 1, 1.0), ("1", 1, 0.0), ("2", 1, 1.0),
    ]  # fmt: skip
    assert samples[2]["transcript"] == f"out/acme__atlas-2/samples_trivia_{STAMP}.jsonl, line 3"
    assert (run.model, run.source, run.version) == ("acme/atlas-2", "lm-eval 0.4.13", "1.5")
    assert (run.planned_samples, run.unit, run.producer_polarity) == (3, "proportion", "higher_is_better")
    assert run.reported[0].metric == "acc,none"
    assert mean(samples) == pytest.approx(run.reported[0].value)
    assert run.native_id == "1772359200.5/trivia"
    assert run.code == {"git_hash": "1a2b3c4d", "task_hash": "ab" * 32}


def test_a_tar_archive_is_read_like_a_zip() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in folder().items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    source = source_of(packed.getvalue(), "out.tar.gz")
    assert ADAPTER.recognise(source)
    assert len(list(ADAPTER.read(source))) == 5


def test_two_filters_of_one_document_do_not_double_n() -> None:
    runs = read(lines(SUMS), f"samples_sums_{STAMP}.jsonl")
    assert set(runs) == {("sums", "exact_match:strict"), ("sums", "exact_match:loose")}
    for run in runs.values():
        assert [sample["id"] for sample in samples_of(run)] == ["0", "1"]


def test_results_alone_give_figures_with_n_and_standard_error() -> None:
    run = results()["trivia", "acc"]
    assert run.estimate == {"value": 0.6666666666666666, "trials": 3, "stderr": 0.3333333333333333}
    assert run.samples is None
    samples_of(run)


def test_the_standard_error_is_no_metric_of_its_own() -> None:
    assert not [key for key in results() if "stderr" in key[1]]


def test_a_standard_error_that_is_text_is_left_out_and_shown_verbatim() -> None:
    run = results()["sums", "exact_match:loose"]
    assert run.estimate == {"value": 0.5, "trials": 2}
    assert run.reported[0].stderr == "N/A"


def test_a_group_is_its_own_evaluation_and_counts_only_what_it_says() -> None:
    run = results()["both", "acc"]
    assert run.estimate == {"value": 0.6666666666666666, "trials": 3}
    assert run.planned_samples is None
    assert any("trivia, sums" in warning for warning in run.warnings)
    without_count = {**RESULTS["results"], "both": {"acc,none": 0.5, "acc_stderr,none": 0.1}}  # type: ignore[dict-item]
    assert results(results=without_count)["both", "acc"].estimate == {"value": 0.5, "stderr": 0.1}


def test_the_monotonic_clock_is_not_taken_for_a_date() -> None:
    assert results()["trivia", "acc"].started_at == "2026-03-01T10:00:00.500000Z"
    assert results(date=3391296.96)["trivia", "acc"].started_at is None


def test_versions_are_text_whether_they_were_numbers_or_not() -> None:
    runs = results()
    assert (runs["trivia", "acc"].version, runs["sums", "exact_match:strict"].version) == ("1.5", "0")


def test_a_perplexity_is_a_score_even_below_one() -> None:
    run = results()["sums", "word_perplexity"]
    assert (run.unit, run.producer_polarity) == ("score", "lower_is_better")


def test_repeats_and_limits_are_said_in_words() -> None:
    runs = results()
    assert any("4 responses" in warning for warning in runs["sums", "exact_match:strict"].warnings)
    assert any("limit 3" in warning for warning in runs["trivia", "acc"].warnings)


def test_the_dummy_model_names_no_model() -> None:
    run = results(config={"model": "dummy"}, model_name="nps2sorb")["trivia", "acc"]
    assert run.model is None
    assert any("dummy" in warning for warning in run.warnings)


@pytest.mark.parametrize("arguments", ["pretrained=acme/atlas-2,dtype=auto", {"pretrained": "acme/atlas-2"}])
def test_older_files_name_the_model_in_its_arguments(arguments: Any) -> None:
    run = results(model_name=None, config={"model": "hf", "model_args": arguments})["trivia", "acc"]
    assert run.model == "acme/atlas-2"


def test_a_planned_document_without_a_row_stays_missing() -> None:
    short = folder() | {f"out/acme__atlas-2/samples_trivia_{STAMP}.jsonl": lines(TRIVIA[:2])}
    run = read(zipped(short), "out.zip")["trivia", "acc"]
    assert (len(samples_of(run)), run.planned_samples) == (2, 3)


def test_more_rows_than_stated_are_said() -> None:
    more = RESULTS | {"n-samples": {"trivia": {"effective": 2}}}
    run = read(zipped(folder(more)), "out.zip")["trivia", "acc"]
    assert any("counts 2 documents, the samples hold 3" in warning for warning in run.warnings)


@pytest.mark.parametrize("value", [None, float("nan"), "N/A", [1, 2]])
def test_what_is_no_number_is_ungraded_and_never_zero(value: Any) -> None:
    data = lines([row(0, metrics={"acc": 1.0}), row(1, metrics={"acc": value})])
    samples = samples_of(read(data, f"samples_trivia_{STAMP}.jsonl")["trivia", "acc"])
    assert statuses(samples) == {"scored": 1, "ungraded": 1}


def test_lists_that_only_the_tool_can_join_give_way_to_its_number() -> None:
    ranked = lines([row(doc, metrics={"f1": [0, 1]}) for doc in range(3)])
    stated = RESULTS | {"results": {"trivia": {"f1,none": 0.4, "f1_stderr,none": 0.1}}}
    members = folder(stated) | {f"out/acme__atlas-2/samples_trivia_{STAMP}.jsonl": ranked}
    assert read(zipped(members), "out.zip")["trivia", "f1"].estimate == {"value": 0.4, "trials": 3, "stderr": 0.1}
    alone = samples_of(read(ranked, f"samples_trivia_{STAMP}.jsonl")["trivia", "f1"])
    assert statuses(alone) == {"ungraded": 3}


def test_the_same_document_twice_is_another_attempt() -> None:
    data = lines([row(0, metrics={"acc": 1.0}), row(0, metrics={"acc": 0.0})])
    samples = samples_of(read(data, f"samples_trivia_{STAMP}.jsonl")["trivia", "acc"])
    assert [sample["attempt"] for sample in samples] == [1, 2]


def test_rows_of_older_releases_name_their_metrics_by_their_keys() -> None:
    old = {"doc_id": 7, "doc": {}, "target": "4", "resps": [], "filtered_resps": [], "acc": 1.0, "acc_norm": 0.0}
    runs = read(lines([old]), f"samples_trivia_{STAMP}.jsonl")
    assert {key[1]: mean(samples_of(run)) for key, run in runs.items()} == {"acc": 1.0, "acc_norm": 0.0}


def unnamed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows as releases before 0.4.5 wrote them: neither filter nor metrics are named."""
    return [{key: value for key, value in one.items() if key not in ("filter", "metrics")} for one in rows]


def with_filters(*names: str) -> dict[str, Any]:
    config = {"repeats": 4, "filter_list": [{"name": name, "filter": []} for name in names]}
    return RESULTS | {"configs": {"sums": config}}


def test_rows_that_do_not_name_their_filters_belong_to_those_of_the_task_in_order() -> None:
    members = folder(with_filters("strict", "loose")) | {
        f"out/acme__atlas-2/samples_sums_{STAMP}.jsonl": lines(unnamed(SUMS))
    }
    runs = read(zipped(members), "out.zip")
    strict, loose = samples_of(runs["sums", "exact_match:strict"]), samples_of(runs["sums", "exact_match:loose"])
    assert (statuses(strict), mean(strict), mean(loose)) == ({"scored": 2}, 0.0, 0.5)
    assert {sample["attempt"] for sample in strict + loose} == {1}
    assert ("sums", "exact_match") not in runs


def test_filters_without_a_name_anywhere_are_numbered_and_do_not_double_n() -> None:
    runs = read(lines(unnamed(SUMS)), "samples_sums.jsonl")
    assert {metric: mean(samples_of(run)) for (_, metric), run in runs.items()} == {
        "exact_match:filter-1": 0.0,
        "exact_match:filter-2": 0.5,
    }
    assert any("do not name their filters" in text for run in runs.values() for text in run.warnings)


def test_the_one_filter_of_a_task_names_the_rows_that_do_not() -> None:
    rows = unnamed(SUMS[:2])
    members = folder(with_filters("strict")) | {f"out/acme__atlas-2/samples_sums_{STAMP}.jsonl": lines(rows)}
    run = read(zipped(members), "out.zip")["sums", "exact_match:strict"]
    assert (statuses(samples_of(run)), run.reported[0].metric) == ({"scored": 2}, "exact_match,strict")


def test_an_array_of_rows_is_read_like_lines() -> None:
    data = json.dumps(unnamed(TRIVIA), indent=2).encode()
    source = source_of(data, "pretrained__acme__atlas-2_trivia.jsonl")
    assert ADAPTER.recognise(source)
    (run,) = ADAPTER.read(source)
    samples = samples_of(run)
    assert [sample["score"] for sample in samples] == [1.0, 0.0, 1.0]
    assert samples[2]["transcript"] == "element 3"


def test_an_early_output_folder_joins_rows_whose_file_names_the_task_last() -> None:
    tasks = {name: {"acc,none": 0.5, "acc_stderr,none": 0.1} for name in ("a_trivia", "trivia")}
    members = {
        "out/results.json": json.dumps({"results": tasks, "config": {"model_args": "pretrained=m"}}).encode(),
        "out/pretrained__m_a_trivia.jsonl": json.dumps(unnamed(TRIVIA[1:2])).encode(),
        "out/pretrained__m_trivia.jsonl": json.dumps(unnamed(TRIVIA), indent=2).encode(),
    }
    runs = read(zipped(members), "out.zip")
    assert [len(samples_of(runs[task, "acc"])) for task in ("a_trivia", "trivia")] == [1, 3]


def test_a_perplexity_is_not_the_mean_of_its_documents() -> None:
    rows = [row(0, metrics={"perplexity": -0.5}), row(1, metrics={"perplexity": -0.7})]
    document = RESULTS | {"results": {"trivia": {"perplexity,none": 1.822, "perplexity_stderr,none": 0.1}}}
    members = folder(document) | {f"out/acme__atlas-2/samples_trivia_{STAMP}.jsonl": lines(rows)}
    run = read(zipped(members), "out.zip")["trivia", "perplexity"]
    assert (run.samples, run.estimate and run.estimate["value"]) == (None, 1.822)
    assert any("by perplexity" in text for text in run.warnings)
    assert mean(samples_of(read(lines(rows), "samples_trivia.jsonl")["trivia", "loglikelihood"])) == pytest.approx(-0.6)


def test_an_aggregation_that_the_task_names_and_is_no_mean_leaves_the_stated_number() -> None:
    config = {"metric_list": [{"metric": "acc", "aggregation": "median"}]}
    members = folder(RESULTS | {"configs": {"trivia": config}})
    run = read(zipped(members), "out.zip")["trivia", "acc"]
    assert run.estimate is not None
    assert run.estimate["trials"] == 3


def test_results_of_lighteval_name_their_own_tool_and_leave_its_averages_out() -> None:
    document = {
        "config_general": {"model_name": "acme/atlas-2", "max_samples": 2},
        "results": {"anli:r1|0": {"acc": 0.25, "acc_stderr": 0.01}, "all": {"acc": 0.25, "acc_stderr": 0.0}},
        "config_tasks": {"anli:r1|0": {"effective_num_docs": 40}},
    }
    ((task, run),) = read(json.dumps(document).encode()).items()
    assert (task, run.source, run.model) == (("anli:r1|0", "acc"), "LightEval", "acme/atlas-2")
    assert (run.estimate, run.planned_samples) == ({"value": 0.25, "trials": 40, "stderr": 0.01}, 40)


def test_results_of_the_releases_before_filters_are_read() -> None:
    old = {"results": {"arc": {"acc": 0.25, "acc_stderr": 0.01, "alias": "arc"}}, "versions": {"arc": 0}}
    assert read(json.dumps(old).encode())["arc", "acc"].estimate == {"value": 0.25, "stderr": 0.01}


def test_a_samples_file_without_its_name_says_so() -> None:
    run = read(lines(TRIVIA), "upload.jsonl")["unnamed", "acc"]
    assert (run.model, run.native_id) == (None, None)
    assert any("samples_<task>_<time>.jsonl" in warning for warning in run.warnings)


def test_a_cut_file_is_refused_with_its_place() -> None:
    cut = lines(TRIVIA)[:-40]
    assert ADAPTER.recognise(source_of(cut, f"samples_trivia_{STAMP}.jsonl"))
    with pytest.raises(LogRefused) as refusal:
        read(cut, f"samples_trivia_{STAMP}.jsonl")
    assert (refusal.value.fault.code, refusal.value.fault.pointer) == ("not-json", "line 3")
    document = json.dumps(RESULTS, indent=2).encode()[:-200]
    assert ADAPTER.recognise(source_of(document, "results.json"))
    with pytest.raises(LogRefused, match="may be cut"):
        read(document)


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "results.json", "empty"),
        (b"{}", "results.json", "not-lm-eval"),
        (b"[1]", "results.json", "not-lm-eval"),
        (b'{"results": {}}', "results.json", "nothing-measured"),
        (b'{"results": {"a": {"acc,none": "N/A"}}}', "results.json", "nothing-measured"),
        (b'{"doc_id": null, "doc": 1}\n', "samples_a.jsonl", "sample-without-id"),
        (b"[]\n", "samples_a.jsonl", "not-a-sample"),
        (zipped({"readme.txt": b"x"}), "a.zip", "nothing-measured"),
    ],
)
def test_what_holds_no_run_is_refused_by_name(data: bytes, name: str, code: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        read(data, name)
    assert refusal.value.fault.code == code


def test_a_run_that_only_collected_answers_measured_nothing() -> None:
    collected = {"results": {"trivia": {"alias": "trivia", "bypass,none": 999, "bypass_stderr,none": "N/A"}}}
    rows = lines([row(0, metrics={"bypass": None})])
    for data, name in ((json.dumps(collected).encode(), "results.json"), (rows, f"samples_trivia_{STAMP}.jsonl")):
        with pytest.raises(LogRefused) as refusal:
            read(data, name)
        assert refusal.value.fault.code == "nothing-measured"


def test_an_archive_is_recognised_by_names_that_carry_a_time() -> None:
    assert ADAPTER.recognise(source_of(zipped(folder()), "out.zip"))
    assert not ADAPTER.recognise(source_of(zipped({"results.json": b"{}"}), "out.zip"))
    assert not ADAPTER.recognise(source_of(b"PK\x03\x04 cut", "out.zip"))


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(LogRefused, match="more than 2 rows"):
        read(lines(TRIVIA), f"samples_trivia_{STAMP}.jsonl", samples=2)


def test_hostile_results_give_runs_or_refusals() -> None:
    assert survives(ADAPTER, RESULTS, write=lambda it: json.dumps(it).encode(), name=f"results_{STAMP}.json") > 500


def test_hostile_documents_in_an_archive_give_coherent_runs_or_refusals() -> None:
    small = {part: RESULTS[part] for part in ("n-samples", "configs", "date", "model_name", "config")}
    small |= {"results": {"trivia": RESULTS["results"]["trivia"]}}  # type: ignore[index]
    for path, _, changed in mutants({"results": small, "row": TRIVIA[0]}):
        if not (isinstance(changed, dict) and {"results", "row"} <= set(changed)):
            continue
        packed = zipped(
            {
                f"results_{STAMP}.json": json.dumps(changed["results"]).encode(),
                f"samples_trivia_{STAMP}.jsonl": lines([changed["row"], TRIVIA[1]]),
            }
        )
        try:
            for run in ADAPTER.read(source_of(packed, "a.zip")):
                samples_of(run)
        except LogRefused:
            pass
        except Exception as error:
            raise AssertionError(path) from error


FOUND_IN_CORPUS = [
    ("lm_eval_generated", "mini_mc", "acc", 24, 24, 7 / 24),
    ("lm_eval_generated", "mini_mc", "acc_norm", 24, 24, 5 / 24),
    ("lm_eval_generated", "mini_gen", "exact_match:maj@4", 24, 24, 16 / 24),
    ("lm_eval_generated", "mini_gen", "exact_match:first", 24, 24, 16 / 24),
    ("lm_eval", "math_perturbed_full", "exact_match", 10, 5000, 0.0),
]


@pytest.mark.parametrize(("place", "task", "metric", "n", "planned", "expected"), FOUND_IN_CORPUS)
def test_real_archives_give_the_scores_of_the_raw_rows(
    corpus: Path, place: str, task: str, metric: str, n: int, planned: int, expected: float
) -> None:
    members = {path.name: path.read_bytes() for path in (corpus / place).iterdir() if path.suffix != ".yaml"}
    run = read(zipped(members), "out.zip")[task, metric]
    samples = samples_of(run)
    assert (len(samples), len({sample["id"] for sample in samples}), run.planned_samples) == (n, n, planned)
    assert statuses(samples) == {"scored": n}
    assert mean(samples) == pytest.approx(expected)
    assert run.reported[0].value == pytest.approx(expected)
    raw = next((corpus / place).glob(f"samples_{task}_*.jsonl")).read_text().splitlines()
    name, _, chosen = metric.partition(":")
    rows = [item for item in map(json.loads, raw) if item["filter"] == (chosen or "none")]
    assert [sample["score"] for sample in samples] == [item[name] for item in rows]


def test_the_real_results_files_give_every_stated_number(corpus: Path) -> None:
    old = {key: run.estimate for key, run in _at(next((corpus / "lm_eval").glob("results_*.json"))).items()}
    assert old == {
        ("math_perturbed_full", "exact_match"): {"value": 0.0, "trials": 5000, "stderr": 0.0},
        ("math_rephrased_full", "exact_match"): {"value": 0.0004, "trials": 5000, "stderr": 0.0002828144211304471},
    }
    new = _at(next((corpus / "lm_eval_generated").glob("results_*.json")))
    assert {key: (run.estimate or {})["trials"] for key, run in new.items()} == {
        ("mini_mc", "acc"): 24, ("mini_mc", "acc_norm"): 24, ("mini_gen", "exact_match:maj@4"): 24,
        ("mini_gen", "exact_match:first"): 24, ("mini_group", "acc"): 24,
    }  # fmt: skip
    assert {run.model for run in new.values()} == {None}


def test_the_real_samples_file_of_48_rows_holds_24_documents(corpus: Path) -> None:
    runs = _at(next((corpus / "lm_eval_generated").glob("samples_mini_gen_*.jsonl")))
    assert [len(samples_of(run)) for run in runs.values()] == [24, 24]


def test_exactly_its_own_files_of_the_corpus_are_recognised(corpus: Path) -> None:
    own = [*corpus.glob("lm_eval*/*.json"), *corpus.glob("lm_eval*/*.jsonl")]
    assert claimed(ADAPTER, corpus) == {path.relative_to(corpus).as_posix() for path in own}


def _at(path: Path) -> dict[tuple[str, str], FoundRun]:
    return {(run.evaluation, run.metric): run for run in ADAPTER.read(source_at(path))}
