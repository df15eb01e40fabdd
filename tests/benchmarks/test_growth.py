"""How the cost of taking evidence in grows; ratios inside one process, so that the machine does not matter."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from benchmarks import making
from benchmarks.timing import cpu
from evaluations import blobs, reading_logs
from evaluations.actors import SYSTEM
from evaluations.binding import Binding
from evaluations.intake import receive
from evaluations.measuring import measure
from evaluations.models import Checkpoint, EvaluationRun, Subject
from evaluations.samples import SampleColumns

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

ROUNDS = 5
LARGEST_GROWTH = 2.2 * 1.15
"""Twice the samples may cost 2.2 times as much; the rest is for what disturbs a measurement."""


@pytest.fixture(autouse=True)
def catalogue(db: None) -> None:
    subject = Subject.objects.create(slug="bench", name="bench")
    Checkpoint.objects.create(subject=subject, name=making.MODEL)


def report(samples: int) -> Callable[[], object]:
    raw = making.report(samples)
    return lambda: receive(raw, by=SYSTEM, at=timezone.now())


def log_of(make: Callable[[int], Iterator[bytes]], name: str) -> Callable[[int], Callable[[], object]]:
    def prepare(samples: int) -> Callable[[], object]:
        raw = b"".join(make(samples))
        receipt = reading_logs.receive_log(
            blobs.put(raw), len(raw), name=name, format="auto", binding=Binding(), by=SYSTEM, at=timezone.now()
        )

        def work() -> None:
            reading = reading_logs.read(receipt.log, at=timezone.now())
            assert reading_logs.write(receipt.log, reading, by=SYSTEM, at=timezone.now())[0].run.sample_count == samples

        return work

    return prepare


def measurement(samples: int) -> Callable[[], object]:
    run = receive(making.report(samples), by=SYSTEM, at=timezone.now()).run
    return lambda: measure(run, at=timezone.now())


WORKS = {
    "a report": report,
    "an OpenAI evals log": log_of(making.events, "events.jsonl"),
    "a CSV table": log_of(making.table, "table.csv"),
    "measuring": measurement,
}


def fastest(prepare: Callable[[int], Callable[[], object]], samples: int) -> float:
    """Least CPU seconds of several rounds: whatever disturbs a round makes it longer."""
    prepared = [prepare(samples) for _ in range(ROUNDS)]
    gc.collect()
    return min(cpu(work, rounds=1) for work in prepared)


@pytest.mark.parametrize("name", WORKS)
def test_twice_the_samples_cost_about_twice_as_much(name: str) -> None:
    fastest(WORKS[name], 1_000)
    half, whole = (fastest(WORKS[name], samples) for samples in (20_000, 40_000))
    assert whole / half <= LARGEST_GROWTH


def test_a_full_store_takes_in_a_report_as_cheaply_as_an_empty_one() -> None:
    fastest(report, 100)
    empty = fastest(report, 1_000)
    for number in range(400):
        report(3 + number % 5)()
    assert EvaluationRun.objects.count() > 400
    assert fastest(report, 1_000) / empty <= 1.2 * 1.15


def test_columns_take_tens_of_bytes_a_sample() -> None:
    rows = [
        {"id": f"task-{number:07d}", "score": float(number % 2), "transcript": f"line {number}"}
        for number in range(50_000)
    ]
    tracemalloc.start()
    columns = SampleColumns.of(rows, unit="proportion")
    columns.hashed()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / len(columns) < 90
