"""What a thief of the database, of a token or of an old token can do: nothing that counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.apps import apps
from django.test import Client
from django.utils import timezone

from scorecard import inviting, issuing, recovering
from scorecard.access import Person
from scorecard.models import ApiToken, Membership, Scorecard, User
from scorecard.models.ledger import LedgerEntry
from scorecard.models.signoff import Signature
from tests.accounts.authenticators import SECRET, app_of
from tests.conftest import PASSWORD

Api = Callable[..., Callable[..., Any]]
USABLE = re.compile(r"psc_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}_[0-9a-f]{8}")


def _dump() -> str:
    """Every value of every table, as a stolen copy of the database would show it."""
    models = [model for model in apps.get_models() if model._meta.managed]
    return "\n".join(str(row) for model in models for row in model._default_manager.values_list())


def test_a_stolen_database_holds_no_token_link_password_or_second_factor(
    card: Scorecard, cast: dict[str, User], person: Callable[[str], Person], api: Api
) -> None:
    now, gil = timezone.now(), person("gil")
    call = api(cast["ada"], "runs:write")
    assert call("GET", "runs/").status_code == 403
    _, rotated = issuing.rotate_token(ApiToken.objects.get(), grace=timedelta(0), days=9, by=gil.actor, at=now)
    _, invited = inviting.invite("hana", programme=gil.programme, role="", by=gil, at=now)
    _, way_back = recovering.offer_recovery("eli", by=gil, at=now)
    app_of(cast["bo"])
    codes = RecoveryCodes.activate(cast["bo"]).get_unused_codes()
    dump = _dump()
    assert cast["ada"].username in dump
    assert USABLE.search(dump) is None
    secrets = [call.secret, rotated, invited, way_back, SECRET, PASSWORD, *codes]  # type: ignore[attr-defined]
    assert [secret for secret in secrets if secret in dump] == []
    assert [part for part in (call.secret, rotated) if part.split("_")[2] in dump] == []  # type: ignore[attr-defined]


def test_the_digest_of_a_token_is_no_token(card: Scorecard, cast: dict[str, User], api: Api) -> None:
    api(cast["faye"], "evidence:read")
    kept = ApiToken.objects.get()
    body = f"psc_{kept.prefix}_{kept.digest.removeprefix('sha256:')[:43]}"
    for given in (kept.digest, f"{body}_{issuing.checksum(body)}", kept.prefix, f"psc_{kept.prefix}__"):
        assert Client().get("/api/v1/runs/", headers={"Authorization": f"Bearer {given}"}).status_code == 401


@pytest.mark.parametrize("change", ["expired", "revoked", "disabled"])
def test_a_token_that_is_over_opens_nothing(card: Scorecard, cast: dict[str, User], api: Api, change: str) -> None:
    call = api(cast["faye"], "evidence:read")
    assert call("GET", "runs/").status_code == 200
    past = timezone.now() - timedelta(seconds=1)
    if change == "disabled":
        User.objects.filter(pk=cast["faye"].pk).update(is_active=False)
    else:
        field = {"expired": "expires_at", "revoked": "revoked_at"}[change]
        ApiToken.objects.update(**{field: past})
    assert call("GET", "runs/").status_code == 401


def test_a_token_alone_signs_nothing(card: Scorecard, cast: dict[str, User], api: Api) -> None:
    call = api(cast["chen"], "signoff:write", "scorecards:read")
    asked = {"role": "advisory_chair", "meaning": "recommends", "seen": "sha256:x"}
    for proof in ({}, {"password": ""}, {"password": "psc_"}, {"token": "psc_"}):
        answer = call("POST", f"scorecards/{card.id}/signatures/", json.dumps({**asked, **proof}).encode())
        assert 400 <= answer.status_code < 500, proof
    assert not Signature.objects.exists()
    assert not LedgerEntry.objects.filter(kind="signoff.signed").exists()


def test_a_token_never_outlives_the_role_that_its_scope_needs(card: Scorecard, cast: dict[str, User], api: Api) -> None:
    call = api(cast["gil"], "admin")
    Membership.objects.filter(person=cast["gil"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = call("POST", "subjects/", json.dumps({"slug": "late", "name": "Late"}).encode())
    assert answer.status_code == 403
