"""Measuring: CPU seconds, because other programs share the machine, and the median of several rounds."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

SIZES = {100: 5, 1_000: 5, 10_000: 5, 100_000: 3, 1_000_000: 1}
"""Samples -> rounds."""
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Line:
    """One line of the table: what the product takes, and what something else takes for the same work."""

    what: str
    value: float
    against: str = ""
    other: float | None = None
    unit: str = "s"
    most: float | None = None
    """The target: the largest ratio, or where nothing is compared the largest value."""

    @property
    def ratio(self) -> float | None:
        """How many times as much the product takes."""
        return self.value / self.other if self.other else None

    @property
    def verdict(self) -> str:
        """Whether the target is met; empty without one."""
        if self.most is None:
            return ""
        measured = self.value if self.other is None else self.ratio or 0.0
        return "met" if measured <= self.most else "missed"

    def cells(self) -> list[str]:
        """The line as the table shows it."""
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        target = ""
        if self.most is not None:
            target = f"≤ {_target(self.most)}{'' if self.other is not None else ' ' + self.unit}".rstrip()
        other = "" if self.other is None else shown(self.other, self.unit)
        return [self.what, shown(self.value, self.unit), self.against, other, ratio, target, self.verdict]


def _target(most: float) -> str:
    return f"1/{1 / most:.3g}" if 0 < most < 0.5 else f"{most:g}"


def shown(value: float, unit: str) -> str:
    """Return a value with its unit."""
    if unit != "s":
        return f"{value:,.0f} {unit}".rstrip()
    return f"{value * 1e6:.0f} µs" if value < 1e-3 else f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def cpu(work: Callable[[], object], *, rounds: int = 3) -> float:
    """Return the median CPU time of this process over several rounds, in seconds."""
    return statistics.median(_once(work) for _ in range(rounds))


def cpu_of(prepare: Callable[[], Callable[[], object]], *, rounds: int = 3) -> float:
    """Return the same of works that need new input each time; `prepare` makes one and is not counted."""
    return statistics.median(_once(prepare()) for _ in range(rounds))


def _once(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def cpu_of_children(work: Callable[[], object], *, rounds: int = 3) -> float:
    """Return the median CPU time of the child processes that the work starts and waits for, in seconds."""
    found = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        work()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)
