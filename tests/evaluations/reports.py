"""Run reports as a pipeline would post them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ABSENT = object()
BASE: dict[str, Any] = {
    "schema": "run-report/1",
    "run_id": "ctf-pro-7f3a",
    "subject": "atlas-2",
    "checkpoint": "atlas-2-rc1",
    "mitigation": "post_mitigation",
    "evaluation": {"slug": "ctf-professional", "version": "2026-03"},
    "metric": "pass@12",
    "tally": {"successes": 13, "trials": 110},
    "provenance": {"source": "nightly pipeline"},
}


def report(**changes: Any) -> dict[str, Any]:
    """Return the usual report with fields changed, or left out where the change is `ABSENT`."""
    return {name: value for name, value in {**BASE, **changes}.items() if value is not ABSENT}


def posted(**changes: Any) -> bytes:
    """Return the usual report as it is posted."""
    return json.dumps(report(**changes), ensure_ascii=False).encode()


def with_estimate(**estimate: Any) -> dict[str, Any]:
    """Return the changes that make the report a published figure."""
    return {"tally": ABSENT, "estimate": estimate}


def with_samples(*samples: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the changes that make the report one with per-sample scores."""
    return {"tally": ABSENT, "samples": list(samples), **changes}
