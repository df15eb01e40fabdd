"""The page of an account and the page of the people: what they show, what they do, and how long a session lives."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone

from scorecard import security_events, tasks
from scorecard.demonstration.entering import entry_token
from scorecard.demonstration.people import PASSWORD
from scorecard.environment import ROOT
from scorecard.models import OneTimeLink, SecurityEvent, User
from tests.accounts.authenticators import SoftPasskey, app_of
from tests.accounts.conftest import NEW_PASSWORD, Visit, kinds
from tests.web.test_every_page import looked_at

pytestmark = pytest.mark.django_db
OPEN = ("/sign-in/", "/invitations/nothing/", "/recovery/nothing/", "/sign-in/disabled/")
INSIDE = (
    "/account/", "/account/password/", "/account/app/remove/", "/account/passkeys/add/", "/account/recovery-codes/",
    "/account/prove/code/", "/account/prove/", "/people/",
)  # fmt: skip


def later(monkeypatch: pytest.MonkeyPatch, **ahead: float) -> None:
    """Let the clock of the session limits go ahead."""
    moment = datetime.now(UTC) + timedelta(**ahead)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 302)])
def test_a_session_ends_after_half_an_hour_without_activity(
    minutes: int, status: int, enter: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = enter("bo")
    client.get("/")
    later(monkeypatch, minutes=minutes)
    assert client.get("/").status_code == status
    assert ("session.ended" in kinds("bo")) == (status == 302)


def test_a_page_that_follows_by_itself_keeps_no_session_alive(enter: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    client = enter("bo")
    client.get("/")
    later(monkeypatch, minutes=20)
    client.get("/jobs/", headers={"hx-request": "true"})
    later(monkeypatch, minutes=31)
    assert client.get("/").status_code == 302


def test_a_session_ends_twelve_hours_after_sign_in_however_busy(enter: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    client = enter("bo")
    client.get("/")
    for quarter in range(1, 48):
        later(monkeypatch, minutes=15 * quarter)
        client.get("/account/password/")
    assert client.get("/").status_code == 200
    later(monkeypatch, hours=12, seconds=2)
    assert client.get("/").status_code == 302


def test_sessions_are_listed_and_the_others_can_be_ended(enter: Visit, cast: dict[str, User]) -> None:
    first = enter("bo")
    second = Client(headers={"user-agent": "Another browser"})
    second.force_login(cast["bo"])
    UserSession.objects.create(user=cast["bo"], ip="192.0.2.1", user_agent="Another browser",
                               session_key=second.session.session_key)  # fmt: skip
    assert "Another browser" in first.get("/account/").content.decode()
    row = UserSession.objects.get(user_agent="Another browser").pk
    assert enter_other(cast["chen"]).post("/account/sessions/end/", {"session": row}).status_code == 302
    assert second.get("/account/").status_code == 200, "nobody ends the sessions of others"
    first.post("/account/sessions/end/", {"session": "others"})
    assert second.get("/account/").status_code == 302
    assert first.get("/account/").status_code == 200


def enter_other(person: User) -> Client:
    client = Client()
    app_of(person)
    client.force_login(person)
    return client


def test_a_new_password_ends_the_other_sessions_and_needs_the_old_one(enter: Visit, cast: dict[str, User]) -> None:
    client = enter("bo")
    other = Client()
    other.force_login(cast["bo"])
    form = {"oldpassword": "wrong", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post("/account/password/", form).status_code == 422
    assert other.get("/account/").status_code == 200
    assert client.post("/account/password/", {**form, "oldpassword": PASSWORD}).status_code == 302
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert kinds("bo")[-1] == "password.changed"


def test_what_guards_the_account_asks_for_a_fresh_proof(enter: Visit, cast: dict[str, User]) -> None:
    passkey = SoftPasskey().belongs_to(cast["bo"])
    client = enter("bo")
    for path in ("app/remove/", "passkeys/add/", "recovery-codes/", f"passkeys/{passkey.pk}/remove/",
                 f"passkeys/{passkey.pk}/rename/"):  # fmt: skip
        assert client.get(f"/account/{path}").headers["Location"].startswith("/account/prove/"), path
    assert client.post("/account/prove/", {"password": "wrong"}).status_code == 422
    assert client.post(f"/account/passkeys/{passkey.pk}/remove/").status_code == 302
    assert Authenticator.objects.filter(pk=passkey.pk).exists()


def test_passkeys_are_renamed_and_removed_by_their_owner_only(proved: Visit, cast: dict[str, User]) -> None:
    mine, foreign = SoftPasskey().belongs_to(cast["bo"]), SoftPasskey().belongs_to(cast["ada"])
    client = proved("bo")
    assert client.get(f"/account/passkeys/{foreign.pk}/remove/").status_code == 404
    client.post(f"/account/passkeys/{mine.pk}/rename/", {"name": "Desk <b>key</b>"})
    assert "Desk &lt;b&gt;key&lt;/b&gt;" in client.get("/account/").content.decode()
    client.post(f"/account/passkeys/{mine.pk}/remove/")
    assert not Authenticator.objects.filter(pk=mine.pk).exists()
    assert "second_factor.removed" in kinds("bo")


def test_the_last_second_factor_stays(proved: Visit) -> None:
    client = proved("bo")
    client.post("/account/app/remove/")
    assert Authenticator.objects.filter(user__username="bo", type="totp").exists()
    assert "only second factor" in client.get("/account/app/remove/").content.decode()


def test_administrators_invite_and_the_invited_person_comes_in(proved: Visit) -> None:
    gil = proved("gil")
    page = gil.post("/people/invite/", {"username": "hana", "full_name": "Hana Ito", "role": "preparedness"})
    link = re.search(r"/invitations/[\w-]{43}/", page.content.decode())
    assert link
    assert link[0] not in gil.get("/people/").content.decode(), "it is shown once"
    hana = Client()
    for _ in range(2):
        assert "Hana Ito" in hana.get(link[0]).content.decode()
    assert hana.post(link[0], {"password": NEW_PASSWORD, "again": "other"}).status_code == 422
    assert hana.post(link[0], {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status_code == 302
    assert hana.get("/").headers["Location"] == "/account/second-factor/"
    assert hana.get("/account/app/").status_code == 200, "the new password counts as a fresh proof"
    assert Client().get(link[0]).status_code == 404


def test_a_refused_invitation_shows_why_and_keeps_what_was_typed(proved: Visit) -> None:
    page = proved("gil").post("/people/invite/", {"username": "ada", "full_name": "Ada Two", "role": "preparedness"})
    assert page.status_code == 409
    assert "Ada Two" in page.content.decode()
    assert "account already" in page.content.decode()


def test_invitations_are_revoked_and_accounts_disabled_enabled_and_recovered_on_the_page(proved: Visit) -> None:
    gil = proved("gil")
    gil.post("/people/invite/", {"username": "hana", "full_name": "Hana Ito", "role": "preparedness"})
    gil.post("/people/revoke/", {"invitation": OneTimeLink.objects.get().id})
    assert "Hana Ito" not in gil.get("/people/").content.decode()
    gil.post("/people/disable/", {"person": "eli", "reason": "On leave."})
    assert "<strong>Disabled</strong>" in gil.get("/people/").content.decode()
    gil.post("/people/enable/", {"person": "eli", "reason": "Back."})
    page = gil.post("/people/recover/", {"person": "eli"}).content.decode()
    link = re.search(r"/recovery/[\w-]{43}/", page)
    assert link
    eli = Client()
    assert "24 hours" in eli.get(link[0]).content.decode()
    assert eli.post(link[0], {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status_code == 302
    assert User.objects.get(username="eli").signing_hold_until


@pytest.mark.parametrize("name", ["ada", "eli", "faye"])
def test_for_everybody_else_the_page_of_the_people_does_not_exist(name: str, enter: Visit) -> None:
    client = enter(name)
    assert client.get("/people/").status_code == 404
    for deed in ("invite", "recover", "disable", "enable", "revoke"):
        assert client.post(f"/people/{deed}/", {"person": "bo"}).status_code == 404, deed
    assert "People of your programme" not in client.get("/account/").content.decode()


def test_every_page_of_an_account_is_kept_by_no_cache_framed_by_nobody_and_runs_no_script_of_its_own(
    proved: Visit,
) -> None:
    client = proved("gil")
    for visitor, paths in ((Client(), OPEN), (client, INSIDE)):
        for path in paths:
            answer = visitor.get(path)
            assert answer.status_code in (200, 403, 404), path
            assert "no-store" in answer.headers["Cache-Control"], path
            policy = answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "form-action 'self'" in policy
            assert "unsafe" not in policy
            seen = looked_at(answer.content.decode())
            assert not seen.inline, (path, seen.inline)
            assert [seen.tags.count("main"), seen.tags.count("h1")] == [1, 1], path
            assert {one for one in seen.fields if one} <= seen.labels | {None}, path


def test_what_the_library_knows_and_we_do_not_offer_is_not_there(enter: Visit) -> None:
    client = enter("bo")
    for path in ("account/absent/account_signup/", "account/absent/socialaccount_signup/", "account/email/",
                 "accounts/signup/", "sign-in/with/sso/"):  # fmt: skip
        assert client.get(f"/{path}").status_code in (404, 405), path
    assert Client().post("/account/absent/account_signup/", {"username": "x"}).status_code == 404
    assert client.post("/sign-in/with/sso/").status_code == 404, "no provider is configured"


def test_the_switch_between_people_refuses_outside_the_demonstration(enter: Visit) -> None:
    assert enter("bo").post("/demo/switch/", {"person": "gil"}).status_code == 404
    assert Client().post(f"/demo/enter/{entry_token('ada')}/").status_code == 404


def test_events_are_kept_for_400_days(cast: dict[str, User]) -> None:
    now = timezone.now()
    security_events.note("sign_in.failed", person=cast["bo"], at=now - timedelta(days=401))
    security_events.note("sign_in.failed", person=cast["bo"], at=now - timedelta(days=399))
    assert security_events.prune(at=now) == 1
    assert SecurityEvent.objects.count() == 1


def test_what_is_over_is_cleared_away_by_the_clock(cast: dict[str, User]) -> None:
    now = timezone.now()
    Session.objects.create(session_key="over", session_data="x", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="alive", session_data="x", expire_date=now + timedelta(hours=1))
    security_events.note("sign_in.failed", person=cast["bo"], at=now - timedelta(days=401))
    tasks.tend(now=now)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["alive"]
    assert not SecurityEvent.objects.exists()


def test_only_registered_events_are_kept_and_a_line_cannot_be_forged(
    cast: dict[str, User], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KeyError):
        security_events.note("invented", at=timezone.now())
    Client().post("/sign-in/", {"username": "x\n2026 INFO approved", "password": "wrong"})
    assert len([line for line in caplog.text.splitlines() if line.startswith("2026 INFO")]) == 0
    assert "sign_in.failed" in caplog.text


def test_the_reference_lists_every_security_event() -> None:
    page = (ROOT / "docs/reference/security-events.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, flags=re.MULTILINE))
    assert rows == security_events.KINDS


def test_limits_count_in_one_table_for_all_processes(settings: Any) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "scorecard_cache"},
    }
    for _ in range(5):
        assert Client().post("/sign-in/", {"username": "ghost", "password": "wrong"}).status_code == 422
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM scorecard_cache")
        assert cursor.fetchone()[0] > 0
    caches["default"].close()
    assert Client().post("/sign-in/", {"username": "ghost", "password": "wrong"}).status_code == 429
