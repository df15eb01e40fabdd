"""Sources that the tests pull from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from evaluations.models import Source
from evaluations.pulling.registering import Settings, register
from tests.evaluations.conftest import shared_database

MakeSource = Callable[..., Source]
__all__ = ["MakeSource", "shared_database", "source_of"]


@pytest.fixture
def source_of(db: None) -> MakeSource:
    """Describe a source: `source_of("folder", "/logs", settle_seconds=0, schedule_seconds=60)`."""

    def described(kind: str, address: str, *, at: datetime | None = None, **said: Any) -> Source:
        names = ("binding", "format", "schedule_seconds", "enabled", "secret_env")
        settings = {name: said.pop(name) for name in names if name in said}
        slug = said.pop("slug", f"nightly-{kind}".replace("_", "-"))
        described = Settings(kind=kind, address=address, options=said, **settings)
        source, created = register(slug, described, at=at or timezone.now())
        assert created
        return source

    return described
