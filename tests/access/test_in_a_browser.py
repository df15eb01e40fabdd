"""The pages of access and tokens in a real browser: axe without a finding, every control by keyboard, phone-wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from evaluations.actors import SYSTEM
from scorecard import clearing, proposing
from scorecard.access import person_for
from scorecard.models import ApiToken, Programme, User
from tests.access.test_tokens import SECRET
from tests.accounts.browser import opened
from tests.accounts.test_in_a_browser import give_password, sound

pytestmark = pytest.mark.services


@pytest.fixture
def page(lifted: None, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A browser at the live server."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser's driver runs a loop of its own
    with opened(live_server.url) as made:
        yield made


def test_a_token_is_issued_shown_once_and_revoked(page: Page, cast: dict[str, User]) -> None:
    give_password(page, "faye")
    page.goto("/account/")
    page.get_by_role("link", name="API tokens").click()
    page.get_by_label("What it is for").fill("Nightly reading")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Issue").click()
    assert SECRET.fullmatch(page.locator("#secret").inner_text().strip())
    sound(page)
    page.goto("/account/tokens/")
    assert SECRET.search(page.content()) is None
    page.get_by_role("button", name="Revoke Nightly reading").click()
    assert page.get_by_text("is revoked").is_visible()
    assert ApiToken.objects.get().revoked_at is not None


def test_a_clearance_is_proposed_by_one_person_and_confirmed_by_another(
    page: Page, cast: dict[str, User], programme: Programme
) -> None:
    now, gil = timezone.now(), person_for(cast["gil"], programme)
    clearing.declare(programme, "inner", name="Inner", categories=[], evaluations=["x"], by=SYSTEM, at=now)
    content = {"person": cast["faye"].person_id, "compartment": "inner", "days": 9}
    proposing.propose(clearing.GRANT, content, reason="Audits it", by=gil, at=now)
    give_password(page, "gil")
    for path in ("/access/", "/people/"):
        page.goto(path)
        sound(page)
    page.get_by_role("button", name="Sign out").click()
    give_password(page, "chen")
    page.goto("/access/")
    sound(page)
    page.get_by_role("button", name="Confirm").click()
    assert page.get_by_text("Confirmed: Clear Faye Turner for Inner, 9 days.").is_visible()
