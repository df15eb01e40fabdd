"""PaperBench: graded rubric trees, one paper each, in a grade file, a folder of them, or nanoeval records."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from evaluations.logs.archive import is_tar, is_zip, open_archive
from evaluations.logs.found import Adapter, FoundRun, Reported
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import number, sample_id, text_of, tolerant_json, verbatim, whole_number
from evaluations.report.document import Sample

MEMBERS = ("grade.json", "pb_result.json", "submission_grader_output_0.json", "expected_result.json")
"""Files of a run's folder that hold a grade; the first kind that an archive has is read."""
TABLES = (b"Model,Overall,Code Development,", b",accuracy,precision,recall,f1", b"Model,Reasoning Effort,F1 Score,")
END_OF_ATTEMPT = "[nanoeval] _evaluate_episode terminated with error"
METRIC = "replication_score"
TOLERANCE = 1e-6
LARGEST_LOOK = 64 * 1024 * 1024
"""Bytes of a compressed tar that are inflated to recognise it; a larger one needs its format named."""


@dataclass
class _Grade:
    """One paper's grade; `tree` is None where nobody graded."""

    paper: str
    place: str
    tree: dict[str, Any] | None
    run_id: str | None = None
    submitted: bool | None = None
    failed: bool = False
    code_only: bool = False
    """Whether only the development of the code was asked for and graded, which is another, easier benchmark."""
    judge: dict[str, Any] | None = None


def recognise(source: LogSource) -> bool:
    """Whether the head shows a rubric tree, a grade or a judge's table, or the archive holds grade files."""
    if is_zip(source) or is_tar(source):
        return _holds_grades(source)
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    if any(head.startswith(table) for table in TABLES):
        return True
    graded = b'"graded_task_tree"' in head or b'"paperbench_result"' in head or b'"pb_result"' in head
    rubric = b'"sub_tasks"' in head and b'"task_category"' in head
    return head.startswith(b"{") and (graded or rubric)


def _holds_grades(source: LogSource) -> bool:
    # To list a compressed tar is to inflate all of it, which is no cheap look.
    if not is_zip(source) and source.head().startswith(b"\x1f\x8b") and source.size > LARGEST_LOOK:
        return False
    try:
        names = open_archive(source).names()
    except LogRefused:
        return False
    return any(name.endswith(f"/{member}") or name == member for name in names for member in MEMBERS)


def read(source: LogSource) -> Iterator[FoundRun]:
    """Yield the one run of the file: a sample for every graded paper and try. Raises LogRefused."""
    source.refuse_empty()
    head = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")
    if any(head.startswith(table) for table in TABLES):
        raise LogRefused(
            "judge-table",
            "This table measures PaperBench's judge against people, not a model on the benchmark.",
            pointer=source.base_name,
            remedy="Send the grade files of a run.",
        )
    if is_zip(source) or is_tar(source):
        yield _of_archive(source)
    elif b'"record_type"' in head.partition(b"\n")[0][:4096]:
        yield _of_records(source)
    else:
        document = tolerant_json(source.whole(), place=source.base_name)
        run = _run([_grade(document, source.base_name)])
        run.warnings.append("The file holds one paper of the benchmark.")
        yield run


def _run(grades: Iterable[_Grade]) -> FoundRun:
    warnings: list[str] = []
    kinds: set[bool] = set()
    samples = []
    for one in grades:
        samples.append(_sample(one, warnings))
        kinds |= set() if one.failed else {one.code_only}
    if len(kinds) > 1:
        warnings.append("Some papers are graded by their code alone and others in full; the scores do not compare.")
    _number_attempts(samples)
    judges = [grade for sample in samples if (grade := sample.get("judge"))]
    return FoundRun(
        evaluation="PaperBench Code-Dev" if kinds == {True} else "PaperBench",
        metric=METRIC,
        source="PaperBench",
        samples=samples,
        grader=judges[0] if judges else None,
        warnings=list(dict.fromkeys(warnings)),
    )


def _number_attempts(samples: list[Sample]) -> None:
    """Number tries of a paper in their order; of one try that was recorded twice, the later record stands."""
    numbers: Counter[str] = Counter()
    known: dict[tuple[str, str], Sample] = {}
    for sample in samples:
        earlier = known.get((sample["id"], sample.get("uuid") or ""))
        if earlier is not None and sample.get("uuid"):
            earlier["superseded"], sample["attempt"] = True, earlier["attempt"]
        else:
            numbers[sample["id"]] += 1
            sample["attempt"] = numbers[sample["id"]]
        known[sample["id"], sample.get("uuid") or ""] = sample


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _grade(document: Any, place: str) -> _Grade:
    """Return the grade in any of its wrappings. Raises LogRefused for a rubric, or anything else."""
    if not isinstance(document, dict):
        raise LogRefused("wrong-type", "This is no grade.", pointer=place)
    result = document.get("paperbench_result", document if "paper_id" in document else None)
    if isinstance(result, dict):
        return _of_result(result, place)
    if "graded_task_tree" in document:
        return _of_judge(document, place)
    if "sub_tasks" not in document:
        raise LogRefused("wrong-type", "The file holds no rubric tree.", pointer=place)
    if "score" not in document:
        words = "This is a rubric: what would be graded, without a grade."
        raise LogRefused("nothing-measured", words, pointer=place, remedy="Send the grade of a submission.")
    return _Grade(sample_id(document.get("id")) or "a paper without an id", place, document)


def _of_judge(output: dict[str, Any], place: str) -> _Grade:
    tree = output.get("graded_task_tree")
    if not isinstance(tree, dict):
        raise LogRefused("wrong-type", "The judge's output holds no tree.", pointer=f"{place}/graded_task_tree")
    grade = _Grade(sample_id(tree.get("id")) or "a paper without an id", place, tree)
    config = _table(output.get("completer_config"))
    model = text_of(config.get("model")) or text_of(output.get("model_name"))
    grade.judge = {"type": text_of(output.get("judge_type")), "model": model}
    return grade


def _of_result(result: dict[str, Any], place: str) -> _Grade:
    output = result.get("judge_output", result.get("grader_output"))
    graded = isinstance(output, dict) and isinstance(output.get("graded_task_tree"), dict)
    grade = _of_judge(_table(output), place) if graded else _Grade("a paper without an id", place, None)
    grade.paper = sample_id(result.get("paper_id")) or grade.paper
    agent = _table(result.get("agent_output"))
    grade.run_id = text_of(result.get("run_id")) or text_of(agent.get("run_id"))
    grade.code_only = result.get("code_only") is True
    exists = result.get("submission_exists")
    grade.submitted = exists if isinstance(exists, bool) else None
    if result.get("grader_success") is False:
        grade.tree = None
    grade.failed = grade.tree is None and text_of(agent.get("error_msg")) is not None
    return grade


def _sample(grade: _Grade, warnings: list[str]) -> Sample:
    sample: Sample = {"id": grade.paper, "attempt": 1, "transcript": grade.place[:200]}
    if grade.run_id:
        sample["uuid"] = grade.run_id
    if grade.tree is None:
        lost = grade.failed or grade.submitted is False
        sample["status"] = "error" if lost else "ungraded"
        sample["error_origin"] = "system" if grade.failed else "unknown" if lost else "grader"
        return sample
    leaves, invalid, computed = _walk(grade.tree)
    sample["judge"] = {**(grade.judge or {}), "leaves": leaves, "invalid_leaves": invalid}
    score = number(grade.tree.get("score"))
    if score is None or not 0.0 <= score <= 1.0 or invalid == leaves:
        sample["status"], sample["error_origin"] = "ungraded", "grader"
        warnings.append(f"{grade.paper}: the grade is no valid score of the whole paper.")
        return sample
    sample["status"], sample["score"] = "scored", score
    if invalid:
        warnings.append(f"{grade.paper}: the judge failed on {invalid} of {leaves} leaves, which count as 0.")
    if computed is None or abs(computed - score) > TOLERANCE:
        warnings.append(f"{grade.paper}: the score {score} is not the weighted mean of its leaves ({computed}).")
    return sample


def _walk(node: dict[str, Any]) -> tuple[int, int, float | None]:
    """Return leaves, leaves without a valid score, and the weighted mean; None for it where a number is missing."""
    children = node.get("sub_tasks")
    if not isinstance(children, list) or not children:
        return 1, int(node.get("valid_score") is not True), number(node.get("score"))
    leaves = invalid = 0
    weighed, total = 0.0, 0.0
    sound = True
    for child in children:
        inner = _walk(_table(child))
        leaves, invalid = leaves + inner[0], invalid + inner[1]
        weight = number(_table(child).get("weight"))
        if inner[2] is None or weight is None or weight < 0.0:
            sound = False
        else:
            weighed, total = weighed + inner[2] * weight, total + weight
    if not sound or not math.isfinite(weighed) or not math.isfinite(total):
        return leaves, invalid, None
    # All weights zero counts as 0, as PaperBench has it.
    return leaves, invalid, weighed / total if total else 0.0


def _of_archive(source: LogSource) -> FoundRun:
    archive = open_archive(source)
    names = archive.names()
    for member in MEMBERS:
        if chosen := [name for name in names if name == member or name.endswith(f"/{member}")]:
            break
    else:
        raise LogRefused("nothing-measured", "The archive holds no grade file.", pointer=source.base_name)
    run = _run(_grade(tolerant_json(archive.read(name), place=name), name) for name in chosen)
    run.warnings.append(f"{len(chosen)} files named {member} were read; folders without one are not counted.")
    return run


def _of_records(source: LogSource) -> FoundRun:
    grades: list[_Grade] = []
    report: dict[str, Any] | None = None
    groups: set[str] = set()
    for line, data in source.lines():
        record = tolerant_json(data, place=f"line {line}")
        if not isinstance(record, dict):
            raise LogRefused("wrong-type", "The line is no record.", pointer=f"line {line}")
        kind, inner = record.get("record_type"), _table(record.get("data"))
        if kind == "final_report":
            report = _table(record.get("final_report"))
        elif kind == "extra" and "pb_result" in inner:
            grades.append(_grade_of_record(inner, f"line {line}"))
            if group := text_of(inner.get("run_group_id")):
                groups.add(group)
        elif kind == "error" and record.get("message") == END_OF_ATTEMPT:
            _failure(grades, record, f"line {line}")
        if len(grades) > source.budget.samples:
            raise LogRefused("too-many-samples", "The run has too many papers.", pointer=f"line {line}")
    if len(groups) > 1:
        raise LogRefused(
            "runs-mixed", f"The records belong to {len(groups)} run groups.", remedy="Send one file for each."
        )
    if not grades:
        raise LogRefused("nothing-measured", "No record holds a grade.", pointer=source.base_name)
    return _completed(_run(grades), report, next(iter(groups), None), len({grade.paper for grade in grades}))


def _grade_of_record(inner: dict[str, Any], place: str) -> _Grade:
    result = _table(inner.get("pb_result"))
    result = _table(result.get("paperbench_result", result))
    grade = _of_result(result, place)
    grade.run_id = grade.run_id or text_of(inner.get("run_id"))
    return grade


def _failure(grades: list[_Grade], record: dict[str, Any], place: str) -> None:
    name = sample_id(record.get("sample_id"))
    if name is not None:
        # The task's name is the run id, `{paper}_{uuid}`.
        grades.append(_Grade(name.rpartition("_")[0] or name, place, None, run_id=name, failed=True))


def _completed(run: FoundRun, report: dict[str, Any] | None, group: str | None, papers: int) -> FoundRun:
    run.native_id = group
    if group and "_run-group_" in group:
        run.tags.append(text_of(f"agent {group.rpartition('_run-group_')[2]}") or "agent")
    if report is None:
        run.state = "partial"
        return run
    parameters, metrics = _table(report.get("params")), _table(report.get("metrics"))
    tries, count = whole_number(parameters.get("n_tries")), whole_number(parameters.get("n_samples"))
    run.planned_samples = max(papers, count // tries) if tries and count else papers
    run.attempts_per_sample = tries or None
    run.reported = [
        Reported(metric=name, value=verbatim(metrics[name]), stderr=verbatim(metrics.get("std_err")))
        if name == "mean_score"
        else Reported(metric=name, value=verbatim(metrics[name]))
        for name in ("mean_score", "std_err", "n_complete_tries")
        if name in metrics
    ]
    return run


ADAPTER = Adapter(name="paperbench", title="PaperBench grades", recognise=recognise, read=read)
