"""What garak's own eval entries count, under their older names too."""

from __future__ import annotations

from typing import Any

from evaluations.logs.values import whole_number


def hits_and_total(summary: dict[str, Any]) -> tuple[int | None, int | None]:
    """Hits and evaluated outputs; `total` is the older name, and older versions count no fails."""
    total = whole_number(summary.get("total_evaluated", summary.get("total")))
    fails, passed = whole_number(summary.get("fails")), whole_number(summary.get("passed"))
    if fails is None and total is not None and passed is not None and passed <= total:
        fails = total - passed
    return fails, total
