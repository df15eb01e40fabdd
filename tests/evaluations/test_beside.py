"""What is shown beside the estimate: both bootstraps of repeated attempts, and the time horizon of timed tasks."""

from __future__ import annotations

from typing import Any

import pytest

from evaluations.beside import shown_beside, shown_horizon
from evaluations.samples import SampleColumns

Rows = list[dict[str, Any]]


def columns(rows: Rows, unit: str = "proportion") -> SampleColumns:
    return SampleColumns.of(rows, unit=unit)  # type: ignore[arg-type]


def timed(**changes: Any) -> Rows:
    """Eight tasks of 1 to 128 minutes in four families, three attempts each, of which fewer succeed the longer."""
    return [
        {
            "id": f"task-{place}", "attempt": attempt, "score": float(attempt * 3 > place), "cluster": f"f{place % 4}",
            "judge": {"human_minutes": float(2**place), "invsqrt_task_weight": 0.5}, **changes,
        }
        for place in range(8)
        for attempt in (1, 2, 3)
    ]  # fmt: skip


def repeated() -> Rows:
    return [
        {"id": f"t{task}", "attempt": attempt, "score": float((task + attempt) % 3 == 0)}
        for task in range(6)
        for attempt in (1, 2, 3, 4)
    ]


def test_repeated_attempts_are_resampled_with_the_tasks_fixed_and_beside_it_the_tasks() -> None:
    found = {row["method"].partition(",")[0]: row for row in shown_beside(columns(repeated()))}
    assert {"bootstrap attempts", "bootstrap items", "bootstrap items and attempts"} <= set(found)
    attempts, tasks = found["bootstrap attempts"], found["bootstrap items"]
    assert attempts["point"] == pytest.approx(tasks["point"])
    assert "the dataset is treated as fixed" in attempts["notes"][0]
    assert (attempts["n"], tasks["n"]) == (6, 6)


def test_tasks_with_human_minutes_have_a_horizon_with_its_interval_and_tasks() -> None:
    found = shown_horizon(columns(timed()))
    assert found is not None
    assert (found["n"], found["n_eff"], found["attempts"], found["unscored"]) == (8, 4, 24, 0)
    assert found["low"] < found["point"] < found["high"]
    assert (found["shortest"], found["longest"]) == (1.0, 128.0)


def test_superseded_attempts_are_no_part_of_it_and_unscored_ones_are_counted() -> None:
    lost: Rows = [
        {"id": "task-0", "attempt": 4, "status": "error", "judge": {"human_minutes": 1.0}},
        {"id": "task-0", "attempt": 1, "score": 0.0, "superseded": True, "judge": {"human_minutes": 1.0}},
    ]
    plain, found = shown_horizon(columns(timed())), shown_horizon(columns([*timed(), *lost]))
    assert plain is not None
    assert found is not None
    assert found["point"] == plain["point"]
    assert (found["attempts"], found["unscored"]) == (24, 1)


def test_samples_without_minutes_have_none() -> None:
    assert shown_horizon(columns(repeated())) is None
    assert shown_horizon(columns([{"id": "a", "score": 1.0, "judge": {"human_minutes": "ten"}}])) is not None


@pytest.mark.parametrize(
    ("rows", "unit", "reason"),
    [
        (timed(score=0.0), "proportion", "nothing succeeded"),
        ([{"id": "a", "score": 1.7, "judge": {"human_minutes": 4.0}}], "score", "must lie in [0, 1]"),
        (
            [{"id": "a", "score": 1.0, "judge": {"human_minutes": None}}],
            "proportion",
            "no attempt at a task with human minutes",
        ),
    ],
)
def test_where_there_is_no_horizon_the_reason_stands_in_its_place(rows: Rows, unit: str, reason: str) -> None:
    found = shown_horizon(columns(rows, unit))
    assert found is not None
    assert found["point"] is None
    assert reason in found["notes"][0]
