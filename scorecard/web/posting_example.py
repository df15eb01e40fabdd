"""The ready-made command that posts one more run to an indicator of the category on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scorecard.models import Scorecard

DEMO_BODY = Path("demo/ctf-professional-high.json")


def _indicator(card: Scorecard, category: str) -> dict[str, Any] | None:
    rows = card.framework.document["indicators"]
    return next((row for row in rows if row["category"] == category), None)


def _sources(card: Scorecard, evidence: list[dict[str, Any]], evaluation: str) -> str:
    """Name the checkpoint whose evidence the card already uses for this evaluation, else the card's own."""
    return next((item["checkpoint"] for item in evidence if item["evaluation"] == evaluation), card.checkpoint.name)


def _demo_fits(card: Scorecard, category: str, root: Path) -> bool:
    if not (root / DEMO_BODY).is_file():
        return False
    body = json.loads((root / DEMO_BODY).read_text(encoding="utf-8"))
    same_subject = body["subject"] == card.checkpoint.subject.slug
    evaluations = {row["evaluation"] for row in card.framework.document["indicators"] if row["category"] == category}
    return same_subject and body["evaluation"]["slug"] in evaluations


def body_for(card: Scorecard, indicator: dict[str, Any], evidence: list[dict[str, Any]]) -> str:
    """Return the smallest honest report for an indicator, one line of JSON."""
    evaluation: dict[str, str] = {"slug": indicator["evaluation"]}
    if indicator["stratum"]:
        evaluation["stratum"] = indicator["stratum"]
    return json.dumps(
        {
            "schema": "run-report/1",
            "subject": card.checkpoint.subject.slug,
            "checkpoint": _sources(card, evidence, indicator["evaluation"]),
            "mitigation": "post_mitigation",
            "evaluation": evaluation,
            "metric": indicator["metric"],
            "planned_samples": 100,
            "tally": {"successes": 13, "trials": 100},
            "provenance": {"source": "your pipeline"},
        }
    )


def command(
    card: Scorecard, category: str, *, evidence: list[dict[str, Any]], demo: bool, root: Path
) -> dict[str, str] | None:
    """Return the shell command and what it does; None for a category without indicators."""
    indicator = _indicator(card, category)
    if indicator is None:
        return None
    start = (
        'curl -sS $SCORECARD_URL/api/v1/runs/ -H "Authorization: Bearer $SCORECARD_TOKEN" '
        '-H "Idempotency-Key: demo-1" \\\n  -H "Content-Type: application/json" -d '
    )
    if demo and _demo_fits(card, category, root):
        return {"text": f"{start}@{DEMO_BODY}", "about": "Run it in the project's folder: it posts invented numbers."}
    body = body_for(card, indicator, evidence).replace("'", "'\\''")
    return {"text": f"{start}'{body}'", "about": "Put in your own numbers first."}
