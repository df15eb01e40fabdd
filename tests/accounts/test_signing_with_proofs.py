"""Signing, declining and revoking by a fresh proof: a password or a code, counted when wrong, and not under a hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import time
from typing import Any

import pytest

from scorecard.access import Person
from scorecard.demonstration.people import PASSWORD
from scorecard.models import Scorecard, User
from scorecard.reauthenticating import PER_ACCOUNT
from scorecard.refusals import Refused
from scorecard.sealing import revoke
from scorecard.signing import decline, sign
from tests.accounts.authenticators import app_of, code_at
from tests.accounts.conftest import Visit, kinds
from tests.conftest import NOW
from tests.web.journeys import in_review, sealed

pytestmark = pytest.mark.django_db
Cast = Callable[[str], Person]


@pytest.fixture
def reviewed(card: Scorecard, person: Cast) -> Scorecard:
    """A card that Chen may sign."""
    return in_review(card, person)


def signing(card: Scorecard, by: Person, **proof: Any) -> Any:
    return sign(card, role="advisory_chair", meaning="recommends", seen=card.digest, reason="Agreed.", by=by,
                **{"at": NOW, **proof})  # fmt: skip


def refusal(deed: Callable[[], Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        deed()
    return caught.value


@pytest.mark.parametrize("method", ["password", "totp"])
def test_a_signature_names_the_proof_that_it_stands_on(
    method: str, reviewed: Scorecard, person: Cast, cast: dict[str, User]
) -> None:
    app_of(cast["chen"])
    proof = {"password": PASSWORD} if method == "password" else {"code": code_at(NOW.timestamp())}
    assert signing(reviewed, person("chen"), **proof).record["authentication"] == method
    assert kinds("chen") == ["reauthentication.succeeded"]


def test_one_code_signs_one_thing(reviewed: Scorecard, person: Cast, cast: dict[str, User]) -> None:
    app_of(cast["chen"])
    code = code_at(NOW.timestamp())
    signing(reviewed, person("chen"), code=code)
    again = refusal(lambda: decline(reviewed, seen=reviewed.digest, reason="No.", code=code, by=person("chen"), at=NOW))
    assert (again.code, again.status) == ("code-wrong", 403)


def test_wrong_proofs_are_counted_although_nothing_else_happened(reviewed: Scorecard, person: Cast) -> None:
    for _ in range(PER_ACCOUNT):
        assert refusal(lambda: signing(reviewed, person("chen"), password="wrong")).status == 403
    assert refusal(lambda: signing(reviewed, person("chen"), password=PASSWORD)).status == 429
    assert kinds("chen").count("reauthentication.failed") == PER_ACCOUNT
    assert not reviewed.signatures.exists()


def test_who_may_not_sign_at_all_is_asked_for_no_proof(reviewed: Scorecard, person: Cast) -> None:
    assert refusal(lambda: signing(reviewed, person("ada"), password="wrong")).code == "role-missing"
    moved = refusal(
        lambda: sign(reviewed, role="advisory_chair", meaning="recommends", seen="sha256:" + "0" * 64, reason="",
                     password="wrong", by=person("chen"), at=NOW)
    )  # fmt: skip
    assert moved.code == "content-moved-on"
    assert kinds("chen") == kinds("ada") == []


def test_an_account_that_was_recovered_signs_declines_and_revokes_nothing_for_a_day(
    card: Scorecard, person: Cast, cast: dict[str, User]
) -> None:
    reviewed = in_review(card, person)
    User.objects.filter(pk=cast["chen"].pk).update(signing_hold_until=NOW + timedelta(hours=1))
    for deed in (
        lambda: signing(reviewed, person("chen"), password=PASSWORD),
        lambda: decline(reviewed, seen=reviewed.digest, reason="No.", password=PASSWORD, by=person("chen"), at=NOW),
    ):
        assert refusal(deed).code == "signing-held"
    assert signing(reviewed, person("chen"), password=PASSWORD, at=NOW + timedelta(hours=1))


def test_a_held_account_revokes_nothing(card: Scorecard, person: Cast, cast: dict[str, User]) -> None:
    standing = sealed(card, person)
    User.objects.filter(pk=cast["eli"].pk).update(signing_hold_until=NOW + timedelta(hours=1))
    deed: dict[str, Any] = {"reason": "Reversed.", "password": PASSWORD, "by": person("eli")}
    assert refusal(lambda: revoke(standing, **deed, at=NOW)).code == "signing-held"
    assert revoke(standing, **deed, at=NOW + timedelta(hours=2)).state == "revoked"


def test_a_signer_who_is_disabled_in_the_middle_does_not_sign(
    reviewed: Scorecard, person: Cast, cast: dict[str, User]
) -> None:
    chen = person("chen")
    User.objects.filter(pk=cast["chen"].pk).update(is_active=False)
    assert refusal(lambda: signing(reviewed, chen, password=PASSWORD)).status == 403


def test_the_review_page_takes_a_code_in_place_of_the_password(reviewed: Scorecard, enter: Visit) -> None:
    client = enter("chen")
    path = f"/scorecards/{reviewed.number}/v{reviewed.version}/review/"
    form = {"as": "advisory_chair:recommends", "seen": reviewed.digest, "reason": "Agreed."}
    used = client.post(f"{path}sign/", {**form, "code": code_at(time())})
    assert used.status_code == 403, "it opened the session already"
    assert client.post(f"{path}sign/", {**form, "code": code_at(time(), steps=1)}).status_code == 302
    assert reviewed.signatures.get().record["authentication"] == "totp"
