"""An installation outside demo mode in which a second factor is compulsory, and visitors to its account pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from scorecard.demonstration.people import PASSWORD
from scorecard.models import SecurityEvent, User
from tests.accounts.authenticators import app_of, code_at

Visit = Callable[[str], Client]
NEW_PASSWORD = "seven lamps under the harbour"


@pytest.fixture(autouse=True)
def _strict(settings: Any) -> None:
    """No demonstration, a second factor for everybody, and nobody is limited by an earlier test."""
    settings.DEMO = False
    settings.REQUIRE_SECOND_FACTOR = True
    cache.clear()


@pytest.fixture
def enter(cast: dict[str, User]) -> Visit:
    """Return a browser in which the named person came in by password and authenticator app."""

    def come_in(username: str) -> Client:
        client = Client()
        app_of(cast[username])
        answer = client.post("/sign-in/", {"username": username, "password": PASSWORD})
        assert answer.headers["Location"] == "/sign-in/second-factor/"
        code = code_at(timezone.now().timestamp())
        assert client.post("/sign-in/second-factor/", {"code": code}).headers["Location"] == "/"
        return client

    return come_in


@pytest.fixture
def proved(enter: Visit) -> Visit:
    """The same, and a fresh proof by password stands for five minutes."""

    def prove(username: str) -> Client:
        client = enter(username)
        assert client.post("/account/prove/", {"password": PASSWORD}).status_code == 302
        return client

    return prove


def kinds(username: str) -> list[str]:
    """The kinds of the security events under a name, oldest first."""
    return list(SecurityEvent.objects.filter(account=username).order_by("pk").values_list("kind", flat=True))
