"""Amended documents, made from the shipped one by changing its words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scorecard.access import Person
from scorecard.models import Programme, User
from tests.framework.documents import SOURCE

TEXT = SOURCE.read_text(encoding="utf-8")
VERSION = 'version = "2023-12-18"'


def amended(*changes: tuple[str, str], version: str = "2024-06-01") -> bytes:
    """Return the shipped document as another version, each text replaced once."""
    text = TEXT
    for old, new in ((VERSION, f'version = "{version}"'), *changes):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


@pytest.fixture
def chair(person: Callable[[str], Person]) -> Person:
    """The chair of the advisory group."""
    return person("chen")


@pytest.fixture
def members(programme: Programme, cast: dict[str, User]) -> dict[str, User]:
    """The cast, in its programme."""
    return cast
