"""Whoever works in several programmes stays in the one they chose, and sees what is over as over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard import enrolling, inviting, proposing
from scorecard.access import Person, person_for
from scorecard.issuing import issue_token
from scorecard.models import Membership, Programme, Scorecard, User
from scorecard.web.access import DECIDED_SHOWN
from tests.web.conftest import address

Visit = Callable[[str], Client]
SECOND = "?programme=second"


@pytest.fixture
def second(cast: dict[str, User]) -> Programme:
    """Another programme, later by name, in which Gil administers and proposes frameworks too."""
    found = Programme.objects.create(slug="second", name="Second models")
    for role in ("administrator", "preparedness"):
        Membership.objects.create(person=cast["gil"], programme=found, role=role)
    return found


@pytest.mark.parametrize("path", ["/people/", "/access/", "/account/tokens/"])
def test_pages_of_a_programme_lead_to_the_others(path: str, second: Programme, visit: Visit) -> None:
    gil = visit("gil")
    for chosen, name in (("", "Frontier models"), (SECOND, "Second models")):
        page = gil.get(f"{path}{chosen}").content.decode()
        assert name in page.partition("<h1>")[2].partition("</h1>")[0]
        assert f'href="{SECOND}"' in page
    assert gil.get(f"{path}?programme=third").status_code == 404


def test_a_token_of_the_second_programme_leads_back_to_its_tokens(
    second: Programme, cast: dict[str, User], visit: Visit
) -> None:
    token, _ = issue_token(name="x", scopes=["admin"], person=cast["gil"], programme=second, days=1, by=SYSTEM,
                           at=timezone.now())  # fmt: skip
    gil, back = visit("gil"), f"/account/tokens/{SECOND}"
    assert gil.get(f"/account/tokens/{token.id}/rotate/").headers["Location"] == back
    assert gil.post(f"/account/tokens/{token.id}/revoke/").headers["Location"] == back


def test_the_address_of_a_deed_leads_back_to_the_people_of_its_programme(second: Programme, visit: Visit) -> None:
    assert visit("gil").get(f"/people/invite/{SECOND}").headers["Location"] == f"/people/{SECOND}"


def test_who_proposes_frameworks_in_the_second_programme_only_begins_there(second: Programme, visit: Visit) -> None:
    page = visit("gil").get("/frameworks/propose/").content.decode()
    assert 'name="source"' in page
    assert "Second models" in page
    other = visit("gil").get("/frameworks/propose/?programme=frontier").content.decode()
    assert 'name="source"' not in other


def test_a_role_that_is_over_is_called_over(cast: dict[str, User], visit: Visit) -> None:
    now = timezone.now()
    for name, days in (("faye", 3), ("eli", -3)):
        Membership.objects.filter(person=cast[name]).update(expires_at=now + timedelta(days=days))
    page = visit("gil").get("/people/").content.decode()
    roles = [
        part.partition("</summary>")[0] for part in page.split("<summary>") if "of Faye" in part or "of Eli" in part
    ]
    told = {("ended" in words, "until" in words): words for words in roles if "Change" not in words}
    assert set(told) == {(True, False), (False, True)}
    assert "Eli" in told[(True, False)]


def test_an_invitation_without_a_role_names_none(person: Callable[[str], Person]) -> None:
    gil = person("gil")
    for username, role, words in (("hana", "", "models</strong>."), ("ivo", "preparedness", "models</strong> as ")):
        _, secret = inviting.invite(username, programme=gil.programme, role=role, by=gil, at=timezone.now())
        assert words in Client().get(f"/invitations/{secret}/").content.decode()


def test_every_proposal_that_waits_is_shown_however_many_there_are(
    cast: dict[str, User], person: Callable[[str], Person], visit: Visit
) -> None:
    content = {"username": "bo", "role": "leadership", "days": None}
    made = [
        proposing.propose(enrolling.GRANT, content, reason="x", by=person("gil"), at=timezone.now())
        for _ in range(DECIDED_SHOWN + 1)
    ]
    page = visit("dana").get("/access/").content.decode()
    assert [one.id for one in made if f"/access/proposals/{one.id}/" not in page] == []


def test_another_administrator_confirms_a_role(
    second: Programme, cast: dict[str, User], person: Callable[[str], Person], visit: Visit
) -> None:
    Membership.objects.create(person=cast["eli"], programme=second, role="administrator")
    content = {"username": "bo", "role": "leadership", "days": None}
    gil = person_for(cast["gil"], second)
    made = proposing.propose(enrolling.GRANT, content, reason="x", by=gil, at=timezone.now())
    answer = visit("eli").post(f"/access/proposals/{made.id}/", {"verdict": "confirm", "seen": made.digest})
    assert answer.headers["Location"] == f"/access/{SECOND}"
    assert person_for(cast["bo"], second).roles == {"leadership"}


@pytest.mark.parametrize(("rest", "place"), [("x-ray/", "Models"), ("/frameworks/propose/", "Frameworks")])
def test_pages_say_where_they_stand(rest: str, place: str, card: Scorecard, visit: Visit) -> None:
    page = visit("ada").get(rest if rest.startswith("/") else address(card, rest)).content.decode()
    assert re.search(rf'aria-current="[a-z]+"[^>]*>{place}<', page)
