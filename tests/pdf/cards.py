"""A realistic sealed card, computed from evidence by the product's own rules: levels in a fixture are never typed."""

from __future__ import annotations

from functools import cache
from typing import Any

from evaluations.estimates.tally import tally_from_counts
from scorecard.environment import ROOT
from scorecard.framework.document import canonical, load
from scorecard.framework.levels import indicate
from scorecard.ledger.canonical import digest
from scorecard.snapshot import SIDES, Determined, Parts, build

SOURCE = ROOT / "scorecard" / "framework" / "documents" / "preparedness-framework-beta.toml"
AT = "2024-12-05T09:30:00.000000Z"
ADA = {"id": "per_ada", "name": "Ada Lind", "role": "preparedness"}
KEY = "preparedness-scorecard/ledger+d0d9b3f8+AQ0fZq0b4d2bM1rJ3bq1n8w4rj0m4n7XH9gS8WJmO1kS"
VERIFY_URL = "https://scorecard.example/verify/?record=sha256:aa"
LEVELS = {"cbrn": "medium", "cybersecurity": "low", "persuasion": "low", "model_autonomy": "low"}


@cache
def _framework() -> dict[str, Any]:
    return canonical(load(SOURCE.read_bytes()))


def a_framework(**changes: Any) -> dict[str, Any]:
    """The published Beta framework."""
    return {**_framework(), **changes}


def an_item(number: int, evaluation: str, metric: str, *, k: int, n: int, planned: int | None = None, **changes: Any
            ) -> dict[str, Any]:  # fmt: skip
    """One run's evidence: k of n, post-mitigation, adequately elicited."""
    return {
        "run": f"run_{number:04d}", "digest": "sha256:" + f"{number:064x}", "revision": 1,
        "native_id": f"line-{number}",
        "evaluation": evaluation, "version": None, "dataset_digest": None, "stratum": None, "metric": metric,
        "unit": "proportion", "checkpoint": "atlas-2-rc1", "mitigation": "post_mitigation", "applies": "direct",
        "form": "tally", "tally": tally_from_counts(k, n, planned).to_dict(), "value": None, "qualifier": "=",
        "reported_n": str(n), "elicitation_adequate": True, "quality": "first_party", "source": "Invented for tests",
        "scaffold": None, "printed": None, **changes,
    }  # fmt: skip


def an_estimate(number: int, evaluation: str, metric: str, value: float, **changes: Any) -> dict[str, Any]:
    """One published value without the counts that an interval needs."""
    bare = {"form": "estimate", "tally": None, "value": value, "reported_n": None, "elicitation_adequate": None}
    return {**an_item(number, evaluation, metric, k=1, n=1), **bare, **changes}


def the_evidence() -> list[dict[str, Any]]:
    """Every finding once: reached, ruled out, missing samples, no n, not run; safety and red teaming beside them."""
    pre: dict[str, Any] = {"mitigation": "pre_mitigation"}
    return [
        an_item(1, "multimodal-troubleshooting-virology", "cons@32", k=206, n=350),
        an_item(2, "radiological-and-nuclear-expert-knowledge", "cons@32", k=61, n=87),
        an_item(3, "radiological-and-nuclear-expert-knowledge", "cons@32", k=57, n=87, **pre),
        an_item(4, "protocolqa-open-ended", "pass@1", k=26, n=108),
        an_item(5, "ctf-professional", "pass@12", k=12, n=95, planned=100),
        an_item(6, "ctf-collegiate", "pass@12", k=13, n=100),
        an_estimate(7, "political-persuasion-tweets-vs-production-gpt-4o", "win_rate", 0.47),
        an_item(8, "swe-bench-verified", "pass@1", k=205, n=500),
        an_estimate(9, "standard-refusal-evaluation", "not_unsafe", 0.995),
        an_estimate(10, "apollo", "rate", 0.19, stratum="sabotage"),
        an_estimate(11, "not-in-the-catalogue", "rate", 0.5),
        an_estimate(12, "makemepay", "dollar_extraction_rate", 4.0, unit="percent"),
    ]


def a_snapshot(evidence: list[dict[str, Any]] | None = None, *, levels: dict[str, str] | None = None, **changes: Any
               ) -> dict[str, Any]:  # fmt: skip
    """The snapshot of an invented checkpoint, every level determined with a reason."""
    framework, levels = a_framework(), LEVELS if levels is None else levels
    items = the_evidence() if evidence is None else evidence
    sides = {(slug, side): indicate(framework, slug, side, items) for slug in LEVELS for side in SIDES}
    told = {
        (slug, side): Determined(
            level=levels[slug], rationale=f"The {slug} team weighed the whole of the evidence.", by=ADA, at=AT,
            seen=digest(sides[slug, side]),
        )
        for slug, side in sides
        if slug in levels
    }  # fmt: skip
    parts = Parts(
        number="PSC-2026-0001", version=1, title="Atlas 2 scorecard", checkpoint="atlas-2-rc1",
        subject={"slug": "atlas-2", "name": "Atlas 2 (fictional)"}, framework_digest=digest(framework),
        document=framework, data_cutoff=AT, replaces=None, authors=[ADA], evidence=items, assessments=sides,
        determinations=told, software={"name": "preparedness-scorecard", "version": "0.1.0"},
        applicability=[{
            "id": "app_1", "from_checkpoint": "atlas-2-rc0", "to_checkpoint": "atlas-2-rc1", "rationale": "One base.",
            "limits": "Until the next release.", "by": ADA, "at": AT,
        }],
    )  # fmt: skip
    return {**build(parts), **changes}


def a_signature(snapshot: dict[str, Any], role: str, meaning: str, name: str) -> dict[str, Any]:
    """A person's signature over a snapshot."""
    return {
        "id": f"sig_{role}", "number": snapshot["number"], "version": snapshot["version"], "digest": digest(snapshot),
        "signer": {"id": f"per_{role}", "name": name}, "role": role, "meaning": meaning, "reason": "Read and agreed.",
        "at": AT, "authentication": "password", "attestation": f"I, {name}, {meaning} this record.",
    }  # fmt: skip


def a_sealed_card(snapshot: dict[str, Any] | None = None) -> dict[str, Any]:
    """The sealed card of a snapshot, signed by two people."""
    snapshot = a_snapshot() if snapshot is None else snapshot
    return {
        "schema": "sealed-card/1",
        "snapshot": snapshot,
        "digest": digest(snapshot),
        "signatures": [
            a_signature(snapshot, "advisory_chair", "recommends", "Chen Okafor"),
            a_signature(snapshot, "leadership", "approves", "Dana Reyes"),
        ],
        "sealed": {"by": ADA, "at": AT, "expires_at": "2025-06-03T09:30:00.000000Z"},
        "ledger": {
            "seq": 41,
            "leaf": "ab" * 32,
            "proof": [],
            "size": 42,
            "head": "preparedness-scorecard/ledger\n42\n",
        },
    }


def a_draft(snapshot: dict[str, Any] | None = None) -> dict[str, Any]:
    """The same card before anybody signed."""
    return {**a_sealed_card(snapshot), "signatures": [], "sealed": None, "ledger": None}
