"""A card under the second framework, whose gates know forecasts and whose clause opens one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from evaluations.actors import SYSTEM
from evaluations.models import Checkpoint
from scorecard.access import Person
from scorecard.adopting import publish
from scorecard.assessing import assess
from scorecard.demonstration.story import FRAMEWORK
from scorecard.models import Programme, Scorecard, User
from scorecard.opening import open_scorecard
from tests.conftest import NOW

SECOND = Path(FRAMEWORK).with_name("preparedness-framework-2.toml")


@pytest.fixture
def second_card(programme: Programme, atlas: Checkpoint, person: Callable[[str], Person]) -> Scorecard:
    """An assessed draft of atlas-2-rc1 under the second Preparedness Framework."""
    framework = publish(SECOND.read_bytes(), by=SYSTEM, at=NOW)
    made = open_scorecard(
        programme=programme, checkpoint=atlas, framework=framework, title="atlas-2-rc1 under the second framework",
        by=person("ada"), at=NOW,
    )  # fmt: skip
    assess(made, cause="test", at=NOW)
    return made


@pytest.fixture
def visit(cast: dict[str, User]) -> Callable[[str], Client]:
    """Return a browser in which the named person is signed in."""

    def signed_in(username: str) -> Client:
        client = Client()
        client.force_login(cast[username])
        return client

    return signed_in
