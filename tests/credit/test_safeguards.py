"""The registry of safeguards: versions, refusals, its pages and its API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from scorecard import safeguarding
from scorecard.access import Person
from scorecard.models import Safeguard, Scorecard
from scorecard.models.ledger import LedgerEntry
from scorecard.refusals import Refused
from tests.conftest import NOW
from tests.credit.conftest import CLASSIFIER

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]


def test_a_version_is_never_changed_and_stands_in_the_ledger(classifier: Safeguard, person: Cast) -> None:
    wider = replace(CLASSIFIER, threat_actor="An organised group")
    second = safeguarding.revise(classifier, seen=1, described=wider, reason="Retrained.", by=person("ada"), at=NOW)
    classifier.refresh_from_db()
    assert (classifier.threat_actor, second.threat_actor, second.version) == ("A lone novice", "An organised group", 2)
    assert LedgerEntry.objects.filter(kind="safeguard.written").count() == 2


@pytest.mark.parametrize(
    ("change", "slug", "code", "pointer"),
    [
        ({"name": " "}, "x", "safeguard-incomplete", "/name"),
        ({"threat_actor": ""}, "x", "safeguard-incomplete", "/threat_actor"),
        ({"evaluations": ["ctf-professional", "nothing"]}, "x", "evaluation-unknown", "/evaluations/1"),
        ({}, "Not A Slug", "slug-unusable", "/slug"),
        ({}, "exploit-classifier", "safeguard-exists", "/slug"),
    ],
)
def test_what_cannot_be_registered_says_where(
    classifier: Safeguard, card: Scorecard, person: Cast, change: dict[str, object], slug: str, code: str, pointer: str
) -> None:
    described = replace(CLASSIFIER, **change)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refusal:
        safeguarding.register(
            card.checkpoint.subject, slug=slug, described=described, reason="It is deployed.", by=person("ada"), at=NOW
        )
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)


def test_two_people_who_revise_the_same_version_do_not_overwrite_each_other(
    classifier: Safeguard, person: Cast
) -> None:
    safeguarding.revise(classifier, seen=1, described=CLASSIFIER, reason="Retrained.", by=person("ada"), at=NOW)
    with pytest.raises(Refused) as refusal:
        safeguarding.withdraw(classifier, seen=1, reason="Switched off.", by=person("ada"), at=NOW)
    assert refusal.value.code == "safeguard-moved-on"


def test_only_the_preparedness_team_writes(card: Scorecard, person: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        safeguarding.register(
            card.checkpoint.subject, slug="x", described=CLASSIFIER, reason="Because.", by=person("dana"), at=NOW
        )
    assert refusal.value.status == 403


def test_the_pages_register_revise_and_withdraw(card: Scorecard, visit: Callable[[str], Client]) -> None:
    client = visit("ada")
    form = {
        "subject": "atlas-2", "slug": "rate-limit", "name": "Rate limit", "summary": "Few calls.",
        "threat_actor": "A lone novice", "categories": "cybersecurity", "evaluations": "ctf-professional",
        "reason": "It is deployed.",
    }  # fmt: skip
    assert client.post("/safeguards/", {**form, "evaluations": "nothing"}).status_code == 422
    made = client.post("/safeguards/", form)
    assert made.status_code == 302
    assert "Rate limit" in client.get("/safeguards/").content.decode()
    second = client.post(made.headers["Location"], {**form, "threat_actor": "Anybody", "reason": "Tightened."})
    assert "Version 2" in client.get(second.headers["Location"]).content.decode()
    gone = client.post(second.headers["Location"], {"verdict": "withdraw", "reason": "Switched off."})
    assert "Withdrawn" in client.get(gone.headers["Location"]).content.decode()


def test_the_api_registers_lists_and_withdraws(card: Scorecard, token_for: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {token_for('ada', 'signoff:write', 'scorecards:read')}"}
    client = Client(headers=headers)
    body = {
        "subject": "atlas-2", "slug": "rate-limit", "name": "Rate limit", "summary": "Few calls.",
        "threat_actor": "A lone novice", "categories": ["cybersecurity"], "reason": "It is deployed.",
    }  # fmt: skip
    made = client.post("/api/v1/mitigations/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    identifier = made.json()["id"]
    assert [row["id"] for row in client.get("/api/v1/mitigations/?slug=rate-limit").json()["results"]] == [identifier]
    again = client.post("/api/v1/mitigations/", body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "safeguard-exists")
    gone = client.post(
        f"/api/v1/mitigations/{identifier}/withdraw/", {"reason": "Switched off."}, content_type="application/json"
    )
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
