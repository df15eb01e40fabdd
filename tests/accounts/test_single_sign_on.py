"""Single sign-on opens accounts that were linked or invited, makes none, and believes only what was signed for us."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from scorecard.account_settings import identity_providers
from scorecard.environment import Environment
from scorecard.models import LinkPurpose, OneTimeLink, SecurityEvent, User
from scorecard.one_time_links import make
from tests.accounts.authenticators import app_of
from tests.accounts.conftest import Visit, kinds
from tests.accounts.provider import CLIENT, KEY, OTHER_KEY, SECRET, Provider, served

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    """A provider that this installation is set up for."""
    with served() as running:
        environment = Environment(
            scorecard_oidc_issuer=running.issuer, scorecard_oidc_client_id=CLIENT,
            scorecard_oidc_client_secret=SECRET, scorecard_oidc_name="Lab ID",
        )  # fmt: skip
        settings.OIDC_ISSUER = running.issuer
        settings.SOCIALACCOUNT_PROVIDERS = identity_providers(environment)
        settings.REQUIRE_SECOND_FACTOR = False
        yield running


@pytest.fixture
def invited(cast: dict[str, User]) -> User:
    """Bo, whose invitation named bo@lab.example."""
    bo = cast["bo"]
    bo.email = "bo@lab.example"
    bo.save()
    link, _ = make(LinkPurpose.INVITATION, made_by=None, at=timezone.now(), username="bo", email="bo@lab.example")
    OneTimeLink.objects.filter(pk=link.pk).update(used_at=timezone.now(), person=bo)
    return bo


def come_back(client: Client, provider: Provider, *, process: str = "login", **bent: Any) -> Any:
    """Go to the provider and come back with its code; `bent` replaces what the return carries."""
    left = client.post("/sign-in/with/sso/", {"process": process, "next": "/runs/"})
    assert left.status_code == 200, left.content
    target = left.headers["Refresh"].removeprefix("0; url=")
    assert target.startswith(f"{provider.issuer}/authorize?")
    asked = provider.remember(target)
    assert {"code_challenge", "state", "nonce"} <= set(asked)
    returned = {"code": "c0de", "state": asked["state"][0], **bent}
    return client.get("/sign-in/with/sso/done/", returned)


def test_the_button_stands_only_where_a_provider_is_configured(provider: Provider, settings: Any) -> None:
    assert "Sign in with Lab ID" in Client().get("/sign-in/").content.decode()
    settings.OIDC_ISSUER = ""
    assert "Sign in with" not in Client().get("/sign-in/").content.decode().replace("Sign in with a passkey", "")


def test_an_invited_address_that_the_provider_verified_signs_in(provider: Provider, invited: User) -> None:
    client = Client()
    assert come_back(client, provider).headers["Location"] == "/runs/"
    assert client.get("/").status_code == 200
    assert SocialAccount.objects.get().user == invited
    assert any("code_verifier" in asked for asked in provider.asked)
    assert kinds("bo") == ["identity.linked", "sign_in.succeeded"]


def test_a_second_factor_is_still_asked_for(provider: Provider, invited: User) -> None:
    app_of(invited)
    client = Client()
    assert come_back(client, provider).headers["Location"] == "/sign-in/second-factor/"
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("claims", "about"),
    [
        ({"nonce": "another"}, {}),
        ({"nonce": None}, {}),
        ({"aud": "another-client"}, {}),
        ({"aud": [CLIENT, "another"]}, {}),
        ({"iss": "https://evil.example"}, {}),
        ({"exp": int(time.time()) - 60}, {}),
        ({"sub": "sub-2"}, {}),
        ({}, {"sub": "sub-2"}),
    ],
    ids=["other nonce", "no nonce", "other audience", "another's too", "other issuer", "expired", "other subject",
         "userinfo of another"],
)  # fmt: skip
def test_an_id_token_with_a_wrong_part_signs_nobody_in(
    claims: dict[str, Any], about: dict[str, Any], provider: Provider, invited: User
) -> None:
    provider.claims, provider.about = claims, about
    client = Client()
    assert come_back(client, provider).status_code == 401
    assert client.get("/account/").status_code == 302
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_token_that_no_public_key_signed_is_refused(algorithm: str, provider: Provider, invited: User) -> None:
    provider.algorithm = algorithm
    assert come_back(Client(), provider).status_code == 401


def test_a_token_of_another_key_and_a_provider_with_another_name_are_refused(provider: Provider, invited: User) -> None:
    provider.key = OTHER_KEY
    assert come_back(Client(), provider).status_code == 401
    provider.key = KEY
    provider.discovery = {"issuer": "https://evil.example"}
    provider.claims = {"iss": "https://evil.example"}
    assert come_back(Client(), provider).status_code == 401


@pytest.mark.parametrize(
    "about",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": "ada@lab.example"},
        {"email": None},
        {"email": "bo@lab.example.evil.example"},
    ],
)
def test_an_address_that_is_not_verified_or_not_invited_opens_and_makes_nothing(
    about: dict[str, Any], provider: Provider, invited: User
) -> None:
    provider.about = about
    before = User.objects.count()
    answer = come_back(Client(), provider)
    assert answer.status_code == 403
    assert "No account" in answer.content.decode()
    assert User.objects.count() == before
    assert SecurityEvent.objects.filter(kind="identity.refused").count() == 1


def test_an_address_of_an_account_that_was_not_invited_with_it_opens_nothing(
    provider: Provider, cast: dict[str, User]
) -> None:
    User.objects.filter(username="bo").update(email="bo@lab.example")
    assert come_back(Client(), provider).status_code == 403


def test_a_disabled_account_stays_closed(provider: Provider, invited: User) -> None:
    come_back(Client(), provider)
    User.objects.filter(pk=invited.pk).update(is_active=False)
    client = Client()
    assert come_back(client, provider).headers["Location"] == "/sign-in/disabled/"
    assert client.get("/sign-in/disabled/").status_code == 403
    assert client.get("/account/").status_code == 302


def test_an_owner_links_an_identity_after_a_fresh_proof_and_removes_it(
    provider: Provider, enter: Visit, cast: dict[str, User]
) -> None:
    client = enter("bo")
    provider.about = {"email": "elsewhere@example.org", "email_verified": False}
    assert come_back(client, provider, process="connect").headers["Location"] == "/account/prove/"
    assert not SocialAccount.objects.exists()
    client.post("/account/prove/", {"password": "demo-password-2024"})
    assert SocialAccount.objects.get().user == cast["bo"]
    assert come_back(Client(), provider).headers["Location"] == "/sign-in/second-factor/"
    client.post("/account/identity/unlink/", {"identity": SocialAccount.objects.get().pk})
    assert not SocialAccount.objects.exists()
    assert kinds("bo")[-1] == "identity.unlinked"


def test_an_answer_that_nobody_asked_for_or_that_comes_twice_is_refused(provider: Provider, invited: User) -> None:
    assert come_back(Client(), provider, state="invented").status_code == 401
    assert Client().get("/sign-in/with/sso/done/", {"code": "x", "state": "y"}).status_code == 401
    assert Client().get("/sign-in/with/other/done/").status_code == 404
    client = Client()
    come_back(client, provider)
    assert client.get("/sign-in/with/sso/done/", {"code": "x", "state": "y"}).status_code == 401


def test_leaving_for_the_provider_needs_a_post_and_a_provider_that_answers(provider: Provider, settings: Any) -> None:
    assert Client().get("/sign-in/with/sso/").status_code == 405
    environment = Environment(scorecard_oidc_issuer="http://127.0.0.1:9", scorecard_oidc_client_id=CLIENT)
    settings.SOCIALACCOUNT_PROVIDERS = identity_providers(environment)
    assert Client().post("/sign-in/with/sso/").status_code == 503


@pytest.mark.parametrize("issuer", ["http://idp.example", "ftp://x", "https://idp.example/?x=1", "idp.example"])
def test_an_issuer_without_tls_is_refused_at_the_start(issuer: str) -> None:
    with pytest.raises(ValueError, match="scorecard_oidc_issuer"):
        Environment(scorecard_oidc_issuer=issuer)
