"""Inspect logs (W6): the worker's reading beside Inspect's own reader, and beside inflating and hashing the file."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.memory import ARCHIVES, MOST_MEBIBYTES, Outcome, archive, child, told
from benchmarks.timing import Line
from scorecard.environment import ROOT

PEER_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
ABSENT = "peer not installed: make bench-peers"
TARGETS = {"light.eval": 1 / 15, "heavy.eval": 1 / 4}
ROUNDS = 3


def _typical(outcomes: list[Outcome]) -> Outcome:
    seconds = statistics.median(outcome.seconds for outcome in outcomes)
    return Outcome(seconds, max(outcome.peak for outcome in outcomes), outcomes[0].result)


def _peer(path: Path) -> Outcome | None:
    if not PEER_PYTHON.exists():
        return None
    return _typical([told([str(PEER_PYTHON), "benchmarks/inspect_peer.py", str(path)]) for _ in range(ROUNDS)])


def lines(folder: Path, *, largest: int) -> Iterator[Line]:
    """Measure a log of many light samples and one of few heavy samples."""
    print(f"# {sys.executable} beside {PEER_PYTHON if PEER_PYTHON.exists() else ABSENT}", file=sys.stderr)
    for name, samples, size in ARCHIVES:
        path = archive(name, folder)
        what = f"Inspect log, {samples:,} samples of {size / 1000:.0f} kB ({path.stat().st_size / 1e6:.0f} MB)"
        product = _typical([child("read", path) for _ in range(ROUNDS)])
        limit = _typical([child("limit", path) for _ in range(ROUNDS)])
        peer = _peer(path)
        if peer is None:
            yield Line(what, product.seconds, ABSENT)
        else:
            yield Line(what, product.seconds, "`inspect_ai.log.read_eval_log`", peer.seconds, most=TARGETS[name])
        yield Line(what, product.seconds, "inflate all, SHA-256 of the file", limit.seconds, most=2)
        other = None if peer is None else peer.peak
        yield Line(f"peak memory: {what}", product.peak, "the same", other, unit="MiB")
        yield Line(f"peak memory: {what}", product.peak, unit="MiB", most=MOST_MEBIBYTES)
