"""Pages that list what grows ask the database equally often, however long the list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard import clearing, enrolling, inviting, proposing
from scorecard.access import Person
from scorecard.issuing import issue_token
from scorecard.models import Clearance, Compartment, FrameworkVersion, Membership, Programme, User

Visit = Callable[[str], Client]
Named = Callable[[str], Person]
FEW, MANY = 3, 20


@pytest.fixture
def compartment(programme: Programme, framework: FrameworkVersion) -> Compartment:
    return clearing.declare(
        programme, "cbrn", name="CBRN", categories=["cbrn"], evaluations=[], by=SYSTEM, at=timezone.now()
    )


@pytest.fixture
def grow(programme: Programme, compartment: Compartment, person: Named) -> Callable[[int, int], None]:
    """Return a way to add people, invitations, clearances, tokens and proposals of every kind, numbered."""

    def one(number: int) -> None:
        now, gil = timezone.now(), person("gil")
        name = f"guest-{number}"
        guest = User.objects.create(username=name, first_name=name)
        Membership.objects.create(person=guest, programme=programme, role="preparedness")
        inviting.invite(f"invited-{number}", programme=programme, role="", full_name="Some One", by=gil, at=now)
        ends = now + timedelta(days=3)
        Clearance.objects.create(person=guest, compartment=compartment, reason="x", granted_at=now, expires_at=ends)
        issue_token(name=name, scopes=["runs:write"], person=guest, programme=programme, days=1, by=SYSTEM, at=now)
        role = {"username": name, "role": "leadership", "days": None}
        proposing.propose(enrolling.GRANT, role, reason="x", by=gil, at=now)
        clearance = {"person": guest.person_id, "compartment": "cbrn", "days": 2}
        made = proposing.propose(clearing.GRANT, clearance, reason="x", by=gil, at=now)
        proposing.withdraw(made, by=gil, at=now)

    def add(first: int, last: int) -> None:
        for number in range(first, last):
            one(number)

    return add


def asked(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


@pytest.mark.parametrize(
    ("who", "path"),
    [("gil", "/people/"), ("faye", "/access/"), ("gil", "/account/tokens/"), ("gil", "/ledger/")],
)
def test_a_longer_list_asks_the_database_no_more_often(
    who: str, path: str, visit: Visit, grow: Callable[[int, int], None]
) -> None:
    client = visit(who)
    grow(0, FEW)
    client.get(path)
    few = asked(client, path)
    grow(FEW, MANY)
    assert asked(client, path) <= few
