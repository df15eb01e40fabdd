"""Taking evidence in (W1): reports and logs of 100 to 1,000,000 samples, beside a row per sample and the raw bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from django.utils import timezone

from benchmarks import making
from benchmarks.child import read
from benchmarks.peers import kept_raw, prepare_peer, serializer_and_bulk_create
from benchmarks.timing import SIZES, Line, cpu, cpu_of
from evaluations.actors import SYSTEM
from evaluations.intake import receive
from evaluations.models import Checkpoint, Subject
from scorecard.models import Programme

LOGS: tuple[tuple[str, Callable[[int], Iterator[bytes]]], ...] = (
    ("events.jsonl", making.events),
    ("table.csv", making.table),
)
TITLES = {"events.jsonl": "OpenAI evals log", "table.csv": "CSV table"}
LEAST_FOR_TARGETS = 10_000
"""Samples from which on the targets hold: below, a transaction costs more than its samples."""


def prepare_catalogue() -> None:
    """Register what the reports are about."""
    programme = Programme.objects.order_by("slug").values_list("id", flat=True).first() or ""
    facts = {"name": "bench", "programme": programme}
    subject, _ = Subject.objects.get_or_create(slug="bench", defaults=facts)
    Checkpoint.objects.get_or_create(name=making.MODEL, defaults={"subject": subject})


def take_in(raw: bytes) -> None:
    """The product: strict parse, checks, columns, Parquet block, digest and tree, rows and the ledger entry."""
    receive(raw, by=SYSTEM, at=timezone.now())


def _reports(samples: int, rounds: int, folder: Path) -> Iterator[Line]:
    def fresh(work: Callable[[bytes], None]) -> Callable[[], Callable[[], object]]:
        def prepare() -> Callable[[], object]:
            raw = making.report(samples)
            return lambda: work(raw)

        return prepare

    product = cpu_of(fresh(take_in), rounds=rounds)
    peer = cpu_of(fresh(serializer_and_bulk_create), rounds=rounds)
    limit = cpu_of(fresh(lambda raw: kept_raw(raw, folder)), rounds=rounds)
    counts = samples >= LEAST_FOR_TARGETS
    what = f"report of {samples:,} samples"
    yield Line(what, product, "DRF serializer and bulk_create", peer, most=1 / 6 if counts else None)
    yield Line(what, product, "Zstandard, SHA-256, fsync of the bytes", limit, most=6 if counts else None)


def _logs(samples: int, rounds: int, folder: Path) -> Iterator[Line]:
    for name, make in LOGS:

        def prepare(name: str = name, make: Callable[[int], Iterator[bytes]] = make) -> Callable[[], object]:
            path = making.written(make(samples), folder / name)
            return lambda: read(path)

        product = cpu_of(prepare, rounds=rounds)
        raw = (folder / name).read_bytes()
        limit = cpu(lambda raw=raw: kept_raw(raw, folder), rounds=rounds)
        what = f"{TITLES[name]} of {samples:,} samples"
        yield Line(what, product, "Zstandard, SHA-256, fsync of the bytes", limit)


def lines(folder: Path, *, largest: int) -> Iterator[Line]:
    """Measure every size up to the largest."""
    prepare_peer()
    take_in(making.report(100))
    sizes = [(samples, rounds) for samples, rounds in SIZES.items() if samples <= largest]
    for samples, rounds in sizes:
        yield from _reports(samples, rounds, folder)
    for samples, rounds in sizes:
        yield from _logs(samples, min(rounds, 3), folder)
