"""Every route against every kind of token, as docs/reference/access.md says; a route without a row fails."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from scorecard.api.urls import ROUTES
from scorecard.models import Membership, Role, Scorecard, User
from tests.api.conftest import Caller, problem_of
from tests.house.places import ROOT

PAGE = (ROOT / "docs/reference/access.md").read_text(encoding="utf-8")
TOKENS = {
    "ingest": ("runs:write",),
    "reader": ("evidence:read", "scorecards:read"),
    "sign-off": ("signoff:write",),
    "admin": ("admin",),
}
ROW = re.compile(r"^\| `([A-Z]+) ([^/ ]\S*)` \| (\S+(?: or \S+)*) \|", flags=re.MULTILINE)
TABLE = {(row[1], row[2]): row[3].split(" or ") for row in ROW.finditer(PAGE)}
METHODS = ("get", "post", "put", "patch", "delete")


KINDS = {"fw": "framework", "evd": "evidence", "fc": "forecast", "exc": "invocation", "sg": "safeguard"} | {
    "app": "applicability",
    "chg": "change",
}
"""Prefix of an id -> how the document calls it, where that is not the prefix itself."""
PREFIXES = ("run", "job", "fw", "log", "upload", "source", "evd", "fc", "exc", "sg", "app", "chg")


def template(route: str) -> str:
    """Return the route as the document writes it: `runs/{run}`."""
    return re.sub(
        r"\(\?P<(\w+)>(?:([a-z]+)_)?[^)]*\)",
        lambda found: f"{{{KINDS.get(found[2], found[2]) if found[2] in PREFIXES else found[1]}}}",
        route,
    )


SERVED = {
    (method.upper(), template(route)): route for route, view in ROUTES for method in METHODS if hasattr(view, method)
}
ROUTED = pytest.mark.parametrize(("method", "path"), sorted(SERVED), ids=[" ".join(call) for call in sorted(SERVED)])


def address(path: str, card: Scorecard) -> str:
    """Return an address of the route; everything but the card by an id that names nothing."""
    nothing = "0" * 26
    ids = {KINDS.get(prefix, prefix): f"{prefix}_{nothing}" for prefix in PREFIXES}
    return path.format(**ids, name=card.id, kind="scorecard.json", number="1")


def test_the_document_lists_exactly_the_routes_that_are_served() -> None:
    assert set(TABLE) == set(SERVED)


def test_a_route_stands_in_the_table_once() -> None:
    assert len(ROW.findall(PAGE)) == len(TABLE)


def test_the_scopes_of_the_document_are_the_ones_of_this_test() -> None:
    for name, scopes in TOKENS.items():
        assert f"| {name} | {', '.join(f'`{scope}`' for scope in scopes)} |" in PAGE


@pytest.fixture
def anybody(card: Scorecard, cast: dict[str, User]) -> str:
    """The name of a person who holds every role, so that only the scopes of the token decide."""
    for role in Role.values:
        Membership.objects.get_or_create(person=cast["ada"], programme=card.programme, role=role)
    return "ada"


@ROUTED
def test_a_token_opens_what_the_table_says_and_nothing_else(
    caller: Callable[..., Caller], card: Scorecard, anybody: str, method: str, path: str
) -> None:
    place, wanted = address(path, card), set(TABLE[method, path])
    for token, scopes in TOKENS.items():
        answer = caller(anybody, *scopes).send(method, f"{place}/", b"{}")
        if wanted & set(scopes):
            assert answer.status_code not in (401, 403, 405, 500), token
            # The second time without the slash: no redirect, because a redirected POST loses its body.
            without = caller(anybody, *scopes).send(method, place, b"{}")
            assert without.status_code in (answer.status_code, 200), token
        else:
            assert "scope" in problem_of(answer, 403)["detail"], token
    answer = Caller().send(method, f"{place}/", b"{}")
    problem_of(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
def test_a_method_that_no_route_serves_is_refused_in_words_before_anything_else() -> None:
    for route, view in ROUTES:
        path = re.sub(r"\(\?P<\w+>(\w+?_)?[^)]*\)", rf"\g<1>{'0' * 26}", route)
        for method in ("PUT", "PATCH", "DELETE", "TRACE"):
            if hasattr(view, method.lower()):
                continue
            answer = Caller().send(method, path, b"{}")
            assert answer.status_code in (401, 404, 405), path


def test_who_holds_no_role_any_more_posts_nothing(caller: Callable[..., Caller], card: Scorecard) -> None:
    asking = caller("ada", "runs:write", "signoff:write")
    card.programme.memberships.filter(person__username="ada").delete()
    for path in ("runs/", "logs/", "uploads/", f"scorecards/{card.id}/request/"):
        assert "No role of" in problem_of(asking.post(path, {}), 403)["detail"], path


def test_a_person_without_a_role_reads_nothing_by_an_old_token(caller: Callable[..., Caller], card: Scorecard) -> None:
    asking = caller("faye", "evidence:read", "scorecards:read")
    card.programme.memberships.filter(person__username="faye").delete()
    for path in ("runs/", "jobs/", "subjects/", "frameworks/", "scorecards/", f"scorecards/{card.id}/"):
        assert "No role of" in problem_of(asking.get(path), 403)["detail"], path


def test_a_browser_session_opens_no_route_of_the_api(card: Scorecard, cast: dict[str, object]) -> None:
    asking = Caller()
    asking.client.force_login(cast["ada"])  # type: ignore[arg-type]
    problem_of(asking.get("scorecards/"), 401)
    problem_of(asking.post(f"scorecards/{card.id}/request/", {"seen": "x"}), 401)
