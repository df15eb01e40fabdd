"""What the evidence tests share: a catalogue, an actor, the bell, and a database that threads can share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from evaluations.actors import Actor
from evaluations.intake import Receipt, receive
from evaluations.models import Checkpoint, Subject
from evaluations.signals import evidence_changed
from scorecard import guarding
from tests.evaluations.reports import NOW, posted


@pytest.fixture(autouse=True)
def blob_folder(tmp_path: Path, settings: Any) -> Path:
    """Every test keeps its bytes in a folder of its own."""
    settings.DATA_DIR = tmp_path
    return tmp_path / "blobs"


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The messages that would have gone to the broker: (task name, job id)."""
    rung: list[tuple[str, str]] = []

    def ring(self: object, name: str, args: list[str], **options: Any) -> None:
        rung.append((name, args[0]))

    monkeypatch.setattr("celery.app.base.Celery.send_task", ring)
    return rung


@pytest.fixture
def pipeline() -> Actor:
    """The token that posts."""
    return Actor(kind="token", id="tok_1", name="nightly")


@pytest.fixture
def checkpoint(db: None) -> Checkpoint:
    """The checkpoint that the usual report is about, and a stranger's beside it."""
    atlas = Subject.objects.create(slug="atlas-2", name="Atlas 2", kind="fictional")
    other = Subject.objects.create(slug="other", name="Other", kind="comparison")
    Checkpoint.objects.create(subject=other, name="other-1")
    return Checkpoint.objects.create(subject=atlas, name="atlas-2-rc1")


@pytest.fixture
def take_in(checkpoint: Checkpoint, pipeline: Actor) -> Callable[..., Receipt]:
    """Receive the usual report with changes."""
    return lambda **changes: receive(posted(**changes), by=pipeline, at=NOW)


@pytest.fixture
def news() -> Iterator[list[tuple[str, str]]]:
    """The notices that the evidence sends: (kind, run id)."""
    heard: list[tuple[str, str]] = []

    def hear(sender: object, *, kind: str, run: Any, **rest: Any) -> None:
        heard.append((kind, run.id))

    evidence_changed.connect(hear)
    yield heard
    evidence_changed.disconnect(hear)


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that many threads can write: on SQLite a copy in a file, since the one in memory knows no waiting."""
    if connection.vendor != "sqlite":
        yield
        guarding.lift()
        return
    path = tmp_path / "shared.sqlite3"
    former: BaseDatabaseWrapper = connections["default"]
    with former.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    name = former.settings_dict["NAME"]
    del connections["default"]
    connections.databases["default"]["NAME"] = str(path)
    yield
    connections["default"].close()
    connections.databases["default"]["NAME"] = name
    connections["default"] = former
    guarding.lift()
