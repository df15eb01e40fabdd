"""Peak memory: each work in a process of its own, Django included, up to a million samples and heavy archives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import making
from benchmarks.timing import Line
from scorecard.environment import ROOT

MOST_MEBIBYTES = 300
ARCHIVES = (("light.eval", 10_000, 27_000), ("heavy.eval", 500, 528_000))
"""Name, samples, and bytes of a sample of the Inspect logs that are measured."""


@dataclass(frozen=True)
class Outcome:
    """What a child process said: CPU seconds, peak memory in MiB, and what came of its work."""

    seconds: float
    peak: float
    result: Any


def child(work: str, path: Path) -> Outcome:
    """Do one piece of work in a process of its own."""
    return told([sys.executable, "-m", "benchmarks.child", work, str(path)])


def told(command: list[str]) -> Outcome:
    """Run a command that prints an outcome as its last line. Raises CalledProcessError with what it said."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[-2:]} failed: {done.stderr[-2000:]}")
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def archive(name: str, folder: Path) -> Path:
    """Return one of the Inspect logs, written when it is first asked for."""
    path = folder / name
    if not path.exists():
        samples, size = next((samples, size) for known, samples, size in ARCHIVES if known == name)
        making.inspect_archive(path, samples=samples, sample_bytes=size)
    return path


def _memory(what: str, work: str, path: Path, *, most: float | None = MOST_MEBIBYTES) -> Line:
    return Line(f"peak memory: {what}", child(work, path).peak, unit="MiB", most=most)


def lines(folder: Path, *, largest: int) -> Iterator[Line]:
    """Measure the worker's path and the posting of whole reports."""
    small = making.written(making.table(100), folder / "small.csv")
    yield _memory("a worker that did nothing yet", "nothing", small, most=None)
    for samples in (size for size in (10_000, 100_000, 1_000_000) if size <= largest):
        path = making.written(making.table(samples), folder / "memory.csv")
        yield _memory(f"read and measure a CSV table of {samples:,}", "read-and-measure", path)
        path = making.written(making.events(samples), folder / "memory.jsonl")
        yield _memory(f"read and measure an OpenAI evals log of {samples:,}", "read-and-measure", path)
        path = making.written([making.report(samples)], folder / "memory.json")
        yield _memory(f"take in a posted report of {samples:,}", "post", path)
