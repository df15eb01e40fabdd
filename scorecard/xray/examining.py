"""The x-ray: every check asked of one document, and what it found, gravest first."""

from __future__ import annotations

from typing import Any

from scorecard.xray import (
    attempts,
    comparing,
    counts,
    evidence,
    levels,
    people,
    precision,
    thresholds,
    totals,
)
from scorecard.xray.case import case_of
from scorecard.xray.finding import SEVERITIES, Check, Finding

CHECKS: tuple[Check, ...] = (
    *levels.CHECKS, *people.CHECKS, *thresholds.CHECKS, *attempts.CHECKS, *evidence.CHECKS, *counts.CHECKS,
    *precision.CHECKS, *totals.CHECKS, *comparing.CHECKS,
)  # fmt: skip
"""Every check, in the order of the reference page."""


def examine(document: dict[str, Any]) -> list[Finding]:
    """Return every finding about `{at, framework, card, figures}`, gravest first and then in the order of the checks.

    `at` is the moment of asking in RFC 3339, `framework` a `framework/1` document with `published_at`, `card` the
    card's document, `figures` records as `figure.Figure` names them. Raises KeyError or TypeError for a document that
    lacks a part.
    """
    case = case_of(document)
    found = [finding for check in CHECKS for finding in check.findings(case)]
    return sorted(found, key=lambda row: SEVERITIES.index(row.severity))
