"""The life of a token: issued by the command, used, noted, expired, revoked, and every step in the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard.issuing import checksum, issue_token, revoke_token
from scorecard.models import ApiToken, Programme, User
from scorecard.models.ledger import LedgerEntry
from tests.api.conftest import Caller, problem_of

FORM = re.compile(r"psc_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}_[0-9a-f]{8}")


def commanded(**changes: Any) -> str:
    """Return what `manage.py api_token` writes to stdout."""
    out = StringIO()
    asked = {"person": "ada", "name": "nightly", "scopes": ["runs:write"], "stdout": out} | changes
    call_command("api_token", **asked)
    return out.getvalue()


def test_the_command_prints_the_secret_and_nothing_else(cast: dict[str, User]) -> None:
    printed = commanded()
    assert FORM.fullmatch(printed.strip())
    assert Caller(printed.strip()).get("runs/").status_code == 403
    assert ApiToken.objects.get().scopes == ["runs:write"]


def test_the_command_binds_a_token_to_suites(cast: dict[str, User]) -> None:
    commanded(suites=["ctf-*", "wmdp-bio"])
    assert ApiToken.objects.get().suites == ["ctf-*", "wmdp-bio"]
    with pytest.raises(CommandError, match="names no evaluation"):
        commanded(suites=["../etc"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"person": "nobody"}, "'nobody'"),
        ({"programme": "none"}, "'none'"),
        ({"days": 91}, "1 to 90 days"),
        ({"days": 0}, "1 to 90 days"),
    ],
)
def test_the_command_says_what_is_wrong_and_issues_nothing(
    cast: dict[str, User], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        commanded(**change)
    assert ApiToken.objects.count() == 0


def test_a_disabled_person_gets_no_token(cast: dict[str, User]) -> None:
    User.objects.filter(username="ada").update(is_active=False)
    with pytest.raises(CommandError, match="no active person"):
        commanded()


def test_issuing_and_revoking_stand_in_the_ledger_without_the_secret(
    cast: dict[str, User], programme: Programme
) -> None:
    now = timezone.now()
    token, secret = issue_token(
        name="x", scopes=["admin"], person=cast["gil"], programme=programme, days=90, by=SYSTEM, at=now
    )
    for _ in range(2):
        revoke_token(token, by=SYSTEM, at=now)
    entries = LedgerEntry.objects.filter(subject_id=token.id).order_by("seq")
    assert [entry.kind for entry in entries] == ["token.issued", "token.revoked"]
    assert secret.split("_")[2] not in "".join(entry.envelope for entry in entries)


def test_the_last_use_is_written_at_most_once_a_minute(reader: Caller) -> None:
    def last_used() -> Any:
        return ApiToken.objects.get().last_used_at

    reader.get("scorecards/")
    first = last_used()
    reader.get("scorecards/")
    assert last_used() == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    reader.get("scorecards/")
    assert last_used() >= first


def test_a_refused_token_leaves_no_trace_of_use(reader: Caller) -> None:
    ApiToken.objects.update(expires_at=timezone.now())
    problem_of(reader.get("scorecards/"), 401)
    assert ApiToken.objects.get().last_used_at is None


def test_a_known_prefix_with_another_secret_opens_nothing(reader: Caller) -> None:
    body = f"psc_{ApiToken.objects.get().prefix}_{'A' * 43}"
    problem_of(Caller(f"{body}_{checksum(body)}").get("scorecards/"), 401)


@pytest.mark.parametrize("header", ["Basic !!!", "Basic /w==", "Digest psc_a_b_c", "Bearer", "Basic"])
@pytest.mark.django_db
def test_credentials_that_cannot_be_read_are_401(header: str) -> None:
    asking = Caller()
    asking.headers = {"Authorization": header}
    problem_of(asking.get("scorecards/"), 401)


def test_a_token_in_the_address_is_refused_before_it_is_looked_at(
    caller: Callable[..., Caller], token_for: Callable[..., str]
) -> None:
    secret = token_for("faye", "scorecards:read")
    for asking in (Caller(), Caller(secret)):
        assert "address" in problem_of(asking.get("scorecards/", access_token=secret), 400)["detail"]
    assert ApiToken.objects.get().last_used_at is None
