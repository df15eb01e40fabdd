"""Passkeys answered by software that can misbehave, and secrets that a copy of the database does not give away."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import serializers
from fido2.utils import websafe_encode

from scorecard.keeping_secrets import SecretUnreadable, opened, shut
from scorecard.models import User
from scorecard.reauthenticating import reauthenticate
from scorecard.second_factors import Assertion, accept_passkey, accept_recovery_code
from tests.accounts.authenticators import PRESENT, SECRET, SoftPasskey, app_of
from tests.accounts.conftest import kinds
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
CHALLENGE = websafe_encode(b"c" * 32)
STATE = {"challenge": CHALLENGE, "user_verification": "required"}


def asked(passkey: SoftPasskey, **bent: Any) -> Assertion:
    return Assertion(response=passkey.answered(CHALLENGE, **bent), state=STATE, domain="testserver")


@pytest.fixture
def passkey(cast: dict[str, User]) -> SoftPasskey:
    """Bo's passkey."""
    made = SoftPasskey()
    made.belongs_to(cast["bo"])
    return made


def test_a_passkey_proves_who_signs(cast: dict[str, User], passkey: SoftPasskey) -> None:
    assert reauthenticate(cast["bo"], assertion=asked(passkey), purpose="test", at=NOW).method == "passkey"


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://testserver.evil.example"},
        {"origin": "http://testserver"},
        {"domain": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
    ],
    ids=["other origin", "no TLS", "other domain", "holder not verified", "nobody present"],
)
def test_an_answer_with_a_wrong_part_is_refused(
    bent: dict[str, Any], cast: dict[str, User], passkey: SoftPasskey
) -> None:
    assert accept_passkey(cast["bo"], asked(passkey, **bent), at=NOW) is None


def test_an_answer_to_another_question_or_of_another_person_is_refused(
    cast: dict[str, User], passkey: SoftPasskey
) -> None:
    other = Assertion(response=passkey.answered(websafe_encode(b"d" * 32)), state=STATE, domain="testserver")
    assert accept_passkey(cast["bo"], other, at=NOW) is None
    assert accept_passkey(cast["ada"], asked(passkey), at=NOW) is None
    assert accept_passkey(cast["bo"], asked(SoftPasskey()), at=NOW) is None


@pytest.mark.parametrize("response", [{}, {"id": 1}, {"rawId": "x", "response": None}, {"response": {"signature": 1}}])
def test_what_is_no_answer_is_refused_without_a_crash(response: dict[str, Any], cast: dict[str, User]) -> None:
    assert accept_passkey(cast["bo"], Assertion(response=response, state=STATE, domain="testserver"), at=NOW) is None


def test_a_copied_passkey_is_refused_and_its_owner_told(cast: dict[str, User], passkey: SoftPasskey) -> None:
    assert accept_passkey(cast["bo"], asked(passkey), at=NOW)
    assert accept_passkey(cast["bo"], asked(passkey), at=NOW)
    assert accept_passkey(cast["bo"], asked(passkey, count=False), at=NOW) is None
    assert kinds("bo") == ["passkey.copied"]


def test_a_passkey_that_does_not_count_stays_good(cast: dict[str, User], passkey: SoftPasskey) -> None:
    for _ in range(2):
        assert accept_passkey(cast["bo"], asked(passkey, count=False), at=NOW)


def test_a_recovery_code_works_once(cast: dict[str, User]) -> None:
    codes = RecoveryCodes.activate(cast["bo"]).get_unused_codes()
    assert len(set(codes)) == 10
    assert [accept_recovery_code(cast["bo"], codes[3]) for _ in range(2)] == [True, False]
    assert not accept_recovery_code(cast["ada"], codes[4])


def test_a_copy_of_the_database_holds_no_secret_in_the_clear(cast: dict[str, User], data_dir: Path) -> None:
    app_of(cast["bo"])
    RecoveryCodes.activate(cast["bo"])
    dump = serializers.serialize("json", Authenticator.objects.all())
    kept = [json.loads(json.dumps(row.data)) for row in Authenticator.objects.all()]
    assert SECRET not in dump
    assert all(str(row.get("secret") or row["seed"]).startswith("aes-256-gcm:") for row in kept)
    assert stat.S_IMODE((data_dir / "second-factor-key").stat().st_mode) == 0o600


def test_a_kept_secret_opens_with_its_own_key_only_and_unaltered(tmp_path: Path) -> None:
    kept = shut("a secret", folder=tmp_path / "one")
    assert opened(kept, folder=tmp_path / "one") == "a secret"
    assert shut("a secret", folder=tmp_path / "one") != kept
    for text, folder in ((kept, "two"), (kept[:-6] + "AAAA==", "one"), ("a secret", "one"), ("", "one")):
        with pytest.raises(SecretUnreadable, match="second-factor-key"):
            opened(text, folder=tmp_path / folder)
