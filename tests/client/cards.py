"""Scorecards as the API shows them, small."""

from __future__ import annotations

from typing import Any

ORDER = ("low", "medium", "high", "critical")


def side(indicated: str | None, determined: str | None = None) -> dict[str, Any]:
    """One side of one category; levels up to the indicated one are reached."""
    reached = ORDER.index(indicated) if indicated else -1
    levels: list[dict[str, Any]] = [
        {"level": level, "finding": "reached" if rank <= reached else "ruled_out", "indicators": []}
        for rank, level in enumerate(ORDER)
    ]
    return {"indicated_level": indicated, "reached_level": indicated, "determined_level": determined, "levels": levels}


def card(
    number: str = "PSC-2026-0001", *, version: int = 1, cyber: str | None = "low", determined: str | None = None,
    **changes: Any,
) -> dict[str, Any]:  # fmt: skip
    """A scorecard of atlas-2-rc1 with one category."""
    document: dict[str, Any] = {
        "id": f"card_{number[4:8]}{number[9:]}{version:018d}",
        "number": number, "version": version, "title": "", "state": "draft", "stale": False,
        "subject": {"slug": "atlas-2", "name": "Atlas 2"}, "checkpoint": "atlas-2-rc1", "digest": "",
        "framework": {"slug": "beta", "version": "1", "digest": "sha256:f"},
        "categories": [
            {"category": "cybersecurity", "name": "Cybersecurity", "pre_mitigation": side(None),
             "post_mitigation": side(cyber, determined)}
        ],
        "overall": {"pre_mitigation": None, "post_mitigation": determined},
        "gates": [{"action": "deploy", "decision": "deny", "reasons": ["No overall level."]}],
        "evidence": [], "changes": [],
    }  # fmt: skip
    return document | changes
