"""Thresholds that were set or edited when results were in already: what no later version may hide."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from scorecard.framework.decay import moment_of
from scorecard.framework.findings import counts_for
from scorecard.models import FrameworkVersion, Scorecard
from scorecard.moments import rfc3339
from scorecard.snapshot import SIDES

Record = dict[str, Any]
DECIDING = ("category", "level", "evaluation", "stratum", "metric", "value", "direction", "statistic", "interval")
"""Members of an indicator whose edit is an edit of its threshold."""


def _rule(indicator: Record) -> Record:
    return {name: indicator[name] for name in DECIDING}


@cache
def set_at(version: str) -> dict[str, datetime]:
    """Return indicator -> when its threshold was published as it is now, and has stood unchanged in each version since.

    `version` is the id of a framework version; the others are those of the same framework that were published before
    it. Kept for the life of the process, because neither it nor they ever change.
    """
    framework = FrameworkVersion.objects.get(id=version)
    earlier = FrameworkVersion.objects.filter(slug=framework.slug, published_at__lte=framework.published_at)
    versions = [row for row in earlier.order_by("-published_at", "-id") if row.id != framework.id]
    found = {row["id"]: framework.published_at for row in framework.document["indicators"]}
    standing = {row["id"]: _rule(row) for row in framework.document["indicators"]}
    for former in versions:
        rules = {row["id"]: _rule(row) for row in former.document["indicators"]}
        standing = {name: rule for name, rule in standing.items() if rules.get(name) == rule}
        found |= dict.fromkeys(standing, former.published_at)
    return found


def late_thresholds(card: Scorecard, evidence: list[Record]) -> list[Record]:
    """Return `{indicator, category, level, side, set_at, run, tested_at}` of thresholds set after the first result."""
    rows, when = [], set_at(card.framework_id)
    for indicator in card.framework.document["indicators"]:
        for side in SIDES:
            read = [item for item in evidence if counts_for(indicator, side, item)]
            first = min(read, key=lambda item: moment_of(item["tested_at"]), default=None)
            if first is not None and moment_of(first["tested_at"]) < when[indicator["id"]]:
                rows.append(
                    {
                        "indicator": indicator["id"], "category": indicator["category"], "level": indicator["level"],
                        "side": side, "set_at": rfc3339(when[indicator["id"]]), "run": first["run"],
                        "tested_at": first["tested_at"],
                    }
                )  # fmt: skip
    return rows
