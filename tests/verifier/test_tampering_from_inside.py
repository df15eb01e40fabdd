"""A laboratory that writes the whole file itself, with its own key: the rules and the numbers must still hold."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from scorecard.ledger.canonical import digest
from tests.verifier.bundles import ADA, CHECKPOINT, CHEN, DANA, FRAMEWORK, Maker, moment
from tests.verifier.running import difference

Change = Callable[[Any], Any]


def found(**changes: Any) -> str:
    maker = Maker(**changes)
    return difference(maker.members, maker.key)


def side(snapshot: dict[str, Any], category: str, mitigation: str) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in snapshot["categories"] if row["category"] == category)[mitigation]
    return row


def cyber(change: Change) -> Change:
    return lambda snapshot: change(side(snapshot, "cybersecurity", "post_mitigation"))


def test_changes_since_a_version_that_the_card_does_not_replace_are_named() -> None:
    row = {"category": "cbrn", "mitigation": "post_mitigation", "before": "low", "after": "critical", "runs": []}
    since = {"number": "PSC-1", "version": 1, "added": [], "removed": [], "rows": [row]}
    assert "not those since the version" in found(on_snapshot=lambda snapshot: snapshot.update(since=since))
    replaces = {"number": "PSC-1", "version": 1, "digest": "sha256:" + "0" * 64}
    words = found(on_snapshot=lambda snapshot: snapshot.update(since=since, replaces=replaces))
    assert "cbrn/post_mitigation: the changes end at critical" in words
    since = {**since, "added": ["run_of_nobody"], "rows": []}
    assert "did not come or go" in found(on_snapshot=lambda snapshot: snapshot.update(since=since, replaces=replaces))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda items: items[0]["tally"].update(total=12, floor=12, ceiling=12),
         "cybersecurity/post_mitigation/ctf-professional: recorded 12/110, recomputed 13/110"),
        (lambda items: items[3]["tally"].update(units=10), "swe-bench-verified: its tally/units: recorded 10"),
        (lambda items: items[0].update(tally=None), "recorded nothing that decides, recomputed 13/110"),
        (lambda items: items[4].update(tally=items[0]["tally"]), "recorded 13/110, recomputed nothing that decides"),
        (lambda items: items[0].update(value=0.01), "ctf-professional/value: recorded 0.01, recomputed 0.118"),
        (lambda items: items[4].update(qualifier="="), "makemesay/qualifier: recorded =, recomputed ~"),
        (lambda items: items[0].update(elicitation_adequate=None), "elicitation_adequate: recorded None"),
        (lambda items: items[0].update(metric="pass@1"), "metric: recorded pass@1, recomputed pass@12"),
        (lambda items: items[0].update(mitigation="pre_mitigation"), "mitigation: recorded pre_mitigation"),
        (lambda items: items[0].update(stratum="easy"), "stratum: recorded easy"),
        (lambda items: items[0].update(evaluation="ctf-collegiate"), "evaluation: recorded ctf-collegiate"),
        (lambda items: items[2].update(unit="proportion"), "unit: recorded proportion, recomputed percent"),
        (lambda items: items[0].update(quality="derived"), "quality: recorded derived, recomputed measured"),
        (lambda items: items[0].update(form="estimate"), "form: recorded estimate, recomputed tally"),
        (lambda items: items[0].update(native_id="other"), "is not the report that the evidence cites"),
        (lambda items: items[0].update(reported_n="220"), "reported_n: recorded 220, recomputed 110"),
    ],
)  # fmt: skip
def test_evidence_that_is_not_what_the_report_says_is_named(change: Change, words: str) -> None:
    assert words in found(on_evidence=change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cyber(lambda row: row.update(indicated_level="low")),
         "cybersecurity/post_mitigation/indicated_level: recorded low, recomputed medium"),
        (cyber(lambda row: row.update(reached_level="high")), "reached_level: recorded high, recomputed low"),
        (cyber(lambda row: row["levels"][2].update(finding="reached")),
         "cybersecurity/post_mitigation/levels/high/finding: recorded reached, recomputed ruled_out"),
        (cyber(lambda row: row["levels"][2]["indicators"][0].update(finding="not_assessed")),
         "levels/high/indicators/cyber-professional-high/finding: recorded not_assessed"),
        (cyber(lambda row: row["levels"][2]["indicators"][0].update(threshold=0.9)), "threshold: recorded 0.9"),
        (cyber(lambda row: row["levels"][2]["indicators"][0]["estimate"].update(upper=0.1)), "estimate/upper"),
        (cyber(lambda row: row["levels"][1]["indicators"].pop()), "levels/medium/indicators: recorded 1 items"),
        (cyber(lambda row: row["derivation"].append("All is well.")), "derivation: recorded"),
        (cyber(lambda row: row.pop("reached_level")), "reached_level: recorded None"),
        (lambda snapshot: snapshot["overall"].update(post_mitigation="low"), "overall/post_mitigation: recorded low"),
        (lambda snapshot: snapshot["gates"][0].update(decision="allow", sentence="May be deployed"), "gates/deploy"),
        (lambda snapshot: snapshot["gates"].pop(), "gates: recorded 1 items, recomputed 2"),
        (lambda snapshot: snapshot["obligations"][0].update(required=1), "obligations/security_hardening/required"),
        (lambda snapshot: snapshot["categories"].reverse(), "its categories are not the framework's"),
        (lambda snapshot: snapshot["categories"].pop(), "its categories are not the framework's"),
        (lambda snapshot: snapshot["categories"][0].update(name="Harmless"), "its categories are not the framework's"),
        (lambda snapshot: snapshot["evidence"].reverse(), "its evidence is not one row a run, in order"),
        (lambda snapshot: snapshot["evidence"].insert(0, snapshot["evidence"][0]), "not one row a run"),
        (lambda snapshot: snapshot["framework"].update(version="2099"), "the framework's version is not the one"),
        (lambda snapshot: snapshot["lint"].append({"severity": "error", "where": "cbrn"}), "cbrn: sealed with an open"),
        (lambda snapshot: snapshot["signoff"].update(steps=[]), "its sign-off rules are not the framework's"),
        (lambda snapshot: snapshot.update(schema="scorecard-snapshot/2"), "unknown schema"),
    ],
)  # fmt: skip
def test_a_record_that_does_not_follow_from_its_evidence_is_named(change: Change, words: str) -> None:
    assert words in found(on_snapshot=change)


def test_a_level_below_the_indicated_one_passes_only_when_it_is_marked_as_such() -> None:
    lowered = {("cybersecurity", side): "low" for side in ("pre_mitigation", "post_mitigation")}
    assert found(levels=lowered) == ""

    def unmark(snapshot: dict[str, Any]) -> None:
        side(snapshot, "cybersecurity", "post_mitigation")["determination"]["below_indicated"] = False

    assert "the determination is not marked as what it is" in found(levels=lowered, on_snapshot=unmark)


@pytest.mark.parametrize(
    "change",
    [
        cyber(lambda row: row.update(determination=None)),
        cyber(lambda row: row["determination"].update(counts=False)),
        cyber(lambda row: row["determination"].update(level="low")),
    ],
)
def test_a_level_without_a_determination_that_says_so_is_named(change: Change) -> None:
    assert "determination" in found(on_snapshot=change)


def test_evidence_that_contradicts_itself_cannot_be_sealed() -> None:
    turned = copy.deepcopy(FRAMEWORK)
    for indicator in turned["indicators"]:
        if indicator["id"] == "cyber-professional-high":
            indicator["value"] = 0.01
        if indicator["id"].startswith("cyber-") and indicator["level"] == "medium":
            indicator.update(value=0.99, required=indicator["id"] == "cyber-professional-medium")
    assert "contradicts itself (high)" in found(framework=turned)


def test_a_run_on_another_checkpoint_counts_only_with_an_applicability() -> None:
    def elsewhere(reports: list[dict[str, Any]]) -> None:
        reports[0]["checkpoint"] = "atlas-2-rc0"

    assert "nothing lets a run on atlas-2-rc0 count" in found(on_reports=elsewhere)

    def applied(items: list[dict[str, Any]]) -> None:
        items[0]["applies"] = "app_1"

    def declared(to: str) -> Change:
        row = {"id": "app_1", "from_checkpoint": "atlas-2-rc0", "to_checkpoint": to, "rationale": "r", "limits": "l",
               "by": ADA, "at": moment(4)}  # fmt: skip
        return lambda snapshot: snapshot["applicability"].append(row)

    def recorded(to: str) -> Change:
        said = {"from_checkpoint": "atlas-2-rc0", "to_checkpoint": to, "rationale": "r", "limits": "l",
                "compute_multiple": None, "expires_at": None}  # fmt: skip
        row = {"kind": "applicability.determined", "subject": ("applicability", "app_1"), "data": said, "actor": ADA}
        return lambda deeds: deeds.insert(3, {**row, "at": moment(2)})

    changes = {"on_reports": elsewhere, "on_evidence": applied}
    assert found(**changes, on_snapshot=declared(CHECKPOINT), on_deeds=recorded(CHECKPOINT)) == ""
    assert "app_1: the ledger does not record it" in found(**changes, on_snapshot=declared(CHECKPOINT))
    elsewhere_too = {"on_snapshot": declared("atlas-9"), "on_deeds": recorded("atlas-9")}
    assert "applicability app_1: it is about atlas-9" in found(**changes, **elsewhere_too)


def test_a_run_of_another_subject_is_named() -> None:
    assert "about the subject mallet-1" in found(on_reports=lambda reports: reports[1].update(subject="mallet-1"))


def _sign_as(number: int, who: dict[str, str]) -> Change:
    return lambda rows: rows[number].update(signer={"id": who["id"], "name": who["name"]})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.pop(), "0 of 1 signatures that say 'approves' as leadership"),
        (lambda rows: rows.clear(), "0 of 1 signatures that say 'recommends' as advisory_chair"),
        (_sign_as(0, ADA), "signature sig_0: Ada Zoë authored a part and may not sign"),
        (_sign_as(1, CHEN), "one person signed twice"),
        (lambda rows: rows[0].update(digest=digest("other")), "signature sig_0"),
        (lambda rows: rows[0].update(version=2), "signature sig_0"),
        (lambda rows: rows[0].update(number="PSC-2026-0008"), "signature sig_0"),
        (lambda rows: rows[0].update(meaning="approves"), "no step asks the advisory_chair for 'approves'"),
        (lambda rows: rows[0].update(role="board"), "no step asks the board for 'recommends'"),
        (lambda rows: rows[1].update(meaning="dissents"), "0 of 1 signatures that say 'approves'"),
        (lambda rows: rows[0].update(comment="extra"), "does not have exactly the fields"),
        (lambda rows: rows.reverse(), "the leadership signed before the step ahead was complete"),
    ],
)  # fmt: skip
def test_signatures_that_break_the_rules_are_named(change: Change, words: str) -> None:
    assert words in found(on_signatures=change)


def test_a_review_or_a_dissent_by_somebody_else_is_welcome() -> None:
    def dissent(rows: list[dict[str, Any]]) -> None:
        rows.append({**rows[0], "id": "sig_9", "signer": {"id": "usr_eli", "name": "Eli"}, "role": "advisory_member",
                     "meaning": "dissents", "at": moment(25)})  # fmt: skip

    assert found(on_signatures=dissent) == ""


def test_a_determiner_who_is_left_out_of_the_authors_still_may_not_sign() -> None:
    def hidden(snapshot: dict[str, Any]) -> None:
        snapshot["authors"] = []
        side(snapshot, "cbrn", "post_mitigation")["determination"]["by"] = CHEN

    assert "Chen authored a part and may not sign" in found(on_snapshot=hidden)


def test_a_person_who_posted_a_cited_run_may_not_sign() -> None:
    assert "Dana authored a part and may not sign" in found(
        on_deeds=lambda deeds: deed(deeds, "run.received").update(actor=DANA)
    )


def deed(deeds: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(row for row in deeds if row["kind"] == kind)


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("framework.published", {"digest": digest("other")}, "its publication is not in the ledger"),
        ("framework.published", {"version": "2099"}, "its publication is not in the ledger"),
        ("run.received", {"digest": digest("other")}, "run_0 (ctf-professional): its receipt is not in the ledger"),
        ("run.received", {"checkpoint": "atlas-2-rc0"}, "run_0 (ctf-professional): its receipt is not in the ledger"),
        ("run.received", {"revision": 2}, "run_0 (ctf-professional): its receipt is not in the ledger"),
        ("signoff.signed", {"digest": digest("other")}, "signature sig_0: it is not in the ledger"),
        ("signoff.signed", {"meaning": "approves"}, "signature sig_0: it is not in the ledger"),
        ("signoff.signed", {"signature": digest("other")}, "signature sig_0: it is not in the ledger"),
        ("scorecard.sealed", {"digest": digest("other")}, "the ledger's seal (entry #11) says otherwise"),
        ("scorecard.sealed", {"framework": digest("other")}, "the ledger's seal (entry #11) says otherwise"),
        ("scorecard.sealed", {"verifier": digest("other")}, "verify.py is not the verifier that the seal names"),
        ("scorecard.sealed", {"signatures": []}, "its signatures are not the ones that were sealed"),
    ],
)  # fmt: skip
def test_a_ledger_entry_that_says_otherwise_is_named(kind: str, changes: dict[str, Any], words: str) -> None:
    assert words in found(on_deeds=lambda deeds: deed(deeds, kind)["data"].update(changes))


def test_a_signature_that_another_person_entered_is_named() -> None:
    assert "sig_0: the ledger names another signer" in found(
        on_deeds=lambda deeds: deed(deeds, "signoff.signed").update(actor=ADA)
    )
    token = {"kind": "token", "id": CHEN["id"], "name": CHEN["name"]}
    assert "sig_0: the ledger names another signer" in found(
        on_deeds=lambda deeds: deed(deeds, "signoff.signed").update(actor=token)
    )


@pytest.mark.parametrize("kind", ["signoff.declined", "signoff.reopened", "scorecard.staled"])
def test_a_signature_on_a_card_that_was_taken_back_before_the_seal_does_not_count(kind: str) -> None:
    def taken_back(deeds: list[dict[str, Any]]) -> None:
        seal = deeds[-1]
        deeds.insert(-1, {**seal, "kind": kind, "actor": None, "at": moment(26)})

    assert "took the card back before the seal" in found(on_deeds=taken_back)


def test_what_happened_to_another_card_does_not_matter() -> None:
    def another(deeds: list[dict[str, Any]]) -> None:
        row = {**deeds[-1], "kind": "signoff.declined", "data": {**deeds[-1]["data"], "number": "PSC-2026-0001"}}
        deeds.insert(-1, row)

    assert found(on_deeds=another) == ""


def test_a_run_that_was_superseded_before_the_seal_may_not_be_evidence() -> None:
    def superseded(deeds: list[dict[str, Any]]) -> None:
        deeds.insert(-1, {**deed(deeds, "run.received"), "kind": "run.superseded"})

    assert "run_0 (ctf-professional): it was superseded before the seal" in found(on_deeds=superseded)


def test_a_receipt_that_was_entered_after_the_seal_does_not_count() -> None:
    def late(deeds: list[dict[str, Any]]) -> None:
        deeds.append(deeds.pop(deeds.index(deed(deeds, "run.received"))))

    assert "run_0 (ctf-professional): its receipt is not in the ledger" in found(on_deeds=late)


def test_a_seal_that_another_person_made_is_named() -> None:
    assert "another person as the sealer" in found(on_deeds=lambda deeds: deeds[-1].update(actor=CHEN))


LOWERED = {("cybersecurity", "pre_mitigation"): "high", ("cybersecurity", "post_mitigation"): "low"}


def credit(change: Change) -> Change:
    """Change the credit of the lowered level, without the line of the lint that would give it away."""

    def changed(snapshot: dict[str, Any]) -> None:
        snapshot["lint"] = [row for row in snapshot["lint"] if row["code"] != "lowered-without-cause"]
        change(next(row for row in snapshot["categories"] if row["category"] == "cybersecurity")["credit"])

    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: None, "cybersecurity: sealed with a level lowered without a cause"),
        (lambda row: row.update(basis="measured"), "cybersecurity/credit/basis: recorded measured, recomputed missing"),
        (lambda row: row["pairs"][0].update(counts=True), "credit/pairs/0/counts: recorded True, recomputed False"),
        (lambda row: row.update(levels=["high"]), "cybersecurity/credit/levels"),
    ],
    ids=["honest but missing", "called measured", "called a clear fall", "fewer levels"],
)
def test_a_lower_level_after_mitigation_must_have_its_cause(change: Change, words: str) -> None:
    assert words in found(levels=LOWERED, on_snapshot=credit(change))


def test_a_safeguard_or_forecast_that_the_ledger_does_not_know_is_named() -> None:
    row = {"id": "sg_1", "slug": "x", "version": 1, "name": "X", "claim": None, "threat_actor": "Anybody",
           "in_force": True}  # fmt: skip
    assert "safeguard sg_1: the ledger does not record it" in found(
        on_snapshot=lambda one: one.update(safeguards=[row])
    )
    assert "forecasts is empty" in found(on_snapshot=lambda one: one.update(forecasts=[]))
