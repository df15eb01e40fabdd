"""The account pages in a real browser: passkeys, codes, axe without a finding, and every control by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from scorecard import inviting, recovering
from scorecard.access import person_for
from scorecard.demonstration.people import PASSWORD
from scorecard.models import Programme, User
from tests.accounts.authenticators import app_of, code_at
from tests.accounts.browser import controls_in_main, opened, violations, walked, with_passkeys
from tests.accounts.conftest import NEW_PASSWORD

pytestmark = pytest.mark.services


@pytest.fixture
def page(lifted: None, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A browser at the live server; by its name, because a passkey belongs to a name and never to a bare address."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser's driver runs a loop of its own
    with opened(live_server.url.replace("127.0.0.1", "localhost")) as made:
        yield made


def sound(page: Page) -> None:
    """No finding of axe; Tab reaches every control, the focus is seen, and nothing is wider than a phone."""
    assert violations(page) == [], page.url
    reached = walked(page)
    assert len({at["key"] for at in reached}) >= 1
    assert len(reached) >= controls_in_main(page), page.url
    assert [at for at in reached if not at["seen"]] == [], page.url
    former = page.viewport_size or {"width": 1280, "height": 720}
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390, page.url
    page.set_viewport_size(former)


def give_password(page: Page, username: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Name", exact=True).fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_set_up_signs_in_alone_and_is_removed(page: Page, cast: dict[str, User]) -> None:
    with_passkeys(page)
    give_password(page, "bo")
    sound(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name, to tell it from others").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Make new codes").click()
    codes = page.locator("#codes").inner_text().split()
    assert len(codes) == 10
    sound(page)
    page.get_by_role("link", name="I have put them away").click()
    sound(page)
    page.get_by_role("button", name="Sign out").click()
    sound(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto("/account/")
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("#totp-secret").inner_text()
    assert len(secret) == 32
    sound(page)
    page.get_by_label("2. The code").fill(code_at(timezone.now().timestamp(), secret=secret))
    page.get_by_role("button", name="Set up").click()
    page.get_by_role("link", name="Not now").click()
    page.get_by_role("link", name="Remove Laptop").click()
    page.get_by_role("button", name="Remove the passkey").click()
    page.get_by_text("The passkey was removed").wait_for()
    assert page.get_by_text("Laptop", exact=True).count() == 0


def test_by_password_and_code_or_a_recovery_code_with_the_keyboard_alone(page: Page, cast: dict[str, User]) -> None:
    app_of(cast["gil"])
    page.goto("/sign-in/")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("gil")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Code of your authenticator app").focus()
    sound(page)
    page.get_by_label("Code of your authenticator app").focus()
    page.keyboard.type(code_at(timezone.now().timestamp()))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto("/people/")
    page.locator("summary").first.click()
    sound(page)
    page.get_by_label("Name to sign in with").fill("hana")
    page.get_by_label("Printed name").fill("Hana Ito")
    page.get_by_role("button", name="Invite").click()
    assert "/invitations/" in page.locator("#one-time-link").inner_text()
    assert violations(page) == []


def test_the_pages_of_one_time_links_are_sound(page: Page, cast: dict[str, User], programme: Programme) -> None:
    gil, now = person_for(cast["gil"], programme), timezone.now()
    _, invitation = inviting.invite("hana", programme=programme, role="", full_name="Hana Ito", by=gil, at=now)
    _, recovery = recovering.offer_recovery("eli", by=gil, at=now)
    for path in (f"/invitations/{invitation}/", f"/recovery/{recovery}/", "/recovery/used/"):
        page.goto(path)
        sound(page)
    page.goto(f"/invitations/{invitation}/")
    page.get_by_label("A password that only you know").fill(NEW_PASSWORD)
    page.get_by_label("The same again").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("heading", name="Set up a second factor").wait_for()
