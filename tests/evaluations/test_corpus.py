"""Every real file of the corpus through the same intake as a user's: read and measured, or kept with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluations import blobs, reading_logs
from evaluations.actors import SYSTEM
from evaluations.binding import Binding
from evaluations.models import Checkpoint, EvaluationRun, LogState, Subject
from evaluations.sample_queries import changes_between
from scorecard import tasks
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
FOLDERS = (
    "deepeval", "eee", "garak", "garak_generated", "hf_model_card", "inspect", "inspect_generated", "junit", "lm_eval",
    "lm_eval_generated", "metr", "mle_bench", "nanoeval", "openai_evals", "paperbench", "promptfoo_generated",
    "simple_evals", "swebench",
)  # fmt: skip
NOT_LOGS = {".py", ".yaml", ".yml"}
REFUSED = {
    "deepeval/": set(),
    "eee/aggregate.jsonl": {"nothing-measured"},
    "eee/eval.schema.json": {"format-not-recognised"},
    "eee/instance_level_eval.schema.json": {"format-not-recognised"},
    "eee/vectara_hallucination_leaderboard/source_rows.json": {"format-not-recognised"},
    "garak_generated/empty_no_attempts.report.jsonl": {"nothing-measured"},
    "inspect/test_skeleton/": {"not-an-inspect-log", "format-not-recognised"},
    "inspect_generated/truncated.json": {"truncated"},
    "inspect_generated/truncated_zip.eval": {"not-a-zip", "format-not-recognised"},
    "mle_bench/lfs_pointer_grading_report.json": {"git-lfs-pointer"},
    "paperbench/": {"nothing-measured", "judge-table", "format-not-recognised", "not-json", "empty"},
    "swebench/instance_report_broken.json": {"not-json", "format-not-recognised"},
    "swebench/instance_report_empty.json": {"empty"},
}
"""What is refused, and for which reasons; the longest beginning of a name that stands here speaks for it."""


def files(corpus: Path) -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((corpus / folder).rglob("*"))]
    return [path for path in found if path.is_file() and path.suffix not in NOT_LOGS]


def _reasons(name: str) -> set[str] | None:
    keys = [key for key in REFUSED if name.startswith(key) or (name.endswith(key.split("/", 1)[-1]) and "/" in key
            and name.startswith(key.split("/", 1)[0]))]  # fmt: skip
    return REFUSED[max(keys, key=len)] if keys else None


def test_every_file_is_read_and_measured_or_kept_with_the_right_reason(corpus: Path) -> None:
    subject = Subject.objects.create(slug="nova", name="Nova")
    Checkpoint.objects.create(subject=subject, name="nova-1")
    binding = Binding(checkpoint="nova-1", mitigation="post_mitigation")
    strays, refused = [], set()
    for path in files(corpus):
        name = str(path.relative_to(corpus))
        receipt = reading_logs.receive_log(
            blobs.put(path.read_bytes()), path.stat().st_size, name=name, format="auto", binding=binding, by=SYSTEM,
            at=NOW,
        )  # fmt: skip
        tasks.read_log(receipt.job.id)
        log = receipt.log
        log.refresh_from_db()
        codes = {fault["code"] for fault in log.faults}
        if log.state == LogState.QUARANTINED and codes <= (_reasons(name) or set()):
            refused.add(name)
        elif log.state != LogState.READ or codes:
            strays.append((name, log.state, log.faults[:1]))
    assert strays == []
    assert "garak_generated/empty_no_attempts.report.jsonl" in refused
    for job in tasks.queued("measure"):
        tasks.measure_run(job.id)
    assert not EvaluationRun.objects.exclude(state="measured").exists()
    for run in EvaluationRun.objects.filter(form="samples"):
        _is_honest(run)


def _is_honest(run: EvaluationRun) -> None:
    """Nothing lost looks like nothing missing, and an interval always has a width."""
    measurement = run.measurements.get()
    lost = sum(count for status, count in measurement.display["statuses"].items() if status != "scored")
    if measurement.tally is None:
        assert run.unit not in ("proportion", "percent") or run.report.get("completion", "complete") != "complete"
        return
    estimate = measurement.estimate
    assert estimate is not None
    assert measurement.tally["scored"] <= measurement.tally["expected"]
    assert estimate["low"] < estimate["high"]
    if lost and run.report.get("attempts_per_sample", 1) == 1 and not measurement.display["superseded_attempts"]:
        assert estimate["best_case"] < estimate["worst_case"], run


def test_a_publication_with_other_scores_revises_every_run_and_the_former_ones_remain(corpus: Path) -> None:
    subject = Subject.objects.create(slug="nova", name="Nova")
    Checkpoint.objects.create(subject=subject, name="nova-1")
    binding = Binding(checkpoint="nova-1", mitigation="pre_mitigation")
    for day in (11, 28):
        path = corpus / "metr" / f"all_runs_2025-01-{day}_head400.jsonl"
        receipt = reading_logs.receive_log(
            blobs.put(path.read_bytes()), path.stat().st_size, name=path.name, format="auto", binding=binding,
            by=SYSTEM, at=NOW,
        )  # fmt: skip
        tasks.read_log(receipt.job.id)
    receipt.log.refresh_from_db()
    assert {row["outcome"] for row in receipt.log.outcomes} == {"superseded"}
    changed = {}
    for run in EvaluationRun.objects.filter(superseded_by=None):
        former = run.supersedes.get()
        found = changes_between(former, run)
        assert found is not None
        assert (run.revision, former.revision, found.added, found.removed) == (2, 1, 0, 0)
        changed[run.metric] = found.changed
    assert changed == {"score": 133, "score_binarized": 2}
