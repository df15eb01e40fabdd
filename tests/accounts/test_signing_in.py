"""Coming in: password, second factor, limits, and nothing that tells a stranger who is known."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from django.utils import timezone

from scorecard.demonstration.people import PASSWORD
from scorecard.models import SecurityEvent, User
from scorecard.reauthenticating import refuse_if_held
from scorecard.refusals import Refused
from scorecard.second_factors import compulsory
from tests.accounts.authenticators import SoftPasskey, app_of, code_at
from tests.accounts.conftest import NEW_PASSWORD, Visit, kinds

pytestmark = pytest.mark.django_db
SIGN_IN = {"username": "bo", "password": PASSWORD}


def half_way(person: User) -> Client:
    """A browser that gave the password and not yet the second factor."""
    client = Client()
    client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    return client


def test_a_password_alone_opens_nothing_where_there_is_a_second_factor(cast: dict[str, User]) -> None:
    app_of(cast["bo"])
    client = half_way(cast["bo"])
    assert client.get("/").headers["Location"].startswith("/sign-in/")
    assert client.get("/account/").status_code == 302
    code = code_at(timezone.now().timestamp())
    assert client.post("/sign-in/second-factor/", {"code": code}).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert kinds("bo") == ["sign_in.succeeded"]
    assert SecurityEvent.objects.get().detail == "password, totp"


def test_a_code_does_not_open_a_second_session(enter: Visit, cast: dict[str, User]) -> None:
    enter("bo")
    thief = half_way(cast["bo"])
    answer = thief.post("/sign-in/second-factor/", {"code": code_at(timezone.now().timestamp())})
    assert answer.status_code == 422
    assert thief.get("/").status_code == 302
    assert kinds("bo")[-1] == "second_factor.failed"


def test_a_recovery_code_stands_in_once(cast: dict[str, User]) -> None:
    app_of(cast["bo"])
    code = RecoveryCodes.activate(cast["bo"]).get_unused_codes()[0]
    answers = [half_way(cast["bo"]).post("/sign-in/second-factor/", {"code": code}).status_code for _ in range(2)]
    assert answers == [302, 422]


def test_guessing_codes_is_limited(cast: dict[str, User]) -> None:
    app_of(cast["bo"])
    client = half_way(cast["bo"])
    for _ in range(5):
        client.post("/sign-in/second-factor/", {"code": "000000"})
    right = code_at(timezone.now().timestamp())
    answer = client.post("/sign-in/second-factor/", {"code": right})
    assert answer.status_code == 422
    assert "Too many" in answer.content.decode()


def test_who_has_no_second_factor_is_led_to_set_one_up_and_sees_nothing_else(cast: dict[str, User]) -> None:
    client = half_way(cast["ada"])
    for path in ("/", "/runs/", "/people/", "/account/", "/ledger/", "/account/password/"):
        assert client.get(path).headers["Location"] == "/account/second-factor/", path
    assert client.get("/jobs/", headers={"hx-request": "true"}).headers["HX-Redirect"] == "/account/second-factor/"
    page = client.get("/account/second-factor/").content.decode()
    assert "Authenticator app" in page
    assert "Audit log" not in page
    assert client.post("/sign-out/").status_code == 302


@pytest.mark.parametrize(
    ("said", "demo", "needed"), [(None, False, True), (None, True, False), (True, True, True), (False, False, False)]
)
def test_a_second_factor_is_compulsory_everywhere_but_in_a_demonstration_unless_the_operator_says_otherwise(
    said: bool | None, demo: bool, needed: bool, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR, settings.DEMO = said, demo
    assert compulsory() == needed


def test_a_token_needs_no_second_factor_of_a_browser(token_for: Callable[..., str]) -> None:
    token = token_for("ada", "scorecards:read")
    answer = Client().get("/api/v1/scorecards/", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_setting_up_the_app_spends_its_code_and_leads_to_recovery_codes(cast: dict[str, User]) -> None:
    client = half_way(cast["ada"])
    assert client.get("/account/app/").headers["Location"].startswith("/account/prove/")
    client.post("/account/prove/", {"password": PASSWORD})
    page = client.get("/account/app/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert "data:image/svg+xml" in page.content.decode()
    assert client.post("/account/app/", {"code": "000000"}).status_code == 422
    code = code_at(timezone.now().timestamp(), secret=secret)
    assert client.post("/account/app/", {"code": code}).headers["Location"] == "/account/recovery-codes/"
    assert half_way(cast["ada"]).post("/sign-in/second-factor/", {"code": code}).status_code == 422
    assert len(Authenticator.objects.get(type="totp").data["secret"]) > 60
    shown = client.post("/account/recovery-codes/").context["codes"]
    assert len(shown) == 10
    assert shown[0] not in client.get("/account/recovery-codes/").content.decode()


def test_a_passkey_signs_in_by_itself_and_its_answer_only_once(cast: dict[str, User]) -> None:
    passkey = SoftPasskey()
    passkey.belongs_to(cast["bo"])
    client = Client(headers={"accept": "application/json"})
    options = client.get("/sign-in/passkey/", secure=True).json()["request_options"]["publicKey"]
    assert options["userVerification"] == "required"
    answer = json.dumps(passkey.answered(options["challenge"], holder=str(cast["bo"].pk)))
    came = client.post("/sign-in/passkey/", {"credential": answer}, secure=True)
    assert came.status_code == 200 or came.headers["Location"] == "/"
    assert client.get("/", secure=True).status_code == 200
    again = Client().post("/sign-in/passkey/", {"credential": answer}, secure=True)
    assert again.headers["Location"] == "/sign-in/"
    assert SecurityEvent.objects.filter(kind="sign_in.succeeded").count() == 1


@pytest.mark.parametrize("guesses", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_many_bad_passwords_are_limited_and_the_owner_is_not_locked_out_for_ever(
    cast: dict[str, User], monkeypatch: pytest.MonkeyPatch, settings: Any, guesses: int
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "2000/5m/ip"}
    looked = 0
    original = User.check_password

    def counted(self: User, raw: str) -> bool:
        nonlocal looked
        looked += 1
        return original(self, raw)

    monkeypatch.setattr(User, "check_password", counted)
    client = Client()
    last = [client.post("/sign-in/", {**SIGN_IN, "password": f"wrong-{n}"}).status_code for n in range(guesses)][-1]
    assert last == 429
    assert looked <= 20
    assert client.post("/sign-in/", SIGN_IN).status_code == 429
    now = timezone.now().timestamp() + 301
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: now)
    assert client.post("/sign-in/", SIGN_IN).status_code == 302
    assert kinds("bo").count("sign_in.failed") == looked - 1
    assert kinds("bo").count("sign_in.limited") == 1


def test_unknown_disabled_and_known_names_are_answered_in_the_same_words_and_work(
    cast: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(username="eli").update(is_active=False)
    hashed: list[str] = []

    def encode(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return f"md5${salt}$x"

    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.encode", encode)
    pages = {}
    for name, password in (("nobody", "wrong-password-here"), ("bo", "wrong-password-here"), ("eli", PASSWORD)):
        hashed.clear()
        answer = Client().post("/sign-in/", {"username": name, "password": password})
        text = answer.content.decode()
        pages[name] = (answer.status_code, text.replace(f'value="{name}"', ""), len(hashed))
    assert pages["nobody"][0] == 422
    assert [page[2] for page in pages.values()] == [1, 1, 1], "each attempt costs one hash"
    plain = {re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]*"', "", page[1]) for page in pages.values()}
    assert len(plain) == 1


@pytest.mark.parametrize("password", ["é" * 16 + "x", "ﬁ" * 16])
def test_passwords_count_exactly_as_they_were_typed(password: str, cast: dict[str, User]) -> None:
    cast["bo"].set_password(password)
    cast["bo"].save()
    for form in ("NFD", "NFKC"):
        variant = unicodedata.normalize(form, password)
        if variant != password:
            assert Client().post("/sign-in/", {"username": "bo", "password": variant}).status_code == 422
    assert Client().post("/sign-in/", {"username": "bo", "password": password}).status_code == 302


@pytest.mark.parametrize(("password", "status"), [("x" * 4096, 400), ("a\0b", 422), ("", 422)])
def test_strange_passwords_are_bounded(password: str, status: int, cast: dict[str, User]) -> None:
    assert Client().post("/sign-in/", {"username": "bo", "password": password}).status_code == status


def test_the_session_gets_a_new_name_when_somebody_signs_in(cast: dict[str, User]) -> None:
    app_of(cast["bo"])
    client = Client()
    client.post("/sign-in/", SIGN_IN)
    planted = client.cookies["sid"].value
    client.post("/sign-in/second-factor/", {"code": code_at(timezone.now().timestamp())})
    assert client.cookies["sid"].value != planted
    thief = Client()
    thief.cookies["sid"] = planted
    assert thief.get("/account/").status_code == 302


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x"])
def test_no_address_of_another_host_is_followed(target: str, cast: dict[str, User]) -> None:
    app_of(cast["bo"])
    client = Client()
    client.post("/sign-in/", {**SIGN_IN, "next": target})
    code = code_at(timezone.now().timestamp())
    assert client.post("/sign-in/second-factor/", {"code": code}).headers["Location"] == "/"


def test_a_forged_host_is_refused_and_links_come_from_the_settings(proved: Visit, settings: Any) -> None:
    settings.PUBLIC_URL = "https://scorecard.example"
    client = proved("gil")
    form = {"username": "hana", "full_name": "Hana Ito", "role": "preparedness"}
    assert client.post("/people/invite/", form, headers={"host": "evil.example"}).status_code == 400
    page = client.post("/people/invite/", form).content.decode()
    assert "https://scorecard.example/invitations/" in page
    assert "evil.example" not in page


def test_a_header_that_anybody_can_send_changes_no_address_method_or_account(cast: dict[str, User]) -> None:
    spoofed = {"x-forwarded-for": "203.0.113.9", "x-forwarded-host": "evil.example", "x-forwarded-user": "gil",
               "remote-user": "gil"}  # fmt: skip
    client = Client(headers=spoofed)
    client.post("/sign-in/", {**SIGN_IN, "password": "wrong"})
    assert SecurityEvent.objects.get().address == "127.0.0.1"
    assert client.get("/people/").status_code == 302
    for path in ("/sign-out/", "/account/sessions/end/", "/people/invite/"):
        answer = client.get(path, headers={"x-http-method-override": "POST", "x-method-override": "POST"})
        assert answer.status_code in (302, 405), path


def test_every_deed_on_an_account_needs_the_token_of_its_form(proved: Visit) -> None:
    inside = proved("gil")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = inside.cookies
    for path in (
        "/sign-out/", "/account/sessions/end/", "/account/password/", "/account/app/remove/",
        "/account/recovery-codes/", "/account/identity/unlink/", "/people/invite/", "/people/recover/",
        "/people/disable/", "/people/enable/", "/people/revoke/",
    ):  # fmt: skip
        assert strict.post(path, {}).status_code == 403, path
        assert strict.post(path, "{}", content_type="text/plain").status_code == 403, path


def test_a_person_under_a_hold_cannot_sign(cast: dict[str, User]) -> None:
    until = timezone.now() + timedelta(hours=2)
    User.objects.filter(pk=cast["dana"].pk).update(signing_hold_until=until)
    with pytest.raises(Refused) as caught:
        refuse_if_held(cast["dana"], at=timezone.now())
    assert caught.value.status == 403


def test_a_link_that_never_was_answers_like_one_that_was_used(cast: dict[str, User]) -> None:
    pages = [Client().get(f"/{kind}/{'x' * 43}/") for kind in ("invitations", "recovery")]
    pages.append(Client().post(f"/recovery/{'y' * 43}/", {"password": NEW_PASSWORD, "again": NEW_PASSWORD}))
    assert [page.status_code for page in pages] == [404] * 3
    assert len({page.content.decode().split("<main")[1] for page in pages}) == 1
