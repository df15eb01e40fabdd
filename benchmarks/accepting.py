"""Accepting a log file (W1): bytes, digest and job are durable before anybody reads it; beside copying the bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import making
from benchmarks.child import accept
from benchmarks.peers import copied
from benchmarks.timing import Line, cpu_of

ROUNDS = 5


def _accepted(samples: int, folder: Path) -> Line:
    def fresh(work: Callable[[Path], object]) -> Callable[[], Callable[[], object]]:
        def prepare() -> Callable[[], object]:
            # A new file for both, because what the kernel does for the first copy of one counts as the copier's time.
            path = making.written(making.events(samples), folder / "accepted.jsonl")
            return lambda: work(path)

        return prepare

    product = cpu_of(fresh(accept), rounds=ROUNDS)
    limit = cpu_of(fresh(lambda path: copied(path, folder)), rounds=ROUNDS)
    size = (folder / "accepted.jsonl").stat().st_size
    return Line(
        f"accept a log of {size / 1e6:.1f} MB: bytes, digest, job", product, "copy, SHA-256 and fsync", limit, most=1.5
    )


def lines(folder: Path, *, largest: int) -> Iterator[Line]:
    """Measure for a log of some and one of some hundred megabytes."""
    for samples in (100_000, 1_000_000):
        if samples <= largest:
            yield _accepted(samples, folder)
