"""Two programmes that must not know of each other, and evidence inside and outside a compartment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as installed
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from evaluations.actors import SYSTEM
from evaluations.models import Checkpoint, EvaluationRun, Subject
from scorecard import clearing
from scorecard.adopting import publish
from scorecard.demonstration.story import FRAMEWORK
from scorecard.issuing import issue_token
from scorecard.models import Clearance, Compartment, Membership, Programme, Role, Scorecard, User
from tests.access.visiting import SESSIONS, signed_in
from tests.access.world import OPEN, PROBE, World, built

Both = tuple[World, World]


@pytest.fixture(autouse=True)
def _plain_pages(settings: Any) -> None:
    settings.DEMO = False
    settings.REQUIRE_SECOND_FACTOR = False
    cache.clear()


@pytest.fixture
def visit(cast: dict[str, User]) -> Callable[[User | str], Client]:
    """Return a browser in which a person, or the named one of the cast, is signed in."""

    def signed_in(who: User | str) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(cast[who] if isinstance(who, str) else who)
        return client

    return signed_in


def page_of(answer: Any) -> str:
    """Return a page without the form token, which differs each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())


def a_report(evaluation: str, *, run_id: str = "one", **changes: Any) -> bytes:
    report = {
        "schema": "run-report/1", "run_id": run_id, "subject": "atlas-2", "checkpoint": "atlas-2-rc1",
        "mitigation": "post_mitigation", "evaluation": {"slug": evaluation}, "metric": "pass@1",
        "planned_samples": 50, "tally": {"successes": 3, "trials": 50}, "provenance": {"source": "nightly"},
    }  # fmt: skip
    return json.dumps({**report, **changes}).encode()


@pytest.fixture
def probe(card: Scorecard, post: Callable[[bytes], EvaluationRun]) -> EvaluationRun:
    """A measured run of an evaluation of CBRN."""
    return post(a_report(PROBE))


@pytest.fixture
def open_run(card: Scorecard, post: Callable[[bytes], EvaluationRun]) -> EvaluationRun:
    """A measured run outside every compartment."""
    return post(a_report(OPEN, run_id="two"))


@pytest.fixture
def cbrn(programme: Programme, card: Scorecard) -> Compartment:
    """The compartment of CBRN; nobody is cleared yet."""
    return clearing.declare(
        programme, "cbrn", name="CBRN", categories=["cbrn"], evaluations=[], by=SYSTEM, at=timezone.now()
    )


@pytest.fixture
def cleared(cbrn: Compartment, cast: dict[str, User]) -> Callable[..., Clearance]:
    """Clear somebody of the cast without the two people: `cleared("dana", days=3)`."""

    def clear(username: str, *, days: float = 10) -> Clearance:
        now = timezone.now()
        return Clearance.objects.create(
            person=cast[username],
            compartment=cbrn,
            reason="test",
            granted_at=now,
            expires_at=now + timedelta(days=days),
        )

    return clear


@pytest.fixture
def stranger(db: None) -> User:
    """A person with every role in another programme, which has a checkpoint of its own."""
    other = Programme.objects.create(slug="other", name="Other models")
    person = User.objects.create(username="zoe", first_name="Zoe", last_name="Quist")
    for role in Role.values:
        Membership.objects.create(person=person, programme=other, role=role)
    subject = Subject.objects.create(slug="zenith", name="Zenith", programme=other.id)
    Checkpoint.objects.create(subject=subject, name="zenith-1")
    return person


@pytest.fixture
def api(db: None) -> Callable[..., Callable[..., Any]]:
    """Return a caller of the API with a fresh token of a person: `api(user, "runs:write")("GET", "runs/")`."""

    def issued(person: User, *scopes: str, suites: tuple[str, ...] = ()) -> Callable[..., Any]:
        programme = Programme.objects.filter(memberships__person=person).distinct().get()
        _, secret = issue_token(
            name="test", scopes=list(scopes), suites=suites, person=person, programme=programme, days=1, by=SYSTEM,
            at=timezone.now(),
        )  # fmt: skip
        client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})

        def call(method: str, path: str, body: bytes = b"", **more: Any) -> Any:
            return client.generic(method, f"/api/v1/{path}", body, content_type="application/json", **more)

        call.secret = secret  # type: ignore[attr-defined]
        return call

    return issued


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of this module's installation."""
    return tmp_path_factory.mktemp("table")


@pytest.fixture(scope="module")
def both(folder: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[Both]:
    """Two programmes that do not know of each other, in one transaction for the whole module.

    In the first the evidence lies in a compartment; in the second, which the tokens see, it does not.
    """
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr(installed, "DATA_DIR", folder)
        patch.setattr(installed, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
        patch.setattr("celery.app.base.Celery.send_task", lambda *args, **kwargs: None)
        framework = publish(FRAMEWORK.read_bytes(), by=SYSTEM, at=timezone.now())
        worlds = built("inner", framework, hidden=True), built("plain", framework, hidden=False)
        SESSIONS.update({who.pk: signed_in(who) for world in worlds for who in world.people.values()})
        yield worlds
        transaction.set_rollback(True)


@pytest.fixture
def settled(both: Both, folder: Path, settings: Any) -> Path:
    """The module's own folder and settings for one test of it, whose requests count alone."""
    settings.DATA_DIR, settings.DEMO, settings.REQUIRE_SECOND_FACTOR = folder, False, False
    settings.LEDGER_KEY_FILE = folder / "ledger-key.pem"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"} for name in settings.CACHES}
    cache.clear()
    return folder
