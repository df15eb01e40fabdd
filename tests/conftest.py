"""The small cast of every test: one person for each role, one programme, the Beta framework, two checkpoints."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from evaluations.actors import SYSTEM, Actor
from evaluations.intake import receive
from evaluations.models import Checkpoint, EvaluationRun, Subject
from scorecard import guarding, tasks
from scorecard.access import Person, person_for
from scorecard.adopting import publish
from scorecard.assessing import assess
from scorecard.demonstration.people import PASSWORD, gather
from scorecard.demonstration.story import FRAMEWORK
from scorecard.environment import ROOT
from scorecard.issuing import issue_token
from scorecard.models import ApiToken, FrameworkVersion, Programme, Scorecard, User
from scorecard.opening import open_scorecard
from tests.effort import load_profile
from tests.journeys.demonstration import loaded_once
from tests.replaying import replayed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
load_profile()


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Every test has a data folder of its own, and fast password hashes."""
    settings.DATA_DIR = tmp_path
    settings.LEDGER_KEY_FILE = tmp_path / "ledger-key.pem"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.REQUIRE_SECOND_FACTOR = False
    settings.CACHES = {name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"} for name in settings.CACHES}
    yield tmp_path
    shutil.rmtree(tmp_path / "blobs", ignore_errors=True)


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Any) -> None:
    """Static files keep their plain names, because no test collects them first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def _quiet_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker in tests: a bell that is rung says nothing, the row is the queue."""
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda *args, **kwargs: None)


@pytest.fixture
def lifted(transactional_db: None) -> Iterator[None]:
    """For tests that commit: the append-only triggers are lifted while the database is emptied afterwards."""
    guarding.install()
    yield
    guarding.lift()


@pytest.fixture
def programme(db: None) -> Programme:
    """The programme that everybody works in."""

    def opened() -> str:
        return Programme.objects.create(slug="frontier", name="Frontier models").id

    return Programme.objects.get(id=replayed(opened))


@pytest.fixture
def cast(programme: Programme) -> dict[str, User]:
    """User name -> person: ada, bo, chen, dana, eli, faye, gil."""

    def gathered() -> str:
        return ",".join(gather(programme))

    names = replayed(gathered, programme).split(",")
    people = User.objects.in_bulk(names, field_name="username")
    return {name: people[name] for name in names}


@pytest.fixture
def framework(db: None) -> FrameworkVersion:
    """The published Beta framework and its catalogue."""

    def published() -> str:
        return publish(FRAMEWORK.read_bytes(), by=SYSTEM, at=NOW).id

    return FrameworkVersion.objects.get(id=replayed(published))


@pytest.fixture
def atlas(programme: Programme) -> Checkpoint:
    """The checkpoint atlas-2-rc1 of the fictional subject, which is the programme's."""

    def described() -> str:
        subject = Subject.objects.create(
            slug="atlas-2", programme=programme.id, name="Atlas 2 (fictional)", kind="fictional"
        )
        return Checkpoint.objects.create(subject=subject, name="atlas-2-rc1").id

    return Checkpoint.objects.select_related("subject").get(id=replayed(described, programme))


@pytest.fixture
def person(programme: Programme, cast: dict[str, User]) -> Callable[[str], Person]:
    """Return the named person inside the programme."""
    return lambda username: person_for(cast[username], programme)


@pytest.fixture
def token_for(programme: Programme, cast: dict[str, User]) -> Callable[..., str]:
    """Return a fresh secret: `token_for("ada", "runs:write", ...)`."""

    def issue(username: str, *scopes: str) -> str:
        def issued() -> str:
            _, secret = issue_token(
                name=f"{username} test", scopes=list(scopes), person=cast[username], programme=programme, days=30,
                by=SYSTEM, at=timezone.now(),
            )  # fmt: skip
            return secret

        return replayed(issued, programme, username, *scopes)

    return issue


@pytest.fixture
def card(
    programme: Programme, framework: FrameworkVersion, atlas: Checkpoint, person: Callable[[str], Person]
) -> Scorecard:
    """An assessed draft scorecard of atlas-2-rc1 without evidence."""

    def assessed() -> str:
        opened = open_scorecard(
            programme=programme, checkpoint=atlas, framework=framework, title="atlas-2-rc1 scorecard",
            by=person("ada"), at=NOW,
        )  # fmt: skip
        assess(opened, cause="test", at=NOW)
        return opened.id

    named = replayed(assessed, programme, framework, atlas)
    return Scorecard.objects.select_related("programme", "framework", "checkpoint__subject").get(id=named)


@pytest.fixture
def post(db: None) -> Callable[[bytes], EvaluationRun]:
    """Take a report in and do all the work that it causes, as a worker would."""

    def take_in(raw: bytes) -> EvaluationRun:
        receipt = receive(raw, by=SYSTEM, at=timezone.now())
        drain()
        receipt.run.refresh_from_db()
        return receipt.run

    return take_in


def drain() -> None:
    """Do all queued work but printing."""
    for kind, task in (("measure", tasks.measure_run), ("assess", tasks.assess_scorecard)):
        for job in tasks.queued(kind):
            task(job.id)


__all__ = ["NOW", "PASSWORD", "drain"]


@pytest.fixture
def ctf_report(atlas: Checkpoint, framework: FrameworkVersion) -> Callable[..., bytes]:
    """Return a report of counts on the indicator ctf-professional: `ctf_report(successes=40, run_id="second")`."""

    def written(*, successes: int = 20, trials: int = 100, **changes: Any) -> bytes:
        report = {
            "schema": "run-report/1", "run_id": "ctf-1", "subject": "atlas-2", "checkpoint": "atlas-2-rc1",
            "mitigation": "post_mitigation", "evaluation": {"slug": "ctf-professional"}, "metric": "pass@12",
            "tally": {"successes": successes, "trials": trials}, "provenance": {"source": "tests"},
            "elicitation": {"adequate": True, "declared_by": "tests"},
        }  # fmt: skip
        return json.dumps(report | changes).encode()

    return written


@pytest.fixture
def post_as(token_for: Callable[..., str], ctf_report: Callable[..., bytes]) -> Callable[..., EvaluationRun]:
    """Post such a report with the named person's token and do the work it causes: `post_as("ada", successes=20)`."""

    def take_in(username: str, **changes: Any) -> EvaluationRun:
        token = ApiToken.objects.get(prefix=token_for(username, "runs:write").split("_")[1])
        actor = Actor(kind="token", id=token.id, name=token.name)
        receipt = receive(ctf_report(**changes), by=actor, at=timezone.now())
        drain()
        return receipt.run

    return take_in


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stopped installation with the demonstration; copy it before changing anything."""
    own = tmp_path_factory.getbasetemp()
    return loaded_once(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture
def corpus() -> Path:
    """The folder of real log files; they are not part of the project, so tests skip where it is absent."""
    place = Path(os.environ.get("SCORECARD_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not place.is_dir():
        pytest.skip(f"no corpus of real log files at {place}; name one with SCORECARD_CORPUS")
    return place
