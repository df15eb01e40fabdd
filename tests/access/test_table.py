"""Every address x every role x every kind of token, as docs/reference/access.md says; without a row it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as installed
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, path

from scorecard.access import ALLOWED
from scorecard.models import Role, Scope, User
from tests.access.conftest import Both
from tests.access.table import PAGE, PAGES, READERS, ROUTES, Route, Row, named_in_the_page, served
from tests.access.visiting import SESSIONS, addressed, called, visited
from tests.access.world import token_of

pytestmark = pytest.mark.django_db
CLOSED = (401, 403, 404, 405)
Fault = tuple[str, str, Any]
GUARDED = [row for row in PAGES if not row.who.startswith(("everybody", "nobody"))]
OPEN = [row for row in PAGES if row.who.startswith(("everybody", "nobody"))]
ABSENT = ("nobody", "everybody, where single sign-on is set up", "everybody, in the demonstration")
"""Who gets in where, outside the demonstration and without single sign-on, nobody does."""


@pytest.fixture(autouse=True)
def data_dir(settled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only whether a page opens is asked here; what it shows is asked where the page is tested."""
    monkeypatch.setattr("django.template.backends.django.Template.render", lambda *args, **kwargs: "")
    return settled


def _sent_to(answer: Any) -> str:
    return str(answer.headers.get("Location", "")).partition("?")[0]


def _let_in(answer: Any) -> bool:
    assert answer.status_code < 500 or answer.status_code == 503, answer.content
    return answer.status_code not in CLOSED and _sent_to(answer) not in ("/sign-in/", "/account/second-factor/")


def _got(answer: Any) -> str:
    return "own" if _let_in(answer) else str(answer.status_code)


def _named(row: Row | Route) -> str:
    return f"{row.method} {row.path}"


def test_every_address_that_is_served_has_a_row_and_every_row_an_address() -> None:
    assert set(served(get_resolver().url_patterns)) == named_in_the_page()
    assert len({_named(row) for row in PAGES}) == len(PAGES)
    assert len({_named(row) for row in ROUTES}) == len(ROUTES)


def test_a_new_address_without_a_row_is_noticed() -> None:
    fresh = path("secrets/<str:run_id>/", lambda request: HttpResponse())
    assert set(served([*get_resolver().url_patterns, fresh])) - named_in_the_page() == {"/secrets/{run}/"}


def test_the_scopes_of_the_page_are_those_that_the_roles_allow() -> None:
    for role, scopes in ALLOWED.items():
        assert f"| {role} | {', '.join(f'`{scope}`' for scope in sorted(scopes))} |" in PAGE


@pytest.mark.parametrize("address", ["/admin/", "/admin", "/admin/login/", "/admin/scorecard/user/"])
def test_there_is_no_django_admin(both: Both, address: str) -> None:
    User.objects.filter(pk=both[0].people["everything"].pk).update(is_staff=True, is_superuser=True)
    client = Client()
    assert client.get(address).status_code == 404
    client.force_login(both[0].people["everything"])
    assert client.get(address).status_code == 404


def test_what_is_open_needs_no_account(both: Both) -> None:
    faults: list[Fault] = []
    for row in OPEN:
        answer = visited(row, both[0], None)
        absent = row.who in ABSENT
        if answer.status_code in (401, 405) or (answer.status_code == 404) is not absent:
            faults.append((_named(row), "nobody", answer.status_code))
    assert faults == []


def test_without_signing_in_or_a_second_factor_a_page_leads_to_it(both: Both, settings: Any) -> None:
    faults: list[Fault] = [
        (_named(row), "nobody", answer.status_code)
        for row in GUARDED
        if _sent_to(answer := visited(row, both[0], None)) != "/sign-in/"
    ]
    settings.REQUIRE_SECOND_FACTOR = True
    for row in GUARDED:
        led = _sent_to(visited(row, both[0], both[0].people["everything"])) == "/account/second-factor/"
        if led is ("†" in row.who):
            faults.append((_named(row), "without a second factor", led))
    assert faults == []


ROLED = [row for row in GUARDED if row.outsider and row.who != "owner"]


@pytest.mark.parametrize("role", Role.values)
def test_a_page_opens_to_its_roles_and_to_nobody_else(both: Both, role: str) -> None:
    world, faults = both[0], []
    for row in ROLED:
        answer = visited(row, world, world.people[role], role)
        wanted = "own" if role in row.roles() else row.others if role in READERS else "404"
        if _got(answer) != wanted:
            faults.append((_named(row), wanted, _got(answer)))
    assert faults == []


def test_a_page_shows_an_outsider_nothing_and_an_uncleared_member_what_its_row_says(both: Both) -> None:
    (world, other), faults = both, []
    for row in ROLED:
        for who, wanted in (
            (other.people["everything"], row.outsider), (world.people["uncleared"], row.uncleared or "own"),
        ):  # fmt: skip
            if (got := _got(visited(row, world, who, "leadership"))) != wanted:
                faults.append((_named(row), f"{who.username} {wanted}", got))
    assert faults == []


def test_what_belongs_to_one_person_opens_to_that_person(both: Both) -> None:
    world, other = both
    for row in (row for row in GUARDED if row.who == "owner"):
        assert _let_in(visited(row, world, world.objects["spare"])), row
        for stranger in (world.people["board"], world.people["pipeline"], other.people["everything"]):
            assert visited(row, world, stranger).status_code == 404, row


def test_ones_own_account_opens_whatever_role_one_holds(both: Both) -> None:
    for row in (row for row in GUARDED if row.who.startswith("signed in")):
        for role in ("auditor", "pipeline"):
            assert _let_in(visited(row, both[0], both[0].people[role], role)), row


def test_a_method_without_a_row_is_not_served(both: Both) -> None:
    client = Client(raise_request_exception=False)
    client.cookies[installed.SESSION_COOKIE_NAME] = SESSIONS[both[0].people["everything"].pk]
    for address in sorted({row.path for row in PAGES}):
        told = {row.method for row in PAGES if row.path == address}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - told:
            answer = client.generic(method, addressed(address, both[0]))
            assert answer.status_code in (404, 405), (method, address)


@pytest.mark.parametrize("role", Role.values)
def test_a_route_opens_to_the_roles_of_its_row_and_to_nobody_else(both: Both, role: str) -> None:
    world, faults = both[1], []
    _, secret = token_of(world, role)
    for route in ROUTES:
        status = called(route, world, role, secret).status_code
        # A pipeline reads no programme, so what its scope lets through does not exist for it.
        wanted = (403,) if role in READERS else (403, 404)
        if (status not in CLOSED) is not (role in route.roles()) or (status in CLOSED and status not in wanted):
            faults.append((_named(route), role, status))
    assert faults == []


def test_a_token_finds_nothing_of_another_programme_and_nothing_in_a_compartment(both: Both) -> None:
    hidden, world = both
    _, secret = token_of(hidden, "everything")
    for route in ROUTES:
        if "{" not in route.path or route.path == "frameworks/{framework}":
            continue
        assert called(route, world, "leadership", secret, own=False).status_code == 404, route
        inside = route.path.startswith(("runs/", "logs/", "jobs/", "sources/", "evidence/")) or "{kind}" in route.path
        if inside:
            assert called(route, hidden, "leadership", secret, own=False).status_code == 404, route


@pytest.mark.parametrize("scope", Scope.values)
def test_a_token_of_one_scope_opens_the_routes_of_that_scope_only(both: Both, scope: str) -> None:
    world, faults = both[1], []
    _, secret = token_of(world, "everything", scope)
    for route in ROUTES:
        status = called(route, world, "leadership", secret).status_code
        if (status in CLOSED) is (scope in route.scopes) or (status in CLOSED and status != 403):
            faults.append((_named(route), scope, status))
    assert faults == []


def test_without_a_token_no_route_of_the_api_opens_not_even_to_a_session(both: Both) -> None:
    client = Client()
    client.force_login(both[1].people["everything"])
    for route in ROUTES:
        place = f"/api/v1/{addressed(route.path, both[1])}"
        assert client.generic(route.method, place, "{}", content_type="application/json").status_code == 401, route
