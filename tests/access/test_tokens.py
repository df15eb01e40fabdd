"""Tokens: never more than their scopes, their suites and their owner's roles of this very moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evaluations.models import EvaluationRun
from scorecard import issuing
from scorecard.access import ALLOWED, Person
from scorecard.models import ApiToken, Membership, Role, Scope, Scorecard, User
from scorecard.models.ledger import LedgerEntry
from scorecard.refusals import Refused
from tests.access.conftest import a_report
from tests.access.world import OPEN, PROBE
from tests.house.places import ROOT

Visit = Callable[[User | str], Client]
SECRET = re.compile(r"psc_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}_[0-9a-f]{8}")


def shown_secret(answer: Any) -> str:
    found = SECRET.search(answer.content.decode())
    assert found is not None
    return found[0]


def reads(secret: str) -> int:
    return Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/runs/").status_code


def test_the_page_for_scanners_names_the_form_that_tokens_have() -> None:
    page = (ROOT / "docs/how-to/tokens.md").read_text(encoding="utf-8")
    assert SECRET.pattern in page
    snippet: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], snippet)
    body = f"psc_{'a' * 8}_{'b' * 43}"
    assert snippet["is_token"](f"{body}_{issuing.checksum(body)}")
    assert not snippet["is_token"](f"{body}_00000000")


def test_a_token_of_one_suite_posts_no_results_of_another(
    card: Scorecard, api: Callable[..., Any], cast: dict[str, User]
) -> None:
    call = api(cast["ada"], "runs:write", suites=("ctf-*",))
    refused = call("POST", "runs/", a_report(PROBE))
    assert refused.status_code == 403
    assert refused.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/evaluation/slug", "code": "suite-not-allowed", "detail": "",
        "remedy": "Use a token whose suites cover the evaluation.",
    }  # fmt: skip
    assert not EvaluationRun.objects.exists()
    assert call("POST", "runs/", a_report(OPEN)).status_code == 202
    assert call("POST", f"logs/?evaluation={PROBE}", b"x").status_code == 403


@pytest.mark.parametrize("role", Role.values)
def test_a_scope_acts_only_as_far_as_a_role_allows_it(
    card: Scorecard, cast: dict[str, User], api: Callable[..., Any], role: str
) -> None:
    Membership.objects.filter(person=cast["bo"]).update(role=role)
    doors = {
        Scope.RUNS_WRITE: ("POST", "runs/"), Scope.EVIDENCE_READ: ("GET", "runs/"),
        Scope.SCORECARDS_READ: ("GET", "scorecards/"), Scope.SIGNOFF_WRITE: ("POST", "scorecards/"),
        Scope.ADMIN: ("POST", "subjects/"),
    }  # fmt: skip
    call = api(cast["bo"], *Scope.values)
    for scope, (method, path) in doors.items():
        answer = call(method, path, b"{}" if method == "POST" else b"")
        assert (answer.status_code != 403) is (scope in ALLOWED[role]), (role, scope, answer.content)


def test_a_role_that_was_taken_away_acts_on_the_next_request(
    card: Scorecard, cast: dict[str, User], api: Callable[..., Any]
) -> None:
    call = api(cast["ada"], "runs:write")
    assert call("POST", "runs/", a_report(OPEN)).status_code == 202
    Membership.objects.filter(person=cast["ada"]).delete()
    assert call("POST", "runs/", a_report(OPEN, run_id="later")).status_code == 403


def test_a_token_in_an_address_is_refused_and_revoked(
    card: Scorecard, cast: dict[str, User], api: Callable[..., Any]
) -> None:
    call = api(cast["faye"], "evidence:read")
    assert Client().get(f"/api/v1/runs/?token={call.secret}").status_code == 400
    assert call("GET", "runs/").status_code == 401
    assert ApiToken.objects.get().revoked_at is not None
    entry = LedgerEntry.objects.get(kind="token.revoked")
    assert "address" in entry.envelope
    assert call.secret not in entry.envelope
    forged = f"{call.secret[:-1]}{'0' if call.secret[-1] != '0' else '1'}"
    assert Client().get(f"/api/v1/runs/?token={forged}").status_code == 400


def test_the_page_issues_shows_once_rotates_and_revokes(card: Scorecard, cast: dict[str, User], visit: Visit) -> None:
    client = visit("faye")
    given = {"name": "reading", "scopes": ["evidence:read"], "suites": "ctf-*, wmdp-bio", "days": "30"}
    answer = client.post("/account/tokens/", given)
    secret = shown_secret(answer)
    assert "no-store" in answer["Cache-Control"]
    assert SECRET.search(client.get("/account/tokens/").content.decode()) is None
    assert reads(secret) == 200
    token = ApiToken.objects.get()
    assert token.suites == ["ctf-*", "wmdp-bio"]
    successor = shown_secret(client.post(f"/account/tokens/{token.id}/rotate/"))
    assert (reads(secret), reads(successor)) == (200, 200)
    ApiToken.objects.filter(id=token.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert (reads(secret), reads(successor)) == (401, 200)
    newest = ApiToken.objects.get(rotates=token)
    assert client.post(f"/account/tokens/{newest.id}/revoke/").status_code == 302
    assert reads(successor) == 401


def test_nobody_issues_beyond_their_roles(card: Scorecard, visit: Visit) -> None:
    answer = visit("faye").post("/account/tokens/", {"name": "x", "scopes": ["admin"], "days": "30"})
    assert answer.status_code == 403
    assert not ApiToken.objects.exists()
    assert 'value="admin"' not in visit("faye").get("/account/tokens/").content.decode()


def test_an_administrator_revokes_a_members_token_and_never_sees_a_secret_of_it(
    card: Scorecard, cast: dict[str, User], visit: Visit, api: Callable[..., Any]
) -> None:
    call = api(cast["faye"], "evidence:read")
    token = ApiToken.objects.get()
    assert token.prefix in visit("gil").get("/account/tokens/").content.decode()
    assert token.prefix not in visit("bo").get("/account/tokens/").content.decode()
    assert visit("bo").post(f"/account/tokens/{token.id}/revoke/").status_code == 404
    assert visit("gil").post(f"/account/tokens/{token.id}/rotate/").status_code == 403
    assert visit("gil").post(f"/account/tokens/{token.id}/revoke/").status_code == 302
    assert call("GET", "runs/").status_code == 401


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"days": 0}, "validity-too-long"), ({"days": 91}, "validity-too-long"), ({"scopes": []}, "scope-unknown"),
        ({"scopes": ["everything"]}, "scope-unknown"), ({"suites": ["../etc"]}, "suite-malformed"),
        ({"suites": [f"s{n}" for n in range(101)]}, "suite-malformed"),
    ],
)  # fmt: skip
def test_what_a_token_cannot_be_is_refused(person: Callable[[str], Person], changes: dict[str, Any], code: str) -> None:
    given = {"name": "x", "scopes": ["evidence:read"], "suites": [], "days": 30, **changes}
    with pytest.raises(Refused) as refusal:
        issuing.issue_own(**given, by=person("faye"), at=timezone.now())
    assert refusal.value.code == code


def test_a_token_is_rotated_once_and_not_when_it_is_over(person: Callable[[str], Person]) -> None:
    now = timezone.now()
    token, _ = issuing.issue_own(name="x", scopes=["evidence:read"], suites=[], days=1, by=person("faye"), at=now)
    issuing.rotate_token(token, grace=timedelta(hours=1), days=30, by=person("faye").actor, at=now)
    token.refresh_from_db()
    assert token.expires_at == now + timedelta(hours=1)
    with pytest.raises(Refused, match="successor"):
        issuing.rotate_token(token, grace=timedelta(0), days=30, by=person("faye").actor, at=now)
    with pytest.raises(Refused, match="grace"):
        issuing.rotate_token(token, grace=timedelta(days=8), days=30, by=person("faye").actor, at=now)


def test_a_secret_is_recognised_by_scanners_and_kept_only_as_a_digest(person: Callable[[str], Person]) -> None:
    token, secret = issuing.issue_own(
        name="x", scopes=["evidence:read"], suites=[], days=1, by=person("faye"), at=timezone.now()
    )
    assert SECRET.fullmatch(secret)
    body, _, check = secret.rpartition("_")
    assert issuing.checksum(body) == check
    kept = "".join(str(value) for value in ApiToken.objects.filter(id=token.id).values_list()[0])
    assert secret.split("_")[2] not in kept
