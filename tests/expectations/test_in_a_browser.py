"""The pages of judgement in a real browser: axe without a finding, and no wider than a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from scorecard import planning
from scorecard.access import Person
from scorecard.models import Scorecard, User
from tests.accounts.browser import opened
from tests.accounts.test_in_a_browser import give_password, sound
from tests.web.conftest import address
from tests.web.journeys import REASON

pytestmark = pytest.mark.services


@pytest.fixture
def page(lifted: None, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A browser at the live server."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser's driver runs a loop of its own
    with opened(live_server.url) as made:
        yield made


def test_the_pages_of_judgement_are_sound(
    page: Page, second_card: Scorecard, card: Scorecard, cast: dict[str, User], person: Callable[[str], Person]
) -> None:
    item = {"evaluation": "ctf-professional", "metric": "pass@12", "mitigation": "post_mitigation"}
    planning.lock(card.checkpoint, card.framework, items=[item], stopping_rule=REASON, reason=REASON, by=person("ada"),
                  at=timezone.now())  # fmt: skip
    give_password(page, "ada")
    named = "&".join(f"card={one.number}-v{one.version}" for one in (card, second_card))
    framework = second_card.framework
    for path in (
        "/", "/due/", "/safeguards/", f"/scorecards/compare/?{named}", f"/models/{card.checkpoint.name}/",
        address(card, "plan/"), address(second_card, "outlook/"), address(second_card), address(card, "cybersecurity/"),
        f"/frameworks/{framework.slug}/{framework.version}/",
    ):  # fmt: skip
        page.goto(path)
        sound(page)
