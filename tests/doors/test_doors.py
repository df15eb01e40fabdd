"""Who may call what: one table in the documentation, every route and kind of token against it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard.environment import ROOT
from scorecard.issuing import issue_token, revoke_token
from scorecard.models import ApiToken, Membership, Programme, Scorecard, User
from scorecard.refusals import Refused

Call = Callable[..., Any]
PAGE = (ROOT / "docs" / "reference" / "access.md").read_text(encoding="utf-8")


def test_a_token_is_refused_once_expired_revoked_or_its_person_disabled(
    call: Call, reader: str, cast: dict[str, User]
) -> None:
    assert call("GET", "scorecards/", reader).status_code == 200
    token = ApiToken.objects.get(prefix=reader.split("_")[1])
    revoke_token(token, by=SYSTEM, at=timezone.now())
    assert call("GET", "scorecards/", reader).status_code == 401
    ApiToken.objects.update(revoked_at=None, expires_at=timezone.now() - timedelta(seconds=1))
    assert call("GET", "scorecards/", reader).status_code == 401
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    User.objects.filter(username="faye").update(is_active=False)
    assert call("GET", "scorecards/", reader).status_code == 401


@pytest.mark.parametrize("spoil", [
    lambda secret: secret[:-1] + ("0" if secret[-1] != "0" else "1"), lambda secret: "psc_x", lambda secret: "",
    lambda secret: secret.replace("psc_", "abc_"), lambda secret: secret + "_x",
])  # fmt: skip
def test_a_spoiled_token_says_nothing_about_why(call: Call, reader: str, spoil: Callable[[str], str]) -> None:
    answer = call("GET", "scorecards/", None, None, Authorization=f"Bearer {spoil(reader)}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["detail"].startswith(("The token is unknown", "Authentication credentials"))


def test_basic_authentication_takes_the_token_as_the_password(call: Call, reader: str) -> None:
    header = "Basic " + base64.b64encode(f"anything:{reader}".encode()).decode()
    assert call("GET", "scorecards/", None, None, Authorization=header).status_code == 200


def test_a_token_in_the_address_is_refused(call: Call, reader: str) -> None:
    assert call("GET", f"scorecards/?token={reader}").status_code == 400


def test_a_secret_is_kept_only_as_a_digest(reader: str) -> None:
    token = ApiToken.objects.get(prefix=reader.split("_")[1])
    assert token.digest.startswith("sha256:")
    assert reader.split("_")[2] not in str(vars(token))


@pytest.mark.parametrize(("scopes", "days"), [([], 30), (["everything"], 30), (["admin"], 0), (["admin"], 400)])
def test_a_token_without_known_scopes_or_with_too_long_a_life_is_not_issued(
    scopes: list[str], days: int, cast: dict[str, User], programme: Programme
) -> None:
    with pytest.raises(Refused):
        issue_token(
            name="x", scopes=scopes, person=cast["ada"], programme=programme, days=days, by=SYSTEM, at=timezone.now()
        )


def test_another_programmes_card_does_not_exist_for_an_outsider(
    call: Call, card: Scorecard, token_for: Callable[..., str]
) -> None:
    outsider = User.objects.create(username="zoe")
    other = Programme.objects.create(slug="other", name="Other")
    Membership.objects.create(person=outsider, programme=other, role="auditor")
    _, secret = issue_token(
        name="x", scopes=["scorecards:read"], person=outsider, programme=other, days=1, by=SYSTEM, at=timezone.now()
    )
    hidden = call("GET", f"scorecards/{card.id}/", secret)
    missing = call("GET", "scorecards/card_missing/", secret)
    assert (hidden.status_code, hidden.json()) == (404, missing.json())
    assert call("GET", "scorecards/", secret).json()["results"] == []


def test_every_error_is_a_problem_document(call: Call, reader: str, client: Any) -> None:
    answers = [
        call("GET", "nothing-here/"), call("DELETE", "runs/", reader), call("GET", "scorecards/?colour=red", reader),
        call("GET", "scorecards/?limit=0", reader), call("GET", "scorecards/PSC-1/", reader),
        call("GET", "gate/?checkpoint=x", reader), call("GET", "ledger/proof/?seq=9&size=x", reader),
    ]  # fmt: skip
    assert {answer["Content-Type"] for answer in answers} == {"application/problem+json"}
    assert all({"type", "title", "status", "detail"} <= set(answer.json()) for answer in answers)


def test_every_problem_code_of_the_deeds_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "problems.md").read_text(encoding="utf-8")
    codes = set()
    for path in [*(ROOT / "scorecard").glob("*.py"), *(ROOT / "scorecard" / "api").rglob("*.py")]:
        codes |= set(re.findall(r'Refused\(\s*"([a-z-]+)"', path.read_text(encoding="utf-8")))
    assert {code for code in codes if f"`{code}`" not in page} == set()
