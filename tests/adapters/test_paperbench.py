"""PaperBench grades: a paper is a sample, and its score is the weighted root of its rubric."""

from __future__ import annotations

import io
import json
import math
import tarfile
import zipfile
from pathlib import Path

import pytest

from evaluations.adapters.paperbench import ADAPTER, END_OF_ATTEMPT
from evaluations.logs.refusal import LogRefused
from tests.adapters.coherence import claimed, mean, samples_of, statuses
from tests.adapters.mutation import survives
from tests.adapters.sources import source_at, source_of

STAMP = "2026-01-02T03:04:05.000000+00:00"


def leaf(score: float, weight: int = 1, valid: bool = True):
    return {
        "id": f"leaf-{score}-{weight}", "requirements": "It runs.", "weight": weight, "score": score,
        "valid_score": valid, "task_category": "Code Execution", "explanation": "", "judge_metadata": None,
        "sub_tasks": [],
    }  # fmt: skip


def tree(*leaves, score: float = 0.75):
    return leaf(score) | {"id": "root-1", "task_category": None, "sub_tasks": list(leaves)}


TREE = tree(leaf(1.0, 3), leaf(0.0, 1))


def judged(graded=TREE):
    return {
        "judge_type": "simple", "score": 0.75, "num_leaf_nodes": 2, "num_invalid_leaf_nodes": 0,
        "graded_at": "2026-01-02T03-04-05-GMT", "graded_task_tree": graded,
        "completer_config": {"model": "judge-1"}, "token_usage": {"judge-1": {"in": 1, "out": 1}},
    }  # fmt: skip


def grade(paper: str = "rice", run_id: str | None = None, **changes):
    result = {
        "paper_id": paper, "run_id": run_id or f"{paper}_1", "submission_exists": True, "skipped_reproduction": False,
        "code_only": False, "resources_provided": False, "agent_output": None, "judge_output": judged(),
    }  # fmt: skip
    return {"paperbench_result": result | changes, "score": 0.75, "grader_log": ""}


def run_of(document, name: str = "grade.json"):
    (run,) = ADAPTER.read(source_of(json.dumps(document).encode(), name))
    return run


def refusal_of(data: bytes, name: str = "grade.json") -> LogRefused:
    with pytest.raises(LogRefused) as caught:
        list(ADAPTER.read(source_of(data, name)))
    return caught.value


def zipped(**members) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, document in members.items():
            archive.writestr(name.replace("__", "/") + ".json", json.dumps(document))
    return held.getvalue()


@pytest.mark.parametrize("document", [TREE, judged(), grade(), grade()["paperbench_result"]])
def test_a_grade_is_read_in_each_of_its_wrappings(document) -> None:
    run = run_of(document)
    (sample,) = samples_of(run)
    assert (sample["score"], sample["status"], run.metric) == (0.75, "scored", "replication_score")
    assert (sample["judge"]["leaves"], sample["judge"]["invalid_leaves"]) == (2, 0)
    assert run.warnings == ["The file holds one paper of the benchmark."]


def test_paper_run_and_judge_are_named() -> None:
    (sample,) = samples_of(run_of(grade()))
    assert (sample["id"], sample["uuid"], sample["judge"]["model"]) == ("rice", "rice_1", "judge-1")


def test_what_was_graded_by_its_code_alone_is_another_benchmark() -> None:
    alone = run_of(grade(code_only=True))
    assert (alone.evaluation, run_of(grade()).evaluation) == ("PaperBench Code-Dev", "PaperBench")
    mixed = zipped(a__grade=grade(code_only=True), b__grade=grade("lca"))
    (run,) = ADAPTER.read(source_of(mixed, "group.zip"))
    assert run.evaluation == "PaperBench"
    assert any("by their code alone" in warning for warning in run.warnings)


def test_results_of_april_2025_name_their_run_and_its_error_inside_the_agent_s_output() -> None:
    former = grade(code_only=True, agent_output={"run_id": "rice_05bb", "error_msg": None})
    for name in ("run_id", "submission_exists"):
        del former["paperbench_result"][name]
    (sample,) = run_of(former, "pb_result.json").samples or ()
    assert (sample["uuid"], sample["status"], sample["score"]) == ("rice_05bb", "scored", 0.75)
    broken = {"agent_output": {"run_id": "rice_05bb", "error_msg": "the container died"}, "judge_output": None}
    former["paperbench_result"] |= broken
    (sample,) = run_of(former, "pb_result.json").samples or ()
    assert (sample["status"], sample["error_origin"], sample.get("score")) == ("error", "system", None)


def test_a_judge_that_failed_on_every_leaf_leaves_the_paper_ungraded() -> None:
    run = run_of(tree(leaf(0.0, valid=False), leaf(0.0, valid=False), score=0.0))
    assert statuses(samples_of(run)) == {"ungraded/grader": 1}


def test_a_judge_that_failed_on_some_leaves_is_warned_of() -> None:
    run = run_of(tree(leaf(1.0, 3), leaf(0.0, 1, valid=False)))
    assert statuses(samples_of(run)) == {"scored": 1}
    assert "failed on 1 of 2 leaves" in run.warnings[0]


def test_a_score_that_is_not_the_weighted_mean_is_kept_and_warned_of() -> None:
    run = run_of(tree(leaf(1.0), leaf(0.0), score=0.9))
    assert samples_of(run)[0]["score"] == 0.9
    assert "is not the weighted mean of its leaves (0.5)" in run.warnings[0]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"judge_output": None}, "ungraded/grader"),
        ({"judge_output": None, "submission_exists": False}, "error/unknown"),
        ({"judge_output": judged(tree(leaf(1.0), score=math.nan))}, "ungraded/grader"),
        ({"judge_output": judged(tree(leaf(1.0), score=7.0))}, "ungraded/grader"),
    ],
)
def test_what_nobody_graded_has_no_score_although_the_file_says_zero(changes, status) -> None:
    assert statuses(samples_of(run_of(grade(**changes) | {"score": 0.0}))) == {status: 1}


def test_the_folder_of_a_run_group_is_read_from_a_zip_or_tar() -> None:
    data = zipped(g__rice_1__grade=grade(), g__rice_2__grade=grade(run_id="rice_2"), g__ftrl_1__grade=grade("ftrl"))
    assert ADAPTER.recognise(source_of(data, "group.zip"))
    (run,) = ADAPTER.read(source_of(data, "group.zip"))
    assert [(each["id"], each["attempt"], each["transcript"]) for each in samples_of(run)] == [
        ("rice", 1, "g/rice_1/grade.json"), ("rice", 2, "g/rice_2/grade.json"), ("ftrl", 1, "g/ftrl_1/grade.json"),
    ]  # fmt: skip
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        member = tarfile.TarInfo("g/rice_1/grade.json")
        body = json.dumps(grade()).encode()
        member.size = len(body)
        archive.addfile(member, io.BytesIO(body))
    source = source_of(held.getvalue(), "group.tar.gz")
    assert ADAPTER.recognise(source)
    assert len(samples_of(*ADAPTER.read(source))) == 1


def test_an_archive_without_grades_is_not_claimed() -> None:
    assert not ADAPTER.recognise(source_of(zipped(g__rubric=TREE), "group.zip"))
    assert refusal_of(zipped(g__rubric=TREE), "group.zip").fault.code == "nothing-measured"


def record(kind: str, **fields):
    return {"timestamp": STAMP, "record_type": kind, "sample_id": None, "group_id": None} | fields


def extra(paper: str, run_id: str, group: str = "2026_run-group_agent-1", **changes):
    data = {"run_group_id": group, "run_id": run_id, "pb_result": grade(paper, run_id, **changes)}
    return record("extra", data=data)


FINAL = record(
    "final_report",
    final_report={
        "params": {"paper_split": "dev", "n_tries": 2, "n_samples": 6, "agent": "agent-1"},
        "run_health": {"n_rollouts_failed": 0},
        "metrics": {"mean_score": math.nan, "std_err": math.nan, "n_complete_tries": 0, "mean_score_by_paper": {}},
    },
)


def lines(*records) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in records)


def test_records_of_a_run_group_are_tries_of_papers() -> None:
    died = record("error", message=END_OF_ATTEMPT, error="x") | {"sample_id": "ftrl_9"}
    (run,) = ADAPTER.read(
        source_of(lines(record("run_started"), extra("rice", "rice_1"), extra("rice", "rice_2"), died, FINAL))
    )
    samples = samples_of(run)
    assert (statuses(samples), mean(samples)) == ({"scored": 2, "error/system": 1}, 0.75)
    assert [(each["id"], each["attempt"]) for each in samples] == [("rice", 1), ("rice", 2), ("ftrl", 1)]
    assert (run.planned_samples, run.attempts_per_sample, run.state) == (3, 2, "complete")
    assert (run.native_id, run.tags) == ("2026_run-group_agent-1", ["agent agent-1"])
    assert [(each.metric, each.value) for each in run.reported] == [
        ("mean_score", "NaN"), ("std_err", "NaN"), ("n_complete_tries", 0),
    ]  # fmt: skip


def test_of_a_try_that_was_recorded_twice_the_later_record_stands() -> None:
    better = judged(tree(leaf(1.0), score=1.0))
    (run,) = ADAPTER.read(source_of(lines(extra("rice", "rice_1"), extra("rice", "rice_1", judge_output=better))))
    assert (mean(samples_of(run)), run.state) == (1.0, "partial")


def test_records_of_the_older_kind_are_read_and_failed_graders_leave_no_score() -> None:
    def old(success: bool):
        result = {"paper_id": "rice", "grader_success": success, "grader_output": judged()}
        return record("extra", data={"run_group_id": "g", "run_id": f"rice_{success}", "pb_result": result})

    (run,) = ADAPTER.read(source_of(lines(old(True), old(False))))
    assert statuses(samples_of(run)) == {"scored": 1, "ungraded/grader": 1}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (json.dumps(TREE).encode()[:150], "not-json"),
        (b'{"a": 1}', "wrong-type"),
        (json.dumps(judged(3)).encode(), "wrong-type"),
        (lines(record("run_started"), FINAL), "nothing-measured"),
        (lines(extra("rice", "rice_1"), extra("rice", "rice_2", "other")), "runs-mixed"),
        (lines(extra("rice", "rice_1"), 3), "wrong-type"),
        (b"Model,Overall,Code Development,Code Execution\nx,1,1,1\n", "judge-table"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, code: str) -> None:
    assert refusal_of(data).fault.code == code


def test_a_rubric_is_recognised_and_refused_as_no_grade() -> None:
    rubric = {"id": "r", "requirements": "It runs.", "weight": 1, "sub_tasks": [], "task_category": None}
    data = json.dumps(rubric).encode()
    assert ADAPTER.recognise(source_of(data))
    assert refusal_of(data).fault.detail.startswith("This is a rubric")


def test_hostile_values_give_runs_or_refusals() -> None:
    def write(value):
        return json.dumps(value).encode()

    assert survives(ADAPTER, grade(), write=write, name="grade.json") > 400
    records = [record("run_started"), extra("rice", "rice_1"), FINAL]
    assert survives(
        ADAPTER, records, write=lambda value: lines(*value) if isinstance(value, list) else write(value), name="r.jsonl"
    )


def test_a_very_deep_tree_is_refused() -> None:
    node = leaf(1.0)
    for _ in range(80):
        node = tree(node, score=1.0)
    assert refusal_of(json.dumps(node).encode()).fault.code == "too-deep"


SCORES = {
    "all-in-one": (0.7139351851851852, 174),
    "rice": (0.18568121693121692, 361),
    "semantic-self-consistency": (0.9099999999999999, 79),
    "stay-on-topic-with-classifier-free-guidance": (0.48152958152958153, 116),
}


@pytest.mark.parametrize("paper", list(SCORES))
def test_the_public_grades_have_their_scores(corpus: Path, paper: str) -> None:
    path = corpus / "paperbench" / paper / "0" / "grading" / "expected_result.json"
    (run,) = ADAPTER.read(source_at(path))
    (sample,) = samples_of(run)
    assert (sample["score"], sample["judge"]["leaves"], sample["judge"]["invalid_leaves"]) == (*SCORES[paper], 0)
    assert run.warnings == ["The file holds one paper of the benchmark."]


def test_the_public_rubrics_and_judge_tables_are_refused(corpus: Path) -> None:
    codes = {}
    for path in sorted((corpus / "paperbench").glob("*.*")):
        with pytest.raises(LogRefused) as caught:
            list(ADAPTER.read(source_at(path)))
        codes[path.name] = caught.value.fault.code
    assert codes == {
        "empty.json": "nothing-measured", "nested_hex_flags.json": "nothing-measured",
        "metrics_table_o1-2024-12-17_high.csv": "judge-table", "perf_table.csv": "judge-table",
        "perf_cost_table.csv": "judge-table",
    }  # fmt: skip


def test_all_and_only_its_own_files_of_the_corpus_are_claimed(corpus: Path) -> None:
    files = (path for path in (corpus / "paperbench").rglob("*") if path.is_file())
    assert claimed(ADAPTER, corpus) == {str(path.relative_to(corpus)) for path in files}
