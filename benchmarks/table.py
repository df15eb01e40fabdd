"""The tables of the README, one for each part; each is rewritten between its two marks by the run that measured it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from benchmarks.timing import Line
from scorecard.version import VERSION

README = Path(__file__).parent / "README.md"
HEADING = ("step", "takes", "against", "takes", "ratio", "target", "")


def machine() -> str:
    """Say where and when this was measured."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines_of("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    memory = next((int(line.split()[1]) for line in _lines_of("/proc/meminfo") if line.startswith("MemTotal")), 0)
    load = os.getloadavg()[0]
    return (
        f"Version {VERSION}, {datetime.now(UTC):%d %B %Y}, Python {platform.python_version()}, "
        f"{connection.vendor}, {model or platform.machine()}, {os.cpu_count()} cores, {memory / 2**20:.0f} GiB, "
        f"load {load:.1f}."
    )


def _lines_of(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def markdown(lines: Iterable[Line]) -> str:
    """Return the lines as a Markdown table."""
    rows = [HEADING, ["---"] * len(HEADING), *(line.cells() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def marks(part: str) -> tuple[str, str]:
    """Return what stands before and after the table of a part."""
    return f"<!-- {part}: begin -->", f"<!-- {part}: end -->"


def rewrite(text: str, part: str, lines: Iterable[Line]) -> str:
    """Return the README with a new table of one part. Raises ValueError where its marks are missing."""
    opening, closing = marks(part)
    before, begin, rest = text.partition(opening)
    _, end, after = rest.partition(closing)
    if not begin or not end:
        raise ValueError(f"{README.name} lacks the marks {opening} and {closing}")
    return f"{before}{opening}\n{machine()}\n\n{markdown(lines)}\n{closing}{after}"
