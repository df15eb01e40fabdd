"""Sign-off by a hostile client: whatever it sends, no signature comes into being that the rules refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scorecard.models import Membership, Programme, Scorecard, Signature, User
from scorecard.models.ledger import LedgerEntry
from tests.api.conftest import REASON, Caller, problem_of
from tests.conftest import PASSWORD

Callers = Callable[..., Caller]


def signature(card: Scorecard, **changes: Any) -> dict[str, Any]:
    """Return the chair's signature on the card as it is."""
    return {
        "role": "advisory_chair", "meaning": "recommends", "seen": card.digest, "reason": REASON, "password": PASSWORD,
    } | changes  # fmt: skip


def refused(asking: Caller, card: Scorecard, body: dict[str, Any], status: int) -> str:
    """Post a signature; return the code of the refusal, after checking that nothing was written."""
    before = LedgerEntry.objects.count()
    problem = problem_of(asking.post(f"scorecards/{card.id}/signatures/", body), status)
    assert (Signature.objects.count(), LedgerEntry.objects.count()) == (0, before)
    return str(problem["code"])


def test_an_author_who_is_also_the_chair_does_not_sign(
    caller: Callers, reviewed: Scorecard, cast: dict[str, User], programme: Programme
) -> None:
    Membership.objects.create(person=cast["ada"], programme=programme, role="advisory_chair")
    assert refused(caller("ada", "signoff:write"), reviewed, signature(reviewed), 403) == "own-work"


@pytest.mark.parametrize("scopes", [("runs:write",), ("evidence:read", "scorecards:read"), ("admin",)])
def test_the_chairs_own_token_does_not_sign_without_the_scope(
    caller: Callers, reviewed: Scorecard, scopes: tuple[str, ...]
) -> None:
    assert refused(caller("chen", *scopes), reviewed, signature(reviewed), 403) == "permission-denied"


@pytest.mark.parametrize("password", ["", "guess", PASSWORD.upper(), f"{PASSWORD} "])
def test_a_token_without_its_persons_password_does_not_sign(
    caller: Callers, reviewed: Scorecard, password: str
) -> None:
    body = signature(reviewed, password=password)
    assert refused(caller("chen", "signoff:write"), reviewed, body, 403) == "password-wrong"


def test_the_password_of_another_person_does_not_sign(
    caller: Callers, reviewed: Scorecard, cast: dict[str, User]
) -> None:
    cast["dana"].set_password("quite-another-word-1")
    cast["dana"].save()
    body = signature(reviewed, password="quite-another-word-1")
    assert refused(caller("chen", "signoff:write"), reviewed, body, 403) == "password-wrong"


def test_a_role_that_was_taken_away_no_longer_signs(caller: Callers, reviewed: Scorecard) -> None:
    asking = caller("chen", "signoff:write")
    reviewed.programme.memberships.filter(person__username="chen", role="advisory_chair").update(role="board")
    assert refused(asking, reviewed, signature(reviewed), 403) == "role-missing"


@pytest.mark.parametrize("missing", ["role", "meaning", "seen", "password"])
def test_a_signature_names_role_meaning_digest_and_password(caller: Callers, reviewed: Scorecard, missing: str) -> None:
    body = signature(reviewed)
    del body[missing]
    assert refused(caller("chen", "signoff:write"), reviewed, body, 422) == "body-refused"


@pytest.mark.parametrize("field", ["signer", "person", "at", "state", "digest", "authentication"])
def test_a_client_cannot_say_who_signs_or_when(caller: Callers, reviewed: Scorecard, field: str) -> None:
    body = signature(reviewed, **{field: "dana"})
    assert refused(caller("chen", "signoff:write"), reviewed, body, 422) == "body-refused"


def test_a_draft_is_not_signed(caller: Callers, card: Scorecard) -> None:
    assert refused(caller("chen", "signoff:write"), card, signature(card), 409) == "not-in-review"


def test_a_digest_that_was_not_seen_is_not_signed(caller: Callers, reviewed: Scorecard) -> None:
    for seen in ("", "sha256:" + "0" * 64, reviewed.digest.upper(), reviewed.digest[:-1]):
        body = signature(reviewed, seen=seen)
        assert refused(caller("chen", "signoff:write"), reviewed, body, 409) == "content-moved-on"


def test_nobody_seals_before_the_last_signature(caller: Callers, reviewed: Scorecard) -> None:
    asking = caller("ada", "signoff:write")
    body = {"seen": reviewed.digest}
    assert problem_of(asking.post(f"scorecards/{reviewed.id}/seal/", body), 409)["code"] == "signatures-missing"
    first = caller("chen", "signoff:write").post(f"scorecards/{reviewed.id}/signatures/", signature(reviewed))
    assert first.status_code == 201
    assert problem_of(asking.post(f"scorecards/{reviewed.id}/seal/", body), 409)["code"] == "signatures-missing"
    again = caller("chen", "signoff:write").post(f"scorecards/{reviewed.id}/signatures/", signature(reviewed))
    assert problem_of(again, 409)["code"] in ("signed-already", "not-your-step")
    assert Signature.objects.count() == 1
