"""Every real Inspect log: what it holds, against numbers taken from the raw files by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.inspect_log import ADAPTER
from evaluations.logs.archive import ZipArchive
from evaluations.logs.refusal import LogRefused
from tests.adapters.inspect_logs import listed, mean, report_of, runs_in
from tests.adapters.sources import source_at

OLD, NEW, GENERATED = "inspect/", "inspect/inspect/", "inspect_generated/"
EXPECTED: dict[str, tuple[Any, ...]] = {
    # file: state, statuses, planned samples, attempts per sample, our mean, the producer's headline
    f"{OLD}2024-11-05T13-31-45-05-00_input-task_8zXjbRzCWrL9GXiXo2vus9.json": (
        "complete",
        {"scored": 1},
        1,
        None,
        1.0,
        1.0,
    ),
    f"{OLD}2024-11-05T13-32-37-05-00_input-task_hxs4q9azL3ySGkjJirypKZ.eval": (
        "complete",
        {"scored": 1},
        1,
        None,
        1.0,
        1.0,
    ),
    f"{OLD}2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval": (
        "complete",
        {"ungraded": 10},
        10,
        None,
        None,
        None,
    ),
    f"{OLD}2025-05-12T20-27-36-04-00_browser.json": ("complete", {"scored": 1}, 1, 1, 1.0, 1.0),
    f"{OLD}2025-05-12T20-28-13-04-00_no-samples.json": ("cancelled", {"scored": 3}, 3, 1, 2 / 3, 2 / 3),
    f"{OLD}2025-05-12T20-28-13-04-00_popularity.json": ("cancelled", {"scored": 3}, 3, 1, 2 / 3, 2 / 3),
    f"{OLD}ignore.json": ("complete", {"scored": 1}, 1, None, 1.0, 1.0),
    f"{OLD}log_formats.eval": ("complete", {"scored": 1}, 1, None, 0.0, 0.0),
    f"{OLD}log_images.json": ("complete", {"scored": 1}, 1, None, 0.0, 0.0),
    f"{OLD}log_message_deduplication.eval": ("complete", {"scored": 1}, 1, 1, 0.0, 0.0),
    f"{OLD}log_read_sample.eval": ("complete", {"scored": 1}, 1, 1, 1.0, 1.0),
    f"{OLD}log_read_sample.json": ("complete", {"scored": 1}, 1, 1, 1.0, 1.0),
    f"{OLD}log_streaming.eval": ("complete", {"scored": 4}, 2, 2, 0.75, 0.75),
    f"{OLD}log_tool_call_error.json": ("partial", {"ungraded": 1}, 1, 4, None, 1.0),
    f"{OLD}minimal_test.eval": ("complete", {"scored": 2}, 2, 1, 0.0, 0.0),
    f"{OLD}mmlu-summary-choices.eval": ("complete", {"scored": 1}, 1, 1, 0.0, 0.0),
    f"{OLD}simple_inspect_eval.json": ("complete", {"scored": 1}, None, None, 0.0, None),
    f"{OLD}small.eval": ("complete", {"scored": 6}, 1, 6, 1.0, 1.0),
    f"{NEW}data_arc_qwen.json": ("complete", {"scored": 3}, 3, 1, 1 / 3, 1 / 3),
    f"{NEW}data_arc_sonnet.json": ("complete", {"scored": 5}, 5, 1, 1.0, 1.0),
    f"{NEW}data_cvebench_empty_choices.json": ("partial", {"error": 1}, 80, 1, None, 0.7051282051282052),
    f"{NEW}data_cyse2_vuln_exploit_challenges.json": ("partial", {"scored": 1}, 585, 4, 0.65, 0.38108974358974373),
    f"{NEW}data_intercode_ctf_local_path.json": ("partial", {"scored": 1}, 79, 1, 0.0, 0.35443037974683544),
    f"{NEW}data_pubmedqa_gpt4o_mini.json": ("complete", {"scored": 2}, 2, 1, 1.0, 1.0),
    f"{GENERATED}cancelled-slow.eval": ("cancelled", {"scored": 6, "error": 6}, 12, 1, 0.0, 0.0),
    f"{GENERATED}cancelled-slow.json": ("cancelled", {"scored": 6, "error": 6}, 12, 1, 0.0, 0.0),
    f"{GENERATED}edited-score.eval": ("complete", {"scored": 48}, 12, 4, 0.6875, 0.6875),
    f"{GENERATED}eval-agentic.eval": ("complete", {"scored": 18}, 6, 3, 0.0, 0.0),
    f"{GENERATED}eval-empty-ds.eval": ("complete", {"scored": 1}, 1, 1, 1.0, 1.0),
    f"{GENERATED}eval-errs-fail.eval": ("error", {"scored": 3, "error": 3}, 12, 1, 1 / 3, None),
    f"{GENERATED}eval-errs-tolerated.eval": ("complete", {"scored": 18, "error": 6}, 12, 2, 13 / 18, 13 / 18),
    f"{GENERATED}eval-nan-scores.eval": ("complete", {"scored": 3, "ungraded": 5}, 8, 1, 0.5, "Infinity"),
    f"{GENERATED}eval-no-scorer.eval": ("complete", {"ungraded": 3}, 3, 1, None, None),
    f"{GENERATED}eval-ok-epochs.eval": ("complete", {"scored": 60}, 12, 5, 0.65, 0.65),
    f"{GENERATED}eval-refusals.eval": ("complete", {"scored": 5, "refused": 5}, 10, 1, 0.0, 0.0),
    f"{GENERATED}invalidated.eval": ("complete", {"scored": 58, "invalidated": 2}, 12, 5, 0.675, 0.65),
    f"{GENERATED}json-empty-ds.json": ("complete", {"scored": 1}, 1, 1, 1.0, 1.0),
    f"{GENERATED}json-nan-scores.json": ("complete", {"scored": 3, "ungraded": 5}, 8, 1, 0.5, "Infinity"),
    f"{GENERATED}killed-slow.eval": ("partial", {"scored": 6}, 12, 1, 0.0, None),
    f"{GENERATED}realerror-empty-ds.eval": ("error", {"error": 1}, 1, 1, None, None),
    f"{GENERATED}realerror-no-scorer.eval": ("error", {"error": 3}, 3, 1, None, None),
}
ONLY_FIGURES = f"{NEW}data_with_llm_scoring.json"
REFUSED = {
    f"{GENERATED}truncated.json": "truncated",
    f"{GENERATED}truncated_zip.eval": "not-a-zip",
    f"{OLD}test_skeleton/empty.json": "not-an-inspect-log",
    f"{OLD}test_skeleton/escape_hatch.json": "not-an-inspect-log",
    f"{OLD}test_skeleton/legacy_steps.json": "not-an-inspect-log",
    f"{OLD}test_skeleton/notable_caps.json": "not-an-inspect-log",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_log_is_read_to_the_last_sample(corpus: Path, name: str) -> None:
    (run,) = runs_in(source_at(corpus / name))
    found = Counter(item["status"] for item in listed(run))
    headline = run.reported[0].value if run.reported else None
    said = (run.state, dict(found), run.planned_samples, run.attempts_per_sample)
    assert said == EXPECTED[name][:4]
    assert mean(run) == (None if EXPECTED[name][4] is None else pytest.approx(EXPECTED[name][4], abs=1e-12))
    assert headline == (EXPECTED[name][5] if isinstance(EXPECTED[name][5], str) else pytest.approx(EXPECTED[name][5]))


@pytest.mark.parametrize("name", [*EXPECTED, ONLY_FIGURES])
def test_every_run_of_a_real_log_is_a_report_without_fault(corpus: Path, name: str) -> None:
    (run,) = runs_in(source_at(corpus / name))
    assert report_of(run).metric == run.metric


@pytest.mark.parametrize("name", EXPECTED)
def test_every_sample_of_a_real_log_is_what_a_naive_reader_finds(corpus: Path, name: str) -> None:
    (run,) = runs_in(source_at(corpus / name))
    raw = naive_samples(corpus / name)
    if not raw:
        assert "no-samples" in name
        return
    seen = {(item["id"], item["attempt"]): item for item in listed(run)}
    assert len(seen) == len(raw)
    for item in raw:
        ours = seen[(str(item["id"]), item["epoch"] or 1)]
        assert ours.get("uuid") == item.get("uuid")
        assert ours.get("score") == naive_score(item)


def naive_samples(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".json":
        return json.loads(path.read_text())["samples"] or []
    archive = ZipArchive(source_at(path))
    return [json.loads(archive.read(name)) for name in archive.names() if name.startswith("samples/")]


def naive_score(item: dict[str, Any]) -> float | None:
    choices = (item.get("output") or {}).get("choices") or [{}]
    stopped = choices[0].get("stop_reason") == "content_filter"
    if item.get("error") or item.get("invalidation") or stopped or not item.get("scores"):
        return None
    (score,) = item["scores"].values()
    value = {"C": 1.0, "I": 0.0}.get(score["value"], score["value"])
    return value if value - value == 0 else None


def test_a_log_without_samples_and_reductions_gives_the_producers_figure(corpus: Path) -> None:
    (run,) = runs_in(source_at(corpus / ONLY_FIGURES))
    assert run.samples is None
    assert run.estimate == {"value": 0.431, "trials": 1000, "stderr": 0.01566794448817344}
    assert (run.planned_samples, run.state, run.model) == (1000, "complete", "anthropic/claude-opus-4-6")
    assert "google/gemini-2.0-flash-001" in json.dumps(run.grader)
    assert any("cannot be recomputed" in words for words in run.warnings)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_complete_log_is_refused_with_words(corpus: Path, name: str) -> None:
    with pytest.raises(LogRefused) as refusal:
        runs_in(source_at(corpus / name))
    assert refusal.value.fault.code == REFUSED[name]
    assert refusal.value.fault.remedy


def test_the_table_leaves_no_real_inspect_log_out(corpus: Path) -> None:
    known = {*EXPECTED, *REFUSED, ONLY_FIGURES}
    there = [path for folder in ("inspect", "inspect_generated") for path in (corpus / folder).rglob("*")]
    assert {str(path.relative_to(corpus)) for path in there if path.suffix in (".json", ".eval")} == known


def test_inspect_claims_its_own_files_and_nobody_elses(corpus: Path) -> None:
    ours = {*EXPECTED, ONLY_FIGURES, *(name for name in REFUSED if "skeleton" not in name)}
    files = [path for path in corpus.rglob("*") if path.is_file()]
    assert {str(path.relative_to(corpus)) for path in files if ADAPTER.recognise(source_at(path))} == ours
    for path in (path for path in files if path.suffix in (".json", ".eval") and str(path.relative_to(corpus)) in ours):
        nameless = source_at(path)
        nameless.name = ""
        assert ADAPTER.recognise(nameless), path


def test_edits_and_invalidations_are_told_and_the_edit_stands_with_its_sample(corpus: Path) -> None:
    (edited,) = runs_in(source_at(corpus / f"{GENERATED}edited-score.eval"))
    (first, *others) = listed(edited)
    assert first["judge"] == {
        "edited": {"scorer": "match", "from": "I", "by": "reviewer@example.org", "reason": "grader false negative"}
    }
    assert not any("judge" in item for item in others)
    assert {item["cluster"] for item in listed(edited)} == {f"passage-{number}" for number in range(4)}
    (invalid,) = runs_in(source_at(corpus / f"{GENERATED}invalidated.eval"))
    (valid,) = runs_in(source_at(corpus / f"{GENERATED}eval-ok-epochs.eval"))
    assert invalid.native_id == valid.native_id
    assert any("2 attempts of 60" in words for words in invalid.warnings)
    assert [(line.note, line.value) for line in valid.reported] == [
        ("reducer mean", 0.65), ("reducer mode", 0.75), ("reducer pass_at_2", pytest.approx(13 / 15)),
        ("reducer at_least_3", 0.75),
    ]  # fmt: skip
