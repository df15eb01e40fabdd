"""A proof is asked afresh, looked at a limited number of times, and leaves a trace either way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scorecard.demonstration.people import PASSWORD
from scorecard.models import SecurityEvent, User
from scorecard.reauthenticating import PER_ACCOUNT, PER_ADDRESS, WINDOW, reauthenticate
from scorecard.refusals import Refused
from tests.accounts.authenticators import STEP, app_of, code_at
from tests.accounts.conftest import kinds
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def refused(person: User, **given: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        reauthenticate(person, **{"purpose": "test", "at": NOW, **given})
    return caught.value


def test_a_password_and_a_code_each_prove_it_and_the_proof_names_its_method(cast: dict[str, User]) -> None:
    app_of(cast["bo"])
    assert reauthenticate(cast["bo"], password=PASSWORD, purpose="test", at=NOW).method == "password"
    assert reauthenticate(cast["bo"], code=code_at(NOW.timestamp()), purpose="test", at=NOW).method == "totp"
    assert kinds("bo") == ["reauthentication.succeeded"] * 2


def test_a_code_is_good_once_even_while_it_is_still_shown(cast: dict[str, User]) -> None:
    app_of(cast["bo"])
    code = code_at(NOW.timestamp())
    reauthenticate(cast["bo"], code=code, purpose="test", at=NOW)
    for later in (0, STEP - 1, STEP + 1):
        assert refused(cast["bo"], code=code, at=NOW + timedelta(seconds=later)).code == "code-wrong"
    older = code_at(NOW.timestamp(), steps=-1)
    assert refused(cast["bo"], code=older).code == "code-wrong", "a step before the last used one"
    following = code_at(NOW.timestamp(), steps=1)
    assert reauthenticate(cast["bo"], code=following, purpose="test", at=NOW).method == "totp"


@pytest.mark.parametrize("code", ["", "000000000000", "abcdef", "１２３４５６", "123 456\0"])
def test_what_is_no_code_of_the_app_proves_nothing(code: str, cast: dict[str, User]) -> None:
    app_of(cast["bo"])
    assert refused(cast["bo"], code=code).status == 403


def test_without_any_proof_nothing_is_counted(cast: dict[str, User]) -> None:
    assert refused(cast["bo"]).code == "password-wrong"
    assert kinds("bo") == []


def test_a_disabled_account_proves_nothing_although_the_password_is_right(cast: dict[str, User]) -> None:
    User.objects.filter(pk=cast["bo"].pk).update(is_active=False)
    assert refused(cast["bo"], password=PASSWORD).code == "password-wrong"


def test_after_ten_wrong_proofs_none_is_looked_at_and_the_owner_is_back_after_five_minutes(
    cast: dict[str, User],
) -> None:
    for _ in range(PER_ACCOUNT):
        assert refused(cast["bo"], password="wrong").status == 403
    for _ in range(100):
        assert refused(cast["bo"], password=PASSWORD).status == 429
    assert kinds("bo").count("reauthentication.failed") == PER_ACCOUNT
    assert kinds("bo").count("reauthentication.locked") == 1
    assert reauthenticate(cast["ada"], password=PASSWORD, purpose="test", at=NOW).method == "password"
    later = NOW + WINDOW + timedelta(seconds=1)
    assert reauthenticate(cast["bo"], password=PASSWORD, purpose="test", at=later).method == "password"
    assert kinds("bo").count("reauthentication.unlocked") == 1


def test_one_address_that_tries_many_accounts_is_limited_too(cast: dict[str, User]) -> None:
    names = sorted(cast)
    for place in range(PER_ADDRESS):
        assert refused(cast[names[place % 7]], password="wrong", address="192.0.2.7").status == 403
    assert refused(cast["ada"], password=PASSWORD, address="192.0.2.7").status == 429
    assert reauthenticate(cast["ada"], password=PASSWORD, purpose="test", at=NOW, address="192.0.2.8")


def test_no_event_and_no_log_line_holds_what_was_typed(cast: dict[str, User], caplog: pytest.LogCaptureFixture) -> None:
    refused(cast["bo"], password="my-secret-typed-wrongly")
    reauthenticate(cast["bo"], password=PASSWORD, purpose="sign PSC-1 v1", at=NOW)
    assert "reauthentication.failed" in caplog.text
    assert "sign PSC-1 v1" in caplog.text
    kept = "".join(f"{event.account}{event.detail}" for event in SecurityEvent.objects.all())
    for place in (kept, caplog.text):
        assert "my-secret-typed-wrongly" not in place
        assert PASSWORD not in place
