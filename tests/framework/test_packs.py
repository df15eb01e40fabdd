"""The shipped frameworks: each is data alone, and published scorecards come out under them as they were published."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from evaluations.estimates.tally import tally_from_counts
from scorecard.environment import ROOT
from scorecard.framework.document import canonical, load
from scorecard.framework.gates import gate_decisions, obligations, overall
from scorecard.framework.levels import indicate

DOCUMENTS = ROOT / "scorecard" / "framework" / "documents"
PACKS = sorted(path.stem for path in DOCUMENTS.glob("*.toml"))
SIDES = ("pre_mitigation", "post_mitigation")
BETA_CARDS = {
    "GPT-4o": ("low", "low", "medium", "low"),
    "o1-preview": ("low", "medium", "medium", "low"),
    "o1-mini": ("low", "medium", "medium", "low"),
    "o1": ("low", "medium", "medium", "low"),
    "Operator": ("low", "low", "medium", "low"),
    "o3-mini": ("low", "medium", "medium", "medium"),
    "deep research": ("medium", "medium", "medium", "medium"),
    "GPT-4.5": ("low", "medium", "medium", "low"),
}
"""Published levels in the order cyber, CBRN, persuasion, autonomy; each of these cards says Medium overall."""
BIO, CYBER, IMPROVEMENT = "biological_chemical", "cybersecurity", "ai_self_improvement"


@cache
def pack(name: str) -> dict[str, Any]:
    return canonical(load((DOCUMENTS / f"{name}.toml").read_bytes()))


def run(name: str, k: int, n: int, *, side: str = "pre_mitigation", metric: str, **changes: Any) -> dict[str, Any]:
    return {
        "run": f"run-{name}-{side}", "evaluation": name, "stratum": None, "metric": metric, "mitigation": side,
        "unit": "proportion", "elicitation_adequate": True, "tally": tally_from_counts(k, n, None).to_dict(), **changes,
    }  # fmt: skip


def decided(name: str, pre: dict[str, str | None], post: dict[str, str | None], **more: Any) -> dict[str, str]:
    levels = {"pre_mitigation": pre, "post_mitigation": post}
    return {row["action"]: row["decision"] for row in gate_decisions(pack(name), levels, **more)}


def test_five_frameworks_are_shipped() -> None:
    assert PACKS == [
        "frontier-safety-like", "preparedness-framework-2", "preparedness-framework-beta", "responsible-scaling-like",
        "systemic-risk-like",
    ]  # fmt: skip


@pytest.mark.parametrize("name", PACKS)
def test_every_number_that_is_shipped_is_marked_illustrative(name: str) -> None:
    document = pack(name)
    assert document["illustrative_thresholds"]
    assert document["indicators"]
    assert all(row["illustrative"] and row["rationale"].startswith("Illustrative") for row in document["indicators"])
    assert "illustrative" in document["source_note"]


@pytest.mark.parametrize("name", PACKS)
def test_without_evidence_nothing_is_indicated_and_every_gate_is_closed(name: str) -> None:
    document = pack(name)
    for category in document["categories"]:
        for side in SIDES:
            assert indicate(document, category["slug"], side, [])["indicated_level"] is None
    nothing = {side: dict.fromkeys((row["slug"] for row in document["categories"]), None) for side in SIDES}
    for row in gate_decisions(document, nothing):
        assert row["decision"] == "deny"
        assert any("is not determined" in reason for reason in row["reasons"])
    assert all(row["required"] for row in obligations(document, nothing))


@pytest.mark.parametrize(("model", "levels"), BETA_CARDS.items())
def test_the_scorecards_published_under_the_beta_are_medium_and_deployable(model: str, levels: tuple[str, ...]) -> None:
    told = dict(zip(("cybersecurity", "cbrn", "persuasion", "model_autonomy"), levels, strict=True))
    assert overall(pack("preparedness-framework-beta"), told) == "medium"
    gates = decided("preparedness-framework-beta", told, told)
    assert gates == {"deploy": "allow", "develop": "allow"}


def below_high(**changes: str) -> dict[str, str | None]:
    research = {
        row["slug"]: None for row in pack("preparedness-framework-2")["categories"] if row["kind"] == "research"
    }
    return {**dict.fromkeys((BIO, CYBER, IMPROVEMENT), "below_high"), **research, **changes}


def test_a_card_with_nothing_at_high_opens_every_gate_of_the_second_framework() -> None:
    """o3 and o4-mini: no tracked category at High; categories for research are not rated and hold nothing up."""
    gates = decided("preparedness-framework-2", below_high(), below_high())
    assert set(gates.values()) == {"allow"}
    duties = obligations(pack("preparedness-framework-2"), dict.fromkeys(SIDES, below_high()))
    assert not any(row["required"] for row in duties)


def test_high_as_a_precaution_blocks_deployment_until_the_safeguards_suffice() -> None:
    """ChatGPT agent: biological High without definite evidence; deployable only with its safeguards counted."""
    high = below_high(**{BIO: "high"})
    before = decided("preparedness-framework-2", high, high)
    assert (before["deploy"], before["develop"], before["release_weights"]) == ("deny", "allow", "deny")
    after = decided("preparedness-framework-2", high, below_high())
    assert (after["deploy"], after["release_weights"]) == ("allow", "deny")
    duties = {row["slug"]: row for row in obligations(pack("preparedness-framework-2"), dict.fromkeys(SIDES, high))}
    assert duties["high_security_controls"]["because"] == [BIO]
    assert not duties["halt_until_specified"]["required"]


def test_a_critical_category_halts_development_while_safeguards_leave_it_there() -> None:
    """The published pattern of a first Critical in cyber."""
    critical = below_high(**{CYBER: "critical", BIO: "high"})
    gates = decided("preparedness-framework-2", critical, critical)
    assert (gates["deploy"], gates["develop"], gates["internal_use"]) == ("deny", "deny", "deny")
    duties = obligations(pack("preparedness-framework-2"), dict.fromkeys(SIDES, critical))
    assert all(row["required"] for row in duties)


CAPABLE = [run("protocolqa-open-ended", 70, 108, metric="pass@1"),
           run("multimodal-troubleshooting-virology", 250, 350, metric="cons@32")]  # fmt: skip
NOT_CAPABLE = [run("protocolqa-open-ended", 26, 108, metric="pass@1"),
               run("multimodal-troubleshooting-virology", 150, 350, metric="cons@32")]  # fmt: skip


def safeguarded(robust: int, recalled: int, n: int = 1000) -> list[dict[str, Any]]:
    return [
        run("bio-safeguard-red-teaming", robust, n, side="post_mitigation", metric="not_unsafe"),
        run("bio-monitor-recall", recalled, n, side="post_mitigation", metric="recall"),
    ]


@pytest.mark.parametrize(
    ("evidence", "pre", "post"),
    [
        (CAPABLE, "high", "high"),
        (CAPABLE + safeguarded(990, 960), "high", "below_high"),
        (CAPABLE + safeguarded(990, 960)[:1], "high", "high"),
        (CAPABLE + safeguarded(900, 800), "high", "high"),
        (CAPABLE + safeguarded(98, 96, n=100), "high", "high"),
        (NOT_CAPABLE, "below_high", "below_high"),
        (NOT_CAPABLE + safeguarded(900, 800), "below_high", "below_high"),
        (safeguarded(990, 960), None, "below_high"),
        ([], None, None),
    ],
)
def test_the_residual_risk_is_the_capability_unless_every_safeguard_is_shown_to_hold(
    evidence: list[dict[str, Any]], pre: str | None, post: str | None
) -> None:
    document = pack("preparedness-framework-2")
    assert indicate(document, BIO, "pre_mitigation", evidence)["indicated_level"] == pre
    assert indicate(document, BIO, "post_mitigation", evidence)["indicated_level"] == post


def test_a_safeguard_of_98_in_100_against_95_percent_is_inconclusive() -> None:
    document = pack("preparedness-framework-2")
    level = indicate(document, BIO, "post_mitigation", CAPABLE + safeguarded(98, 96, n=100))["levels"][1]
    assert level["indicators"][0]["finding"] == "cannot_rule_out"
    assert (level["capability"], level["finding"]) == ("reached", "cannot_rule_out")


def test_safeguards_that_demonstrably_fail_leave_a_reached_capability_reached() -> None:
    document = pack("preparedness-framework-2")
    found = indicate(document, BIO, "post_mitigation", CAPABLE + safeguarded(900, 800))
    assert found["reached_level"] == "high"
    weak = indicate(document, BIO, "post_mitigation", [*NOT_CAPABLE[:1], *safeguarded(900, 800)])
    assert (weak["indicated_level"], weak["reached_level"]) == ("high", "below_high")


def test_a_ladder_of_alert_and_critical_capability_warns_before_the_level_itself() -> None:
    document = pack("frontier-safety-like")
    found = indicate(document, "cyber_uplift", "pre_mitigation", [
        run("key-skills-challenges", 65, 100, metric="success_rate"),
    ])  # fmt: skip
    assert (found["indicated_level"], found["reached_level"]) == ("alert", "alert")
    others = dict.fromkeys(("cbrn_uplift", "harmful_manipulation", "ml_research"), "below_alert")
    levels = {side: {**others, "cyber_uplift": "alert", "misalignment": None} for side in SIDES}
    assert {row["decision"] for row in gate_decisions(document, levels)} == {"allow"}
    duties = {row["slug"]: row["required"] for row in obligations(document, levels)}
    assert duties == {"response_plan": True, "security_level_2": False}


def test_a_threshold_that_demands_fine_tuning_is_not_ruled_out_by_a_run_without_it() -> None:
    document = pack("responsible-scaling-like")
    runs = [run("long-form-acquisition", 10, 100, metric="rubric_score")]
    plain = run("multimodal-troubleshooting-virology", 60, 350, metric="pass@1")
    tuned = {**plain, "elicitation": {"fine_tuned": True}}
    assert indicate(document, "cbrn_weapons", "pre_mitigation", [*runs, plain])["indicated_level"] == "first"
    assert indicate(document, "cbrn_weapons", "pre_mitigation", [*runs, tuned])["indicated_level"] == "below"
    said = indicate(document, "cbrn_weapons", "pre_mitigation", [*runs, plain])["levels"][1]["indicators"][0]["reason"]
    assert said == "the threshold requires fine-tuning for the task, which the run does not declare"


def test_parts_of_a_category_are_also_shown_by_themselves() -> None:
    document = pack("systemic-risk-like")
    found = indicate(document, "cbrn", "post_mitigation", [
        run("multimodal-troubleshooting-virology", 260, 350, metric="cons@32", side="post_mitigation"),
        run("radiological-and-nuclear-expert-knowledge", 50, 87, metric="cons@32", side="post_mitigation"),
    ])  # fmt: skip
    areas = {row["slug"]: row["indicated_level"] for row in found["sub_areas"]}
    assert areas == {"chemical_biological": "tier_2", "radiological_nuclear": "below_tier_1"}
    assert found["indicated_level"] == "tier_2"


FORECAST = {
    "id": "fc_1",
    "category": "cybersecurity",
    "level": "critical",
    "post_level": "critical",
    "by_day": "2025-06-30",
}
LOW = dict.fromkeys(("cybersecurity", "cbrn", "persuasion", "model_autonomy"), "low")


def test_a_forecast_critical_stops_development_until_what_will_be_left_of_it_is_high() -> None:
    """The second worked scenario of the Beta."""
    name = "preparedness-framework-beta"
    assert decided(name, LOW, LOW)["develop"] == "allow"
    assert decided(name, LOW, LOW, forecasts=[FORECAST]) == {"deploy": "deny", "develop": "deny"}
    mitigated = {**FORECAST, "post_level": "high"}
    assert decided(name, LOW, LOW, forecasts=[mitigated]) == {"deploy": "deny", "develop": "allow"}
    levels = dict.fromkeys(SIDES, LOW)
    assert obligations(pack(name), levels)[0]["required"] is False
    assert obligations(pack(name), levels, [FORECAST])[0]["because"] == ["cybersecurity"]
    reasons = gate_decisions(pack(name), levels, [FORECAST])[1]["reasons"]
    assert "Cybersecurity is forecast to reach Critical by 2025-06-30." in reasons


def test_a_forecast_never_lowers_what_is_determined() -> None:
    mild = {**FORECAST, "level": "low", "post_level": "low"}
    high = {**LOW, "cybersecurity": "high"}
    name = "preparedness-framework-beta"
    assert decided(name, high, high, forecasts=[mild]) == decided(name, high, high)


def test_high_persuasion_needs_mitigations_before_it_may_be_deployed() -> None:
    """The first worked scenario of the Beta."""
    name = "preparedness-framework-beta"
    high, medium = {**LOW, "persuasion": "high"}, {**LOW, "persuasion": "medium"}
    assert decided(name, high, high) == {"deploy": "deny", "develop": "allow"}
    assert obligations(pack(name), dict.fromkeys(SIDES, high))[0]["required"]
    assert decided(name, high, medium) == {"deploy": "allow", "develop": "allow"}


def clause(*, without: str = "") -> list[dict[str, Any]]:
    told = pack("preparedness-framework-2")["exceptions"][0]
    return [{"clause": told["slug"], "attestations": [
        {"slug": row["slug"]} for row in told["attestations"] if row["slug"] != without]}]  # fmt: skip


def test_the_marginal_risk_clause_opens_its_gate_only_with_all_four_statements() -> None:
    name, high = "preparedness-framework-2", below_high(**{BIO: "high"})
    assert decided(name, high, high, exceptions=clause())["deploy"] == "allow"
    assert decided(name, high, high, exceptions=clause())["release_weights"] == "deny"
    for row in pack(name)["exceptions"][0]["attestations"]:
        assert decided(name, high, high, exceptions=clause(without=row["slug"]))["deploy"] == "deny"


def test_no_clause_opens_a_gate_while_something_is_undetermined() -> None:
    unknown = {**below_high(), BIO: None}
    assert decided("preparedness-framework-2", unknown, unknown, exceptions=clause())["deploy"] == "deny"


def test_a_rating_of_unknown_unknowns_counts_once_people_gave_one() -> None:
    """The template of the Beta has such a row beside its four categories."""
    template = {**pack("preparedness-framework-beta")}
    template["categories"] = [*template["categories"], {"slug": "unknown_unknowns", "name": "Unknown unknowns",
                                                        "kind": "unknown_unknowns", "levels": []}]  # fmt: skip
    before = {"cybersecurity": "low", "cbrn": "low", "persuasion": "medium", "model_autonomy": "medium"}
    assert overall(template, {**before, "unknown_unknowns": "low"}) == "medium"
    assert overall(template, {**before, "unknown_unknowns": None}) == "medium"
    assert overall(template, {**LOW, "unknown_unknowns": "low"}) == "low"
    assert overall(template, {**LOW, "unknown_unknowns": "high"}) == "high"
