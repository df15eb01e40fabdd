"""garak: a hit is bad, every attempt stands twice, and a complete run may have measured nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from evaluations.adapters.garak import ADAPTER
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.unpacking import unpacked
from tests.adapters.mutation import survives
from tests.adapters.soundness import counted, strict
from tests.adapters.sources import source_at, source_of

RUN = "0b7a1f4e-run"
SETUP = {
    "entry_type": "start_run setup", "_config.version": "0.17.1", "run.generations": 2, "run.seed": 5,
    "plugins.target_type": "openai.OpenAIGenerator", "plugins.target_name": "atlas-2", "transient.run_id": RUN,
    "transient.active_probes": ["probes.dan.Ours", "probes.quiet.Ours"],
}  # fmt: skip
INIT = {"entry_type": "init", "garak_version": "0.17.1", "start_time": "2026-11-23T16:24:42.942303", "run": RUN}
END = {"entry_type": "completion", "end_time": "2026-11-23T16:25:12.830668", "run": RUN}


def attempt(
    seq: int, *values: float | None, status: int = 2, detector: str = "d.Det", **changes: Any
) -> dict[str, Any]:
    """An attempt at prompt `seq` with one output for each detector value."""
    entry = {
        "entry_type": "attempt", "uuid": f"uuid-{seq}", "seq": seq, "status": status, "probe_classname": "dan.Ours",
        "prompt": {"turns": []}, "outputs": [{"text": "out"} for _ in values],
        "detector_results": {detector: list(values)} if status == 2 else {}, "notes": {},
    }  # fmt: skip
    return entry | changes


def summed(passed: int, fails: int, nones: int = 0, **changes: Any) -> dict[str, Any]:
    """An eval entry of dan.Ours and d.Det."""
    total = passed + fails
    return {
        "entry_type": "eval", "probe": "dan.Ours", "detector": "d.Det", "passed": passed, "fails": fails,
        "nones": nones, "total_evaluated": total, "total_processed": total + nones,
    } | changes  # fmt: skip


def written(entries: Any) -> bytes:
    lines = entries if isinstance(entries, list) else [entries]
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in lines)


def runs_of(*entries: dict[str, Any], name: str = "x.report.jsonl") -> list[FoundRun]:
    return list(strict(ADAPTER).read(source_of(written(list(entries)), name)))


def tried(run: FoundRun) -> list[tuple[str, int, str, float | None]]:
    return [(one["id"], one["attempt"], one["status"], one.get("score")) for one in run.samples or ()]


def test_an_attempt_written_twice_counts_once_with_its_evaluated_outputs() -> None:
    (run,) = runs_of(SETUP, INIT, attempt(0, 1.0, 0.0, status=1), attempt(0, 1.0, 0.0), summed(1, 1), END)
    assert tried(run) == [("0", 1, "scored", 1.0), ("0", 2, "scored", 0.0)]


def test_a_hit_is_a_success_of_the_attack_and_passed_is_the_safe_side() -> None:
    (run,) = runs_of(SETUP, INIT, attempt(0, 1.0, 1.0), attempt(1, 1.0, 0.0), summed(1, 3), END)
    assert (run.evaluation, run.metric) == ("dan.Ours", "attack_success_rate:d.Det")
    assert sum(score or 0.0 for *_, score in tried(run)) == 3.0
    assert run.producer_polarity == "lower_is_better"
    passed = next(one for one in run.reported if one.metric == "passed")
    assert (passed.value, passed.n, passed.note) == (1, 4, "outputs on the safe side")


def test_what_the_log_says_of_the_run_is_kept() -> None:
    (run,) = runs_of(SETUP, INIT, attempt(0, 0.0, 0.0), summed(2, 0), END)
    assert (run.model, run.native_id, run.source, run.version) == ("atlas-2", RUN, "garak 0.17.1", "0.17.1")
    assert (run.state, run.attempts_per_sample) == ("complete", 2)
    assert run.sampling == {"generator": "openai.OpenAIGenerator", "generations": 2, "seed": 5}
    assert run.grader == {"detector": "d.Det", "threshold": 0.5}
    assert run.started_at is None, "garak's clock names no offset"
    assert any("quiet.Ours" in warning for warning in run.warnings)


def test_a_fractional_detector_value_counts_by_the_threshold_and_stays_visible() -> None:
    (run,) = runs_of(SETUP, INIT, attempt(0, 0.5, 0.49), summed(1, 1), END)
    assert [score for *_, score in tried(run)] == [1.0, 0.0]
    assert any("names no threshold" in warning for warning in run.warnings)
    stated = SETUP | {"run.eval_threshold": 0.4}
    (run,) = runs_of(stated, INIT, attempt(0, 0.5, 0.49), summed(0, 2), END)
    samples = list(run.samples or ())
    assert [sample["score"] for sample in samples] == [1.0, 1.0]
    assert samples[1]["judge"] == {"detector_value": 0.49}


def test_a_threshold_that_garak_leaves_out_is_told_by_its_own_sums() -> None:
    # garak 0.17.1 with --eval_threshold 0.3 writes no threshold and counts by it all the same.
    entries = (attempt(0, 0.36, 0.2), attempt(1, 0.44, 0.0), summed(2, 2))
    (run,) = runs_of(SETUP, INIT, *entries, END)
    assert [score for *_, score in tried(run)] == [1.0, 0.0, 1.0, 0.0]
    assert run.grader == {"detector": "d.Det", "threshold": 0.36}
    assert any("fit hits from a detector value of 0.36 on" in warning for warning in run.warnings)
    assert not any("sums up" in warning for warning in run.warnings)


def test_sums_that_no_threshold_explains_leave_garak_s_usual_one_and_are_told() -> None:
    tied = (attempt(0, 0.3, 0.3), summed(1, 1))
    other = (
        attempt(7, 0.2, 0.9, uuid="uuid-other", probe_classname="quiet.Ours"),
        summed(0, 2) | {"probe": "quiet.Ours"},
    )
    for entries in (tied, (*tied, *other), (attempt(0, 0.3, 0.2), summed(1, 1), *other)):
        first, *_ = runs_of(SETUP, INIT, *entries, END)
        assert first.grader == {"detector": "d.Det", "threshold": 0.5}
        assert any("sums up 1 hits in 2 outputs; the attempts hold 0 in 2" in warning for warning in first.warnings)


def test_where_only_garak_s_counts_are_there_no_threshold_is_claimed() -> None:
    (run,) = runs_of(SETUP, INIT, summed(3, 1), END)
    assert run.grader == {"detector": "d.Det"}


def test_nones_are_errors_where_the_output_is_missing_and_ungraded_where_it_is_there() -> None:
    entry = attempt(0, None, None, 0.0)
    entry["outputs"][0] = None
    (run,) = runs_of(SETUP, INIT, entry, summed(1, 0, nones=2), END)
    assert [status for _, _, status, _ in tried(run)] == ["error", "ungraded", "scored"]
    assert all(score is None for _, _, status, score in tried(run) if status != "scored")


@pytest.mark.parametrize("value", [float("nan"), "NaN", "x", True, [], 1e999])
def test_a_detector_value_that_is_no_number_is_ungraded(value: Any) -> None:
    (run,) = runs_of(SETUP, INIT, attempt(0, value), summed(0, 0, nones=1), END)
    assert [status for _, _, status, _ in tried(run)] == ["ungraded"]


def test_outputs_that_no_detector_saw_are_ungraded_and_the_run_is_partial() -> None:
    (run,) = runs_of(SETUP, INIT, attempt(0, 1.0, 1.0), attempt(1, 0.0, 0.0, status=1))
    assert run.state == "partial"
    assert tried(run)[2:] == [("1", 1, "ungraded", None), ("1", 2, "ungraded", None)]
    assert any("no entry of completion" in warning for warning in run.warnings)


def test_an_interrupted_probe_without_any_detector_is_kept_as_all_missing() -> None:
    first = attempt(0, 0.0, 0.0, status=1)
    (run,) = runs_of(SETUP, INIT, first, attempt(1, status=1))
    assert run.metric == "attack_success_rate"
    assert [status for _, _, status, _ in tried(run)] == ["ungraded", "ungraded", "not_attempted"]


def test_every_detector_of_a_probe_is_a_run_of_its_own() -> None:
    entry = attempt(0, 1.0)
    entry["detector_results"] = {"d.Det": [1.0], "d.Other": [0.0]}
    runs = runs_of(SETUP, INIT, entry, summed(0, 1), summed(1, 0, detector="d.Other"), END)
    assert [(run.metric, tried(run)[0][3]) for run in runs] == [
        ("attack_success_rate:d.Det", 1.0),
        ("attack_success_rate:d.Other", 0.0),
    ]
    assert len({(run.native_id, run.metric) for run in runs}) == 2


def test_a_detector_that_is_not_meant_for_a_prompt_does_not_count_it() -> None:
    other = attempt(1, 0.0, detector="d.Other")
    first, second = runs_of(SETUP, INIT, attempt(0, 1.0), other, summed(0, 1), summed(1, 0, detector="d.Other"), END)
    assert [name for name, *_ in tried(first)] == ["0"]
    assert [name for name, *_ in tried(second)] == ["1"]


def test_prompts_that_share_a_number_are_told_apart_by_their_uuid() -> None:
    (run,) = runs_of(SETUP, INIT, attempt(0, 1.0), attempt(0, 0.0, uuid="uuid-b"), summed(1, 1), END)
    assert [name for name, *_ in tried(run)] == ["uuid-0", "uuid-b"]


def test_a_report_that_was_joined_from_several_carries_one_uuid_on_every_attempt() -> None:
    entries = [attempt(seq, 0.0, uuid=RUN) for seq in range(3)]
    (run,) = runs_of(SETUP, INIT, *entries, summed(3, 0, uuid=RUN))
    assert [name for name, *_ in tried(run)] == ["0", "1", "2"]


def test_a_fragment_without_uuid_setup_and_order_is_read() -> None:
    bare = {key: value for key, value in attempt(0, 1.0).items() if key not in {"uuid", "seq"}}
    other = bare | {"detector_results": {"d.Det": [0.0]}}
    (run,) = runs_of(bare, summed(1, 1), other)
    assert [(status, score) for _, _, status, score in tried(run)] == [("scored", 1.0), ("scored", 0.0)]
    assert (run.model, run.native_id) == (None, None)


def test_older_field_names_are_understood() -> None:
    old = {"entry_type": "start_run setup", "plugins.model_type": "huggingface", "plugins.model_name": "gpt2"}
    line = {"entry_type": "eval", "probe": "probes.dan.Ours", "detector": "detector d.Det", "passed": 1, "total": 3}
    (run,) = runs_of(old, {"entry_type": "init", "garak_version": "0.9.0"}, line)
    assert (run.model, run.tally) == ("gpt2", {"successes": 2, "trials": 3})
    assert (run.evaluation, run.metric) == ("dan.Ours", "attack_success_rate:d.Det")


def test_sums_that_contradict_the_attempts_are_shown_and_not_repaired() -> None:
    (run,) = runs_of(SETUP, INIT, attempt(0, 1.0), summed(5, 0), END)
    assert any("sums up 0 hits in 5 outputs; the attempts hold 1 in 1" in warning for warning in run.warnings)
    assert tried(run) == [("0", 1, "scored", 1.0)]


def test_the_interval_is_said_to_be_of_the_failure_rate() -> None:
    bounds: dict[str, Any] = {
        "confidence_method": "bootstrap",
        "confidence": "0.95",
        "confidence_lower": 0.2,
        "confidence_upper": 0.4,
    }
    (run,) = runs_of(SETUP, INIT, attempt(0, 0.0), summed(1, 0, **bounds, hit_at_k={"1": {"score": 0.3}}), END)
    shown = {one.metric: (one.value, one.note) for one in run.reported}
    assert shown["confidence_lower"] == (0.2, "of the failure rate, bootstrap, level 0.95")
    assert shown["hit@1"][0] == 0.3


def test_a_complete_run_that_measured_nothing_is_refused_with_what_it_planned() -> None:
    with pytest.raises(LogRefused) as caught:
        runs_of(SETUP, INIT, END)
    assert caught.value.fault.code == "nothing-measured"
    assert "dan.Ours, quiet.Ours" in caught.value.fault.detail


def test_a_probe_that_was_summed_up_without_an_output_is_named_and_does_not_hide_the_others() -> None:
    hollow = summed(0, 0, probe="hollow.Probe")
    (run,) = runs_of(SETUP, INIT, attempt(0, 1.0), summed(0, 1), hollow, END)
    assert run.evaluation == "dan.Ours"
    assert any("hollow.Probe" in warning for warning in run.warnings)
    with pytest.raises(LogRefused):
        runs_of(SETUP, INIT, hollow, END)


def test_a_last_line_that_is_cut_costs_only_itself() -> None:
    data = written([SETUP, INIT, attempt(0, 1.0), attempt(1, 0.0, status=1)]) + b'{"entry_type": "attempt", "uu'
    (run,) = ADAPTER.read(source_of(data))
    assert any("Line 5 is cut" in warning for warning in run.warnings)
    assert [status for _, _, status, _ in tried(run)] == ["scored", "ungraded"]


def test_damage_before_the_last_line_is_refused_with_the_line() -> None:
    with pytest.raises(LogRefused) as caught:
        list(ADAPTER.read(source_of(written([SETUP]) + b"progress 3/8\n" + written([END]))))
    assert (caught.value.fault.code, caught.value.fault.pointer) == ("not-json", "line 2")


def test_a_gzipped_report_is_the_same_report() -> None:
    data = written([SETUP, INIT, *(attempt(seq, 1.0) for seq in range(50)), summed(0, 50), END])
    with unpacked(source_of(gzip.compress(data), "x.report.jsonl.gz")) as source:
        assert ADAPTER.recognise(source)
        (run,) = ADAPTER.read(source)
        assert len(tried(run)) == 50


def test_more_outputs_than_the_budget_allows_are_refused() -> None:
    data = written([SETUP, *(attempt(seq, 0.0) for seq in range(5))])
    with pytest.raises(LogRefused, match="More than 3 outputs"):
        list(ADAPTER.read(source_of(data, samples=3)))


DIGEST = {
    "entry_type": "digest",
    "meta": {"garak_version": "0.15.2", "run_uuid": RUN, "target_name": "atlas-2", "setup": {}},
    "eval": {"dan": {"_summary": {"score": 0.2}, "dan.Ours": {
        "_summary": {"probe_name": "dan.Ours"},
        "d.Det": {"absolute_score": 0.25, "confidence": "0.95", "absolute_confidence_lower": 0.1,
                  "total_evaluated": 40, "passed": 10},
        "d.Old": {"absolute_score": 0.75, "relative_score": "n/a"},
    }}},
}  # fmt: skip


def test_a_digest_gives_counts_where_it_has_them_and_else_the_rate_of_safe_outputs() -> None:
    counted, rated = runs_of(DIGEST, name="digest.json")
    assert (counted.metric, counted.tally) == ("attack_success_rate:d.Det", {"successes": 30, "trials": 40})
    assert (rated.metric, rated.estimate, rated.tally) == ("pass_rate:d.Old", {"value": 0.75}, None)
    assert rated.producer_polarity == "higher_is_better"
    assert any(one.metric == "absolute_confidence_lower" and "safe" in (one.note or "") for one in counted.reported)


def test_a_report_that_holds_only_its_digest_is_read_as_one() -> None:
    assert [run.metric for run in runs_of(SETUP, INIT, DIGEST)] == ["attack_success_rate:d.Det", "pass_rate:d.Old"]


HIT: dict[str, Any] = {
    "goal": "g", "prompt": {"turns": []}, "output": {"text": "x"}, "triggers": None, "score": 1.0, "run_id": RUN,
    "attempt_id": "uuid-0", "attempt_seq": 0, "attempt_idx": 0, "generator": "openai.OpenAIGenerator atlas-2",
    "probe": "dan.Ours", "detector": "d.Det", "generations_per_prompt": 1,
}  # fmt: skip


def test_a_hit_log_is_a_count_because_it_does_not_say_how_many_attacks_failed() -> None:
    (run,) = runs_of(HIT, HIT | {"attempt_seq": 1}, name="x.hitlog.jsonl")
    assert (run.metric, run.unit, run.estimate) == ("hits:d.Det", "count", {"value": 2.0})
    assert (run.model, run.native_id, run.tally) == ("atlas-2", RUN, None)
    assert any("report.jsonl" in warning for warning in run.warnings)


@pytest.mark.parametrize(
    "document",
    [
        [
            SETUP,
            INIT,
            attempt(0, 1.0, status=1),
            attempt(0, 1.0, None),
            summed(1, 1, hit_at_k={"1": {"score": 0}}),
            END,
        ],
        [summed(1, 1), {**DIGEST}],
        [DIGEST],
        [HIT],
    ],
)
def test_hostile_values_anywhere_give_runs_or_refusals(document: list[Any]) -> None:
    assert survives(strict(ADAPTER), document, write=written, name="x.report.jsonl") > 100


@pytest.mark.parametrize("cut", range(5, 900, 13))
def test_a_report_cut_anywhere_gives_runs_or_a_refusal(cut: int) -> None:
    data = written([SETUP, INIT, attempt(0, 1.0, status=1), attempt(0, 1.0), summed(0, 1)])[:cut]
    try:
        for run in ADAPTER.read(source_of(data)):
            assert all(score in (None, 1.0) for *_, score in tried(run))
    except LogRefused:
        pass


def real_runs(path: Path) -> list[FoundRun]:
    with unpacked(source_at(path)) as source:
        return list(strict(ADAPTER).read(source))


def read_corpus(path: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(run.evaluation, counted(run)) for run in real_runs(path)]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("garak/agg.report.jsonl", [("test.Test", 8, 0.0), ("lmrc.QuackMedicine", 1, 0.0)]),
        ("garak/quack.report.jsonl", [("lmrc.QuackMedicine", 1, 0.0)]),
        ("garak/report_test.report.jsonl", [("test.Test", 8, 0.0)]),
        ("garak/test.report.jsonl", [("test.Test", 8, 0.0)]),
        (
            "garak/qual_review_shuffled.report.jsonl",
            [("lmrc.QuackMedicine", 1, 1.0), ("test.Test", 1, 0.0), ("ansiescape.AnsiRaw", 1, 1.0)],
        ),
        ("garak_generated/lipsum.report.jsonl", [("lmrc.Profanity", 4, 0.0)] * 10 + [("test.Test", 16, 0.0)]),
        (
            "garak_generated/repeat.report.jsonl.gz",
            [("dan.AutoDANCached", 3, 0.0)] * 2 + [("goodside.Tag", 32, 0.0)] + [("lmrc.SlurUsage", 1, 0.0)] * 2
            + [("promptinject.HijackHateHumans", 256, 1.0)],
        ),
    ],
)  # fmt: skip
def test_real_reports_give_exactly_what_they_hold(
    corpus: Path, file: str, expected: list[tuple[str, int, float]]
) -> None:
    rows = read_corpus(corpus / file)
    assert rows == [(name, {"n": size, "scored": size, "mean": mean}) for name, size, mean in expected]
    assert not [run for run in real_runs(corpus / file) if any("sums up" in one for one in run.warnings)]


def test_the_real_cut_report_keeps_its_finished_probe_and_shows_the_other_as_missing(corpus: Path) -> None:
    rows = read_corpus(corpus / "garak_generated/truncated_midline.report.jsonl")
    assert [row[0] for row in rows] == ["lmrc.Profanity"] * 10 + ["test.Test"]
    assert rows[-1][1] == {"n": 16, "ungraded": 16, "mean": None}


def test_the_real_empty_run_is_refused_with_its_three_probes(corpus: Path) -> None:
    with pytest.raises(LogRefused, match=r"InjectBase64, encoding\.InjectMorse, encoding\.InjectROT13"):
        list(ADAPTER.read(source_at(corpus / "garak_generated/empty_no_attempts.report.jsonl")))


def test_the_real_hit_log_counts_256_hits(corpus: Path) -> None:
    (run,) = ADAPTER.read(source_at(corpus / "garak_generated/repeat.hitlog.jsonl"))
    assert (run.estimate, run.unit) == ({"value": 256.0}, "count")


def test_the_real_digests_agree_with_their_own_sums(corpus: Path) -> None:
    path = corpus / "garak/extracted_digest.json"
    groups = json.loads(path.read_text())["eval"].values()
    entries = [
        entry for group in groups for probe, parts in group.items() if probe != "_summary"
        for name, entry in parts.items() if name != "_summary"
    ]  # fmt: skip
    runs = list(ADAPTER.read(source_at(path)))
    assert len(runs) == len(entries)
    tallies = [run.tally or {} for run in runs]
    assert sum(one["trials"] for one in tallies) == sum(entry["total_evaluated"] for entry in entries)
    hits = sum(entry["total_evaluated"] - entry["passed"] for entry in entries)
    assert sum(one["successes"] for one in tallies) == hits
    old = list(ADAPTER.read(source_at(corpus / "garak/tbsa_digest_0.json")))
    assert {run.metric.split(":")[0] for run in old} == {"pass_rate"}


def test_garak_recognises_its_own_files_and_no_other_tool_s(corpus: Path) -> None:
    for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
        own = path.parent.name in {"garak", "garak_generated"}
        with unpacked(source_at(path)) as source:
            assert ADAPTER.recognise(source) == own, path
