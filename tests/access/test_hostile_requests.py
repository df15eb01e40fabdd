"""Requests that nobody should send: foreign ids, fields and headers; none opens, changes or tells a thing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from scorecard.models import Membership, SecurityEvent, User
from tests.access.conftest import Both, page_of
from tests.access.table import PAGES, ROUTES, Route
from tests.access.visiting import addressed, body_of, browser, pipe
from tests.access.world import World, token_of

pytestmark = pytest.mark.django_db
IDS = {
    "run": "run", "log": "log", "document": "evidence", "job": "job", "clearance": "clearance", "evidence": "evidence",
    "membership": "membership", "proposal": "proposal", "token": "token", "source": "source", "upload": "upload",
    "name": "checkpoint", "pk": "passkey",
}  # fmt: skip
"""Place in an address -> the object of the world that stands there."""


@pytest.fixture(autouse=True)
def data_dir(settled: Path) -> Path:
    """The folder of this module's installation."""
    return settled


def changed(world: World, name: str) -> World:
    """Return the world with an id that names nothing in place of the named object's."""
    value = world.objects[name]
    if name == "proposal":
        twin: Any = type(value)(id=_other(value.id), digest=value.digest)
    else:
        twin = value + 999_983 if isinstance(value, int) else _other(str(value))
    return World(world.programme, world.people, {**world.objects, name: twin}, world.secrets)


def _other(identifier: str) -> str:
    return identifier[:-1] + ("0" if identifier[-1] != "0" else "1")


def test_a_hidden_object_answers_word_for_word_like_one_that_never_was(both: Both) -> None:
    world, other = both
    told = 0
    for row in PAGES:
        place = re.search(r"\{(\w+)\}", row.path)
        if place is None or place[1] not in IDS or row.method != "GET":
            continue
        missing = changed(world, IDS[place[1]])
        for who in (other.people["everything"], world.people["uncleared"]):
            answers = [browser(who).get(addressed(row.path, one)) for one in (world, missing)]
            if answers[0].status_code != 404:
                continue
            told += 1
            assert answers[1].status_code == 404, row
            assert page_of(answers[0]) == page_of(answers[1]), row
    assert told > 30


def test_a_hidden_object_of_the_api_answers_word_for_word_like_one_that_never_was(both: Both) -> None:
    hidden, world = both
    _, foreign = token_of(hidden, "everything")
    told = 0
    for route in ROUTES:
        place = re.search(r"\{(\w+)\}", route.path)
        if place is None or place[1] not in IDS or "scorecards" in route.path:
            continue
        for target in (world, hidden):
            missing = changed(target, IDS[place[1]])
            answers = [_sent(pipe(foreign), route, one) for one in (target, missing)]
            assert [answer.status_code for answer in answers] == [404, 404], route
            assert answers[0].content == answers[1].content, route
            told += 1
    assert told > 30


def _sent(client: Client, route: Route, world: World, body: bytes | None = None) -> Any:
    with transaction.atomic():
        place = f"/api/v1/{addressed(route.path, world)}"
        given = body_of(route, world, "leadership") if body is None else body
        answer = client.generic(route.method, place, given, content_type="application/json")
        transaction.set_rollback(True)
    return answer


BODIES: dict[str, dict[str, Any]] = {
    "subjects": {"slug": "fresh", "name": "Fresh"},
    "evaluations": {"slug": "fresh", "title": "Fresh", "polarity": "none"},
    "sources": {"slug": "fresh", "kind": "feed", "address": "https://example.org/other.json"},
    "uploads": {"digest": f"sha256:{'1' * 64}", "bytes": 5},
    "settings": {"enabled": False},
    "bind": {"mitigation": "pre_mitigation"},
}
"""Last word of a route -> a body that it takes."""
FORBIDDEN = {
    "id": "run_1", "state": "sealed", "status": "approved", "approved_by": "zoe", "created_at": "2020-01-01T00:00:00Z",
    "programme": "inner", "person": "person_1", "is_superuser": True, "by": "zoe", "actor": "zoe", "digest": "sha256:0",
}  # fmt: skip


def test_a_field_that_no_body_has_is_refused_by_every_route(both: Both) -> None:
    world = both[1]
    _, secret = token_of(world, "everything")
    tried = 0
    for route in ROUTES:
        last = route.path.rsplit("/", 1)[-1]
        said = BODIES.get(last) or json.loads(body_of(route, world, "leadership") or b"{}")
        if route.method != "POST" or not said:
            continue
        for name, value in FORBIDDEN.items():
            if name in said:
                continue
            answer = _sent(pipe(secret), route, world, json.dumps({**said, name: value}).encode())
            assert answer.status_code == 422, (route, name, answer.content)
            tried += 1
    assert tried > 100


def test_a_field_that_no_form_has_changes_nothing(both: Both) -> None:
    world = both[0]
    admin, spare = world.people["administrator"], world.objects["spare"]
    more = {"is_superuser": "1", "is_staff": "1", "programme_id": both[1].programme.id, "state": "confirmed", "by": "x"}
    asked = {"username": spare.username, "role": "board", "days": "5", "reason": "Joins the board", **more}
    assert browser(admin).post("/access/roles/propose/", asked).status_code == 302
    made = Membership.objects.filter(person=spare, role="board")
    assert not made.exists()
    invited = {"username": "freshly", "full_name": "Fresh Ly", "role": "", **more}
    assert browser(admin).post("/people/invite/", invited).status_code == 200
    spare.refresh_from_db()
    assert not User.objects.filter(username="freshly").exists()
    assert (spare.is_staff, spare.is_superuser, admin.is_superuser) == (False, False, False)


def test_headers_that_claim_a_person_a_host_or_an_address_are_not_believed(both: Both) -> None:
    claims = {
        "X-Forwarded-For": "203.0.113.9", "X-Forwarded-User": both[0].people["administrator"].username,
        "X-Remote-User": "zoe", "Remote-User": both[0].people["administrator"].username, "X-Real-IP": "203.0.113.9",
        "X-Forwarded-Host": "evil.example", "Forwarded": "for=203.0.113.9;host=evil.example",
    }  # fmt: skip
    answer = browser(None).get("/runs/", headers=claims)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/runs/")
    assert Client().get("/api/v1/runs/", headers=claims).status_code == 401
    browser(None).post("/sign-in/", {"username": "nobody-here", "password": "wrong"}, headers=claims)
    event = SecurityEvent.objects.filter(account="nobody-here").latest("pk")
    assert event.address == "127.0.0.1"
    page = browser(both[0].people["administrator"]).post(
        "/people/invite/", {"username": "newly", "full_name": "New Ly", "role": ""}, headers=claims
    )
    assert "evil.example" not in page.content.decode()


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://testserver.evil.example", "file://"])
def test_no_other_origin_is_let_read_an_answer(both: Both, origin: str) -> None:
    _, secret = token_of(both[1], "auditor")
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        for answer in (
            pipe(secret).generic(method, "/api/v1/runs/", headers=headers),
            browser(both[0].people["auditor"]).generic(method, "/runs/", headers=headers),
        ):
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_role_that_was_taken_away_in_the_middle_of_a_session_opens_nothing_more(both: Both) -> None:
    world = both[0]
    client = browser(world.people["auditor"])
    assert client.get(addressed("/runs/{run}/", world)).status_code == 200
    Membership.objects.filter(person=world.people["auditor"]).delete()
    assert client.get(addressed("/runs/{run}/", world)).status_code == 404
