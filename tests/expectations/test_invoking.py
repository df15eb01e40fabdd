"""An exception clause opens its gate only with every statement attested on a draft, and is signed with the card."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from scorecard import invoking
from scorecard.access import Person
from scorecard.determining import determine, newest_assessment
from scorecard.models import Invocation, Scorecard
from scorecard.queries import card_digest, snapshot_of
from scorecard.refusals import Refused
from scorecard.signing import request
from tests.conftest import NOW
from tests.web.journeys import REASON

Cast = Callable[[str], Person]
GROUNDS = {
    slug: f"Grounds for {slug}, long enough to follow."
    for slug in ("confirmed", "acknowledged", "no_meaningful_increase", "still_more_protective")
}


def high(card: Scorecard, person: Cast) -> Scorecard:
    """Determine biological High on both sides and the other tracked categories below it; research is not rated."""
    for category in card.framework.document["categories"]:
        for side in ("pre_mitigation", "post_mitigation") if category["kind"] == "tracked" else ():
            level = "high" if category["slug"] == "biological_chemical" else "below_high"
            seen = newest_assessment(card, category["slug"], side).digest
            determine(card, category=category["slug"], mitigation=side, level=level, rationale=REASON, seen=seen,
                      by=person("ada"), at=NOW)  # fmt: skip
    return card


def decisions(card: Scorecard) -> dict[str, str]:
    return {row["action"]: row["decision"] for row in snapshot_of(card)["gates"]}


def test_all_four_statements_open_the_gate_and_stand_on_the_card(second_card: Scorecard, person: Cast) -> None:
    card = high(second_card, person)
    assert decisions(card)["deploy"] == "deny"
    invoking.invoke(card, clause="marginal_risk", grounds=GROUNDS, by=person("dana"), at=NOW)
    assert decisions(card)["deploy"] == "allow"
    assert decisions(card)["release_weights"] == "deny"
    told = snapshot_of(card)["exceptions"][0]
    assert [row["grounds"] for row in told["attestations"]] == list(GROUNDS.values())
    reasons = next(row for row in snapshot_of(card)["gates"] if row["action"] == "deploy")["reasons"]
    assert reasons[0] == "Opened under the clause Marginal risk, whose every statement is attested."
    assert person("dana").actor.id in {row["id"] for row in snapshot_of(card)["authors"]}


@pytest.mark.parametrize("missing", GROUNDS)
def test_a_statement_without_grounds_refuses_the_whole_clause(
    second_card: Scorecard, person: Cast, missing: str
) -> None:
    with pytest.raises(Refused) as refusal:
        invoking.invoke(second_card, clause="marginal_risk", grounds=GROUNDS | {missing: " "}, by=person("ada"), at=NOW)
    assert (refusal.value.code, refusal.value.pointer) == ("reason-missing", f"/grounds/{missing}")
    assert not Invocation.objects.exists()


def test_unknown_clauses_and_statements_are_refused(second_card: Scorecard, card: Scorecard, person: Cast) -> None:
    with pytest.raises(Refused, match="no exception clause 'haste'"):
        invoking.invoke(second_card, clause="haste", grounds=GROUNDS, by=person("ada"), at=NOW)
    with pytest.raises(Refused, match="no statement 'because'"):
        invoking.invoke(
            second_card, clause="marginal_risk", grounds=GROUNDS | {"because": REASON}, by=person("ada"), at=NOW
        )
    with pytest.raises(Refused, match="This framework has none"):
        raise_remedy(card, person)


def raise_remedy(card: Scorecard, person: Cast) -> None:
    """Invoke a clause under a framework without any, and raise with the remedy as the words."""
    try:
        invoking.invoke(card, clause="marginal_risk", grounds=GROUNDS, by=person("ada"), at=NOW)
    except Refused as refusal:
        raise Refused(refusal.code, refusal.remedy) from refusal


def test_it_is_invoked_once_withdrawn_with_a_reason_and_never_in_review(second_card: Scorecard, person: Cast) -> None:
    card = high(second_card, person)
    made = invoking.invoke(card, clause="marginal_risk", grounds=GROUNDS, by=person("ada"), at=NOW)
    with pytest.raises(Refused, match="already"):
        invoking.invoke(card, clause="marginal_risk", grounds=GROUNDS, by=person("ada"), at=NOW)
    request(card, seen=card_digest(card), by=person("ada"), at=NOW)
    with pytest.raises(Refused) as refusal:
        invoking.withdraw(made, reason="The other developer withdrew its release.", by=person("ada"), at=NOW)
    assert refusal.value.code == "not-a-draft"


def test_a_withdrawn_clause_closes_the_gate_again(second_card: Scorecard, person: Cast) -> None:
    card = high(second_card, person)
    made = invoking.invoke(card, clause="marginal_risk", grounds=GROUNDS, by=person("ada"), at=NOW)
    invoking.withdraw(made, reason="The other developer withdrew its release.", by=person("dana"), at=NOW)
    assert decisions(card)["deploy"] == "deny"
    assert "exceptions" not in snapshot_of(card)
    with pytest.raises(Refused, match="withdrawn already"):
        invoking.withdraw(made, reason="The other developer withdrew its release.", by=person("dana"), at=NOW)


@pytest.mark.parametrize("name", ["chen", "eli", "faye", "gil"])
def test_only_those_who_prepare_or_lead_invoke_a_clause(second_card: Scorecard, person: Cast, name: str) -> None:
    with pytest.raises(Refused) as refusal:
        invoking.invoke(second_card, clause="marginal_risk", grounds=GROUNDS, by=person(name), at=NOW)
    assert refusal.value.status == 403


def test_the_page_asks_for_the_grounds_of_each_statement(
    second_card: Scorecard, visit: Callable[[str], Client]
) -> None:
    base, client = f"/scorecards/{second_card.number}/v{second_card.version}/outlook/", visit("ada")
    page = client.get(base).content.decode()
    assert page.count('name="grounds-') == 4
    form = {"clause": "marginal_risk", **{f"grounds-{slug}": text for slug, text in GROUNDS.items()}}
    short = client.post(f"{base}invoke/", form | {"grounds-confirmed": "yes"})
    assert short.status_code == 422
    assert GROUNDS["acknowledged"] in short.content.decode()
    assert client.post(f"{base}invoke/", form).status_code == 302
    made = Invocation.objects.get()
    assert "Marginal risk, invoked by" in client.get(base).content.decode()
    away = client.post(f"{base}invoked/{made.id}/withdraw/", {"reason": "The other developer withdrew its release."})
    assert away.status_code == 302


def test_the_api_invokes_and_withdraws(second_card: Scorecard, client: Client, token_for: Callable[..., str]) -> None:
    headers = {"authorization": f"Bearer {token_for('ada', 'signoff:write', 'scorecards:read')}"}
    told = {"content_type": "application/json", "headers": headers}
    body = {"clause": "marginal_risk", "grounds": GROUNDS}
    answer = client.post(f"/api/v1/scorecards/{second_card.id}/exceptions/", body, **told)
    assert answer.status_code == 201
    made = answer.json()["exceptions"][0]
    assert made["name"] == "Marginal risk"
    bad = client.post(f"/api/v1/scorecards/{second_card.id}/exceptions/", {**body, "clause": "haste"}, **told)
    assert bad.json()["errors"][0]["pointer"] == "/clause"
    gone = client.post(f"/api/v1/exceptions/{made['id']}/withdraw/", {"reason": "It no longer holds."}, **told)
    assert gone.status_code == 200
