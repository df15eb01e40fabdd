"""METR's runs.jsonl: many models in one file, limits that are no faults, scores that change when published again."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.metr import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, mean, samples_of, statuses
from tests.adapters.mutation import mutants
from tests.adapters.sources import source_at, source_of


def row(run_id: Any, **changes: Any) -> dict[str, Any]:
    """A row as METR publishes it, of a model that failed a task of ten minutes."""
    return {
        "run_id": run_id, "task_id": "words/easy", "task_family": "words", "score": 0.0, "score_binarized": 0,
        "started_at": 1734070031112, "completed_at": 1734071923976, "alias": "Atlas 2", "model": "a2",
        "fatal_error_from": None, "human_minutes": 10.5, "human_score": 1.0, "human_source": "baseline",
        "dollar_equivalent": None, "total_tokens": None, "time_limit": 1800, "equal_task_weight": 0.25,
        "invsqrt_task_weight": 0.5, **changes,
    }  # fmt: skip


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in rows)


def read(data: bytes, name: str = "runs.jsonl", **limits: int) -> dict[tuple[str | None, str], FoundRun]:
    return {(run.model, run.metric): run for run in ADAPTER.read(source_of(data, name, **limits))}


def binarized(*rows: Any) -> Any:
    return read(lines(*rows))["Atlas 2", "score_binarized"]


def test_every_model_has_one_run_for_each_of_two_metrics() -> None:
    runs = read(lines(row("a"), row("b", alias="human", model="human"), row("c", score=1.0, score_binarized=1)))
    assert list(runs) == [
        ("Atlas 2", "score_binarized"), ("Atlas 2", "score"), ("human", "score_binarized"), ("human", "score"),
    ]  # fmt: skip
    assert {runs[key].unit for key in runs if key[1] == "score"} == {"score"}
    assert mean(samples_of(runs["Atlas 2", "score_binarized"])) == 0.5
    assert any("human baselines" in warning for warning in runs["human", "score"].warnings)
    assert runs["Atlas 2", "score"].tags == ["METR model code a2"]


def test_attempts_at_one_task_are_numbered_and_clustered_by_family() -> None:
    samples = samples_of(binarized(row("a"), row("b"), row("c", task_id="words/hard")))
    assert [(sample["id"], sample["attempt"]) for sample in samples] == [
        ("words/easy", 1), ("words/easy", 2), ("words/hard", 1),
    ]  # fmt: skip
    assert {sample["cluster"] for sample in samples} == {"words"}
    assert samples[0]["judge"] == {
        "human_minutes": 10.5, "equal_task_weight": 0.25, "invsqrt_task_weight": 0.5, "human_source": "baseline",
    }  # fmt: skip
    assert samples[2]["transcript"] == "line 3"


def later(run_id: Any, **changes: Any) -> dict[str, Any]:
    """A row as METR publishes it since March 2025, with other names for three columns and a few more."""
    former = row(run_id)
    for name in ("score", "dollar_equivalent", "total_tokens"):
        del former[name]
    return former | {
        "score_cont": 0.25, "generation_cost": 0.5, "tokens_count": 1000, "human_cost": 143.6, "task_source": "HCAST",
        "task_version": "1.0.2",
    } | changes  # fmt: skip


def test_the_later_names_of_score_tokens_and_cost_are_read() -> None:
    rows = (later("a"), later("b", score_cont=1.2, score_binarized=1), later("c", score_cont=None, tokens_count=None))
    runs = read(lines(*rows))
    score = runs["Atlas 2", "score"]
    samples = samples_of(score)
    assert [sample.get("score") for sample in samples] == [0.25, 1.2, None]
    assert samples[2]["status"] == "ungraded"
    assert score.cost == {"total_tokens": 2000, "dollars": 1.5}
    assert mean(samples_of(runs["Atlas 2", "score_binarized"])) == pytest.approx(1 / 3)


def test_a_file_without_any_score_but_the_binarized_has_one_run_for_each_model() -> None:
    plain = row("a")
    del plain["score"]
    assert list(read(lines(plain))) == [("Atlas 2", "score_binarized")]
    assert list(read(lines(row("a", score=None)))) == [("Atlas 2", "score_binarized"), ("Atlas 2", "score")]


def test_run_ids_may_be_numbers_and_texts_in_one_file() -> None:
    samples = samples_of(binarized(row(65), row("mp4-server_65")))
    assert [sample["uuid"] for sample in samples] == ["65", "mp4-server_65"]


def test_an_attempt_at_its_usage_limit_is_a_legitimate_zero() -> None:
    run = binarized(row("a", fatal_error_from="usageLimits"), row("b"))
    assert statuses(samples_of(run)) == {"scored": 2}
    assert any("1 attempts ended at their usage limit" in warning for warning in run.warnings)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("server", "error/system"), ("task", "error/system"), ("serverOrTask", "error/system"), ("user", "error/user"),
        ("agent", "error/model"), ("other", "error/unknown"),
    ],
)  # fmt: skip
def test_every_other_fault_is_an_error_with_its_origin_and_no_score(fault: str, status: str) -> None:
    assert statuses(samples_of(binarized(row("a", fatal_error_from=fault)))) == {status: 1}


@pytest.mark.parametrize("score", [None, float("nan"), "NaN", 0.5, True])
def test_what_is_neither_success_nor_failure_is_ungraded(score: Any) -> None:
    assert statuses(samples_of(binarized(row("a", score_binarized=score)))) == {"ungraded": 1}


def test_a_score_above_the_human_one_is_kept_as_a_score() -> None:
    run = read(lines(row("a", score=1.25)))["Atlas 2", "score"]
    assert (run.unit, samples_of(run)[0]["score"]) == ("score", 1.25)
    assert any("1 scores lie outside [0, 1]" in warning for warning in run.warnings)


def test_a_later_row_with_the_same_run_id_replaces_the_former() -> None:
    run = binarized(row("a"), row("b"), row("a", score_binarized=1))
    samples = samples_of(run)
    assert [(sample["attempt"], sample.get("superseded", False)) for sample in samples] == [
        (1, True), (2, False), (1, False),
    ]  # fmt: skip
    assert mean(samples) == 0.5


def test_two_publications_are_one_native_run_with_another_score() -> None:
    before, after = binarized(row("a")), binarized(row("a", score=1.0, score_binarized=1))
    assert before.native_id == after.native_id == "runs of Atlas 2"
    assert (mean(samples_of(before)), mean(samples_of(after))) == (0.0, 1.0)


def test_a_baseline_without_a_date_has_none() -> None:
    run = binarized(row("a", started_at=0, completed_at=28800000))
    assert (run.started_at, run.completed_at) == (None, None)
    dated = binarized(row("a"))
    assert (dated.started_at, dated.completed_at) == ("2024-12-13T06:07:11.112000Z", "2024-12-13T06:38:43.976000Z")


def test_tokens_and_dollars_are_summed_where_stated() -> None:
    assert binarized(row("a", total_tokens=10, dollar_equivalent=0.25), row("b", total_tokens=5)).cost == {
        "total_tokens": 15.0, "dollars": 0.25,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "empty", ""),
        (b"\n\n", "nothing-measured", ""),
        (lines(row("a"))[:-30], "not-json", "line 1"),
        (lines(row("a"), row("b", alias=None, model=None)), "not-an-attempt", "line 2"),
        (lines(row("a"), [1]), "not-an-attempt", "line 2"),
        (lines(row("a", task_id={})), "not-an-attempt", "line 1"),
    ],
)
def test_what_is_no_row_is_refused_with_its_line(data: bytes, code: str, place: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        read(data)
    assert (refusal.value.fault.code, refusal.value.fault.pointer) == (code, place)


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(LogRefused, match="More than 1 rows"):
        read(lines(row("a"), row("b")), samples=1)


def test_hostile_rows_give_coherent_runs_or_refusals() -> None:
    for path, _, changed in mutants({"row": row("a")}):
        try:
            for run in ADAPTER.read(source_of(lines(changed.get("row") if isinstance(changed, dict) else changed))):
                samples_of(run)
        except LogRefused:
            pass
        except Exception as error:
            raise AssertionError(path) from error


def raw_rows(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("name", "models", "rows"),
    [
        ("all_runs_2025-01-11_head400.jsonl", 1, 400),
        ("all_runs_2025-01-28_head400.jsonl", 1, 400),
        ("all_runs_2025-01-11.jsonl.gz", 11, 7059),
    ],
)
def test_real_publications_give_the_numbers_of_their_rows(corpus: Path, name: str, models: int, rows: int) -> None:
    path = corpus / "metr" / name
    raw = raw_rows(path)
    found = {(run.model, run.metric): run for run in ADAPTER.read(source_at(path))}
    counts = Counter(item["alias"] for item in raw)
    assert (len(counts), len(found), sum(counts.values())) == (models, 2 * models, rows)
    for (alias, metric), run in found.items():
        own = [item for item in raw if item["alias"] == alias]
        samples = samples_of(run)
        assert statuses(samples) == {"scored": len(own)}
        assert [sample["score"] for sample in samples] == [item[metric] for item in own]
        assert len({sample["id"] for sample in samples}) == len({item["task_id"] for item in own})
        assert [sample["uuid"] for sample in samples] == [str(item["run_id"]) for item in own]


def test_the_real_file_has_the_means_that_its_rows_have(corpus: Path) -> None:
    runs = list(ADAPTER.read(source_at(corpus / "metr" / "all_runs_2025-01-11.jsonl.gz")))
    limited = [warning for run in runs for warning in run.warnings if "usage limit" in warning]
    assert sum(int(warning.split()[0]) for warning in limited) == 2 * 1908
    means = {run.model: round(mean(samples_of(run)), 4) for run in runs if run.metric == "score_binarized"}
    assert means == {
        "Claude 3 Opus": 0.2102, "Claude 3.5 Sonnet (New)": 0.4389, "Claude 3.5 Sonnet (Old)": 0.3337,
        "GPT-4 0314": 0.1935, "GPT-4 Turbo": 0.1897, "GPT-4o": 0.2418, "davinci-002": 0.0,
        "gpt-3.5-turbo-instruct": 0.0062, "human": 0.6209, "o1": 0.5346, "o1-preview": 0.3337,
    }  # fmt: skip


def test_the_publication_of_28_january_revises_the_same_native_runs(corpus: Path) -> None:
    def published(day: int, metric: str) -> Any:
        source = source_at(corpus / "metr" / f"all_runs_2025-01-{day}_head400.jsonl")
        return next(run for run in ADAPTER.read(source) if run.metric == metric)

    changed = {}
    for metric in ("score", "score_binarized"):
        before, after = published(11, metric), published(28, metric)
        assert (before.native_id, before.model, before.unit) == (after.native_id, after.model, after.unit)
        former = {sample["uuid"]: sample for sample in samples_of(before)}
        latter = {sample["uuid"]: sample for sample in samples_of(after)}
        assert former.keys() == latter.keys()
        places = [(former[uuid]["id"], former[uuid]["attempt"]) for uuid in former]
        assert places == [(latter[uuid]["id"], latter[uuid]["attempt"]) for uuid in former]
        changed[metric] = sum(former[uuid]["score"] != latter[uuid]["score"] for uuid in former)
    assert changed == {"score": 133, "score_binarized": 2}


def test_exactly_its_own_files_of_the_corpus_are_recognised(corpus: Path) -> None:
    assert claimed(ADAPTER, corpus) == {
        "metr/all_runs_2025-01-11.jsonl.gz",
        "metr/all_runs_2025-01-11_head400.jsonl",
        "metr/all_runs_2025-01-28_head400.jsonl",
    }
