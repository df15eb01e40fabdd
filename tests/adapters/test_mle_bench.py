"""MLE-bench grading reports become medals of competitions."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from evaluations.adapters.mle_bench import ADAPTER
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, mean, samples_of, statuses
from tests.adapters.mutation import survives
from tests.adapters.sources import source_at, source_of

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"


def row(name: str, **changes):
    return {
        "competition_id": name, "score": 0.5, "gold_threshold": 0.9, "any_medal": True, "gold_medal": False,
        "silver_medal": True, "bronze_medal": False, "above_median": True, "submission_exists": True,
        "valid_submission": True, "is_lower_better": False, "created_at": "2025-10-02T00:42:36.373212",
        "submission_path": "x.csv",
    } | changes  # fmt: skip


def report(*rows, **changes):
    medals = sum(each["any_medal"] is True for each in rows)
    return {
        "total_runs": len(rows), "total_runs_with_submissions": len(rows), "total_valid_submissions": len(rows),
        "total_medals": medals, "total_silver_medals": medals, "competition_reports": list(rows),
    } | changes  # fmt: skip


def runs_of(document):
    return {run.metric: run for run in ADAPTER.read(source_of(json.dumps(document).encode(), "grading_report.json"))}


def refusal_of(data: bytes) -> LogRefused:
    with pytest.raises(LogRefused) as caught:
        list(ADAPTER.read(source_of(data, "grading_report.json")))
    return caught.value


INVALID = {"score": None, "any_medal": False, "silver_medal": False, "above_median": False, "valid_submission": False}


def test_each_kind_of_medal_is_a_run_over_all_competitions() -> None:
    runs = runs_of(report(row("a"), row("b", any_medal=False, silver_medal=False)))
    assert list(runs) == ["any_medal", "gold_medal", "silver_medal", "bronze_medal", "above_median"]
    assert [mean(samples_of(run)) for run in runs.values()] == [0.5, 0.0, 0.5, 0.0, 1.0]
    assert {run.planned_samples for run in runs.values()} == {2}
    assert next((each.metric, each.value, each.n) for each in runs["any_medal"].reported) == ("total_medals", 1, 2)


def test_raw_scores_make_no_run_because_lower_is_better_in_some_rows() -> None:
    run = runs_of(report(row("a", is_lower_better=True, score=3.5)))["any_medal"]
    assert samples_of(run)[0]["judge"] == {"score": 3.5, "lower_is_better": True}


def test_an_invalid_submission_has_no_medal_and_the_warning_says_so() -> None:
    run = runs_of(report(row("a"), row("b", **INVALID)))["any_medal"]
    assert statuses(samples_of(run)) == {"scored": 2}
    assert "1 submissions were invalid" in run.warnings[0]


def test_a_row_without_a_submission_has_no_score() -> None:
    run = runs_of(report(row("a"), row("b", **INVALID, submission_exists=False)))["any_medal"]
    assert statuses(samples_of(run)) == {"scored": 1, "error/unknown": 1}
    assert any("counts 2 submissions, its rows 1" in words for words in run.warnings)


def test_seeds_of_one_competition_are_attempts() -> None:
    run = runs_of(report(row("a"), row("a"), row("b")))["any_medal"]
    assert [(each["id"], each["attempt"]) for each in samples_of(run)] == [("a", 1), ("a", 2), ("b", 1)]
    assert run.planned_samples == 2


def test_runs_that_are_counted_and_not_listed_stay_planned() -> None:
    run = runs_of(report(row("a"), total_runs=75))["any_medal"]
    assert run.planned_samples == 75
    assert any("counts 75 runs and lists 1" in words for words in run.warnings)


def test_a_single_competition_report_is_read_as_well() -> None:
    assert len(samples_of(runs_of(row("a"))["gold_medal"])) == 1


def test_a_git_lfs_pointer_is_refused_with_the_way_to_the_file() -> None:
    assert ADAPTER.recognise(source_of(POINTER))
    fault = refusal_of(POINTER).fault
    assert (fault.code, "git lfs pull" in fault.remedy) == ("git-lfs-pointer", True)


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (json.dumps(report(row("a"))).encode()[:200], "not-json", "grading_report.json"),
        (b"", "empty", ""),
        (json.dumps(report()).encode(), "nothing-measured", "/competition_reports"),
        (b"[1]", "wrong-type", "/competition_reports"),
        (json.dumps(report(row("a"), row("b", competition_id=None))).encode(), "wrong-type", "/competition_reports/1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, code: str, pointer: str) -> None:
    fault = refusal_of(data).fault
    assert (fault.code, fault.pointer) == (code, pointer)


def test_a_number_that_is_none_is_shown_as_text() -> None:
    run = runs_of(report(row("a"), total_medals=math.nan))["any_medal"]
    assert run.reported[0].value == "NaN"
    samples_of(run)


def test_hostile_values_give_runs_or_refusals() -> None:
    document = report(row("a"), row("b", **INVALID))
    assert survives(ADAPTER, document, write=lambda value: json.dumps(value).encode(), name="r.json") > 300


@pytest.mark.parametrize(
    ("group", "scored", "medals"),
    [(1, 73, (32, 18, 7, 7, 39)), (2, 74, (34, 16, 12, 6, 37)), (3, 75, (32, 17, 9, 6, 40))],
)
def test_the_public_reports_have_their_medals(corpus: Path, group: int, scored: int, medals: tuple[int, ...]) -> None:
    path = corpus / "mle_bench" / f"grading_report_group_{group}.json"
    assert ADAPTER.recognise(source_at(path))
    runs = list(ADAPTER.read(source_at(path)))
    for run, count in zip(runs, medals, strict=True):
        samples = samples_of(run)
        assert (len(samples), run.planned_samples) == (75, 75)
        assert statuses(samples) == {"scored": scored} | ({"error/unknown": 75 - scored} if scored < 75 else {})
        assert mean(samples) == count / scored
        assert (run.reported[0].value, run.reported[0].n) == (count, 75)


def test_the_public_pointer_is_refused(corpus: Path) -> None:
    path = corpus / "mle_bench" / "lfs_pointer_grading_report.json"
    assert ADAPTER.recognise(source_at(path))
    with pytest.raises(LogRefused, match="pointer that Git LFS keeps"):
        list(ADAPTER.read(source_at(path)))


def test_no_other_file_of_the_corpus_is_claimed(corpus: Path) -> None:
    assert claimed(ADAPTER, corpus) == {
        "mle_bench/grading_report_group_1.json",
        "mle_bench/grading_report_group_2.json",
        "mle_bench/grading_report_group_3.json",
        "mle_bench/lfs_pointer_grading_report.json",
    }
