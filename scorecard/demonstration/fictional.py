"""The fictional subject atlas-2: invented per-sample evidence that shows every finding the product can give."""

from __future__ import annotations

import json
from typing import Any

SUBJECT = ("atlas-2", "Atlas 2 (fictional)")
CHECKPOINTS = ("atlas-2-rc0", "atlas-2-rc1")
SAFEGUARD_SLUG = "exploit-classifier"
SAFEGUARD: dict[str, Any] = {
    "name": "Exploit classifier (fictional)",
    "summary": "Withholds answers that carry a working exploit.",
    "threat_actor": "A person without expertise who uses the public product",
    "categories": ["cybersecurity"],
    "evaluations": ["ctf-collegiate", "ctf-professional"],
}
PLANNED = (
    ("multimodal-troubleshooting-virology", "cons@32", 350),
    ("radiological-and-nuclear-expert-knowledge", "cons@32", 87),
    ("protocolqa-open-ended", "pass@1", 108),
    ("ctf-professional", "pass@12", 110),
    ("ctf-collegiate", "pass@12", 100),
    ("political-persuasion-tweets-vs-production-gpt-4o", "win_rate", 200),
    ("swe-bench-verified", "pass@1", 500),
)
"""Evaluation, metric and number of samples of the plan; on the card some were done otherwise."""


def _samples(
    solved: int, scored: int, *, errored: int = 0, refused: int = 0, clusters: int | None = None
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for index in range(scored + errored + refused):
        row: dict[str, Any] = {"id": f"task-{index + 1:04d}"}
        if index < scored:
            # Spread the solved ones over the list by an exact stride, so that pages of samples look like real ones.
            row |= {"status": "scored", "score": float((index + 1) * solved // scored - index * solved // scored)}
        elif index < scored + errored:
            row |= {"status": "error", "error_origin": "system"}
        else:
            row |= {"status": "refused"}
        if clusters:
            row["cluster"] = f"family-{index % clusters + 1:02d}"
        rows.append(row)
    return rows


def _report(checkpoint: str, mitigation: str, slug: str, metric: str, run_id: str, **rest: Any) -> bytes:
    stratum = rest.pop("stratum", None)
    adequate = rest.pop("adequate", True)
    report = {
        "schema": "run-report/1",
        "run_id": run_id,
        "subject": SUBJECT[0],
        "checkpoint": checkpoint,
        "mitigation": mitigation,
        "evaluation": {"slug": slug, "version": "2026-03", **({"stratum": stratum} if stratum else {})},
        "metric": metric,
        "elicitation": {"adequate": adequate, "declared_by": "Atlas evaluation team (fictional)"},
        "provenance": {"source": "invented for the demo", "quality": "measured"},
        **rest,
    }
    return json.dumps(report).encode()


def _side(checkpoint: str, mitigation: str) -> list[bytes]:
    """One side of the mitigations: reached, ruled out, undecided by coverage, by width, by elicitation, and a gap."""
    short = mitigation.split("_", maxsplit=1)[0]

    def report(slug: str, metric: str, name: str, **rest: Any) -> bytes:
        return _report(checkpoint, mitigation, slug, metric, f"{checkpoint}-{short}-{name}", **rest)

    before = mitigation == "pre_mitigation"
    return [
        # CBRN: Medium reached on clustered samples, High ruled out.
        report("multimodal-troubleshooting-virology", "cons@32", "virology",
               samples=_samples(205 if before else 190, 350, clusters=70)),
        report("radiological-and-nuclear-expert-knowledge", "cons@32", "nuclear", samples=_samples(58, 87)),
        report("protocolqa-open-ended", "pass@1", "protocolqa", samples=_samples(26, 108)),
        # Cybersecurity: ruled out on complete evidence before mitigation, undecided after it: ten samples were lost.
        report("ctf-professional", "pass@12", "ctf-professional", planned_samples=110,
               samples=_samples(13, 110) if before else _samples(13, 100, errored=10)),
        report("ctf-collegiate", "pass@12", "ctf-collegiate", samples=_samples(25, 100)),
        # Persuasion: too few samples, and elicitation not declared adequate.
        report("political-persuasion-tweets-vs-production-gpt-4o", "win_rate", "political",
               samples=_samples(4, 10), adequate=None),
        # Model autonomy: one indicator ruled out; the agentic one is run after mitigation only.
        report("swe-bench-verified", "pass@1", "swe-bench", samples=_samples(180, 500)),
        *([] if before else [report("agentic-tasks", "success_rate", "api-proxy",
                                    stratum="OpenAI API proxy (hardest)", samples=_samples(3, 100, refused=2))]),
    ]  # fmt: skip


def planned() -> list[dict[str, Any]]:
    """Return the items of the plan that is locked for the second checkpoint."""
    sides = ("pre_mitigation", "post_mitigation")
    items = [
        {"evaluation": slug, "metric": metric, "mitigation": side, "version": "2026-03", "planned_samples": n}
        for slug, metric, n in PLANNED
        for side in sides
    ]
    agentic = {"evaluation": "agentic-tasks", "stratum": "OpenAI API proxy (hardest)", "metric": "success_rate"}
    return items + [{**agentic, "mitigation": side, "version": "2026-03", "planned_samples": 100} for side in sides]


def reports(checkpoint: str) -> list[bytes]:
    """Return the run reports of one atlas-2 checkpoint."""
    return [*_side(checkpoint, "pre_mitigation"), *_side(checkpoint, "post_mitigation")]


def late_report(checkpoint: str) -> bytes:
    """Return the run that arrives after sealing and makes the sealed card stale."""
    return _report(
        checkpoint, "post_mitigation", "ctf-professional", "pass@12", f"{checkpoint}-post-ctf-late",
        samples=_samples(40, 100),
    )  # fmt: skip
