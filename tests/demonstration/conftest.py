"""The demonstration of this module: a copy of the one that the suite loads once, as the database of its tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from scorecard.models import Scorecard
from tests.journeys.demonstration import DATABASE, copied

FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ON_SQLITE = {"ENGINE": "django.db.backends.sqlite3", "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "OPTIONS": {}}


@pytest.fixture(scope="module")
def loaded(
    demonstration: Path, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The folder of the demonstration's keys and bytes, while its database stands in for that of the tests."""
    folder = copied(demonstration, tmp_path_factory.mktemp("demonstration"))
    places = override_settings(
        DATA_DIR=folder, LEDGER_KEY_FILE=folder / "ledger-key.pem", PASSWORD_HASHERS=FAST, DEMO=True
    )
    former, settings = connections["default"], dict(connections.databases["default"])
    with django_db_blocker.unblock(), places:
        del connections["default"]
        connections.databases["default"].update(ON_SQLITE, NAME=str(folder / DATABASE))
        yield folder
        connections["default"].close()
        connections.databases["default"].update(settings)
        connections["default"] = former


@pytest.fixture(autouse=True)
def data_dir(loaded: Path) -> Path:
    """In place of a fresh data folder: the demonstration's own."""
    return loaded


@pytest.fixture
def published_card(loaded: Path) -> Scorecard:
    """The sealed o1 card."""
    return Scorecard.objects.get(number="PSC-2024-0001", version=1)
