"""The same code on PostgreSQL and Redis: a database and a broker of its own, real processes, and losses on purpose."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis

from tests.house.places import ROOT
from tests.journeys.demonstration import NOTHING_TO_PRINT
from tests.journeys.installation import Installation, manage, running, until

pytestmark = pytest.mark.services

POSTGRESQL = os.environ.get(
    "SCORECARD_TEST_DATABASE_URL", "postgres://scorecard_test:scorecard_test@127.0.0.1:5432/postgres"
)
REDIS = os.environ.get("SCORECARD_TEST_BROKER_URL", "redis://127.0.0.1:6379/9")
REPORT = (ROOT / "demo" / "ctf-professional-high.json").read_bytes()


def absent(service: str, error: Exception) -> None:
    """Fail where services are promised, skip where they are not."""
    words = f"{service} does not answer: {error}"
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The address of an empty database, dropped afterwards."""
    name = f"scorecard_{uuid.uuid4().hex[:12]}"
    try:
        server = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        absent("PostgreSQL", error)
        return
    with server:
        server.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(POSTGRESQL)._replace(path=f"/{name}"))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def broker() -> Iterator[redis.Redis]:
    """An empty Redis database."""
    client = redis.Redis.from_url(REDIS, socket_connect_timeout=3)
    try:
        client.flushdb()
    except redis.RedisError as error:
        absent("Redis", error)
    yield client
    client.flushdb()
    client.close()


@pytest.fixture(scope="module")
def team(
    database: str, broker: redis.Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, dict[str, str]]]:
    more = {"DATABASE_URL": database, "BROKER_URL": REDIS}
    folder = tmp_path_factory.mktemp("team")
    for command in ("migrate", "demo"):
        done = manage(folder, command, more=more)
        assert done.returncode == 0, done.stderr
    with psycopg.connect(database) as connection:
        connection.execute(NOTHING_TO_PRINT)
    with running(folder, "--demo", more=more) as installation:
        yield installation, more


def test_doctor_names_the_services_and_finds_no_fault(team: tuple[Installation, dict[str, str]]) -> None:
    installation, more = team
    until(lambda: installation.ask("/readyz")[1].get("status") == "ok")
    done = manage(installation.folder, "doctor", "--json", more=more)
    found = {row["name"]: row for row in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0
    assert found["database"]["found"] == "postgresql answers"
    assert found["broker"]["found"] == "redis answers"
    assert found["triggers"]["state"] == found["worker"]["state"] == "ok"


def test_a_posted_run_is_measured(team: tuple[Installation, dict[str, str]]) -> None:
    installation, _ = team
    receipt = installation.post(REPORT, "team-1")
    until(lambda: installation.job_state(receipt) == "done", within=60)


def test_many_posts_at_once_never_wait_for_each_other_for_ever(team: tuple[Installation, dict[str, str]]) -> None:
    installation, _ = team
    bodies = [REPORT.replace(b'"run_id": "', b'"run_id": "at-once-%d-' % number) for number in range(40)]
    assert len(set(bodies)) == 40
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda pair: installation.post(pair[1], f"once-{pair[0]}"), enumerate(bodies)))
    until(lambda: all(installation.job_state(receipt) == "done" for receipt in receipts), within=60)
    until(lambda: installation.jobs("queued") == installation.jobs("running") == 0, within=60)
    assert installation.jobs("failed") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE scorecard_ledgerentry SET kind = 'x' WHERE seq = 0",
        "DELETE FROM scorecard_ledgerentry WHERE seq = 0",
        "TRUNCATE scorecard_ledgerentry",
        "DELETE FROM evaluations_evaluationrun",
        "UPDATE scorecard_sealedcard SET canonical = ''",
        "INSERT INTO scorecard_ledgerentry SELECT 999999, at, kind, actor_kind, actor_id, actor_name, subject_type, "
        "subject_id, envelope, leaf_hash FROM scorecard_ledgerentry WHERE seq = 0",
    ],
)
def test_the_database_refuses_to_change_history(
    team: tuple[Installation, dict[str, str]], database: str, statement: str
) -> None:
    refused = pytest.raises(psycopg.errors.RaiseException, match=r"append-only|in sequence")
    with psycopg.connect(database) as connection, refused:
        connection.execute(statement)


def test_a_message_lost_by_the_broker_only_costs_seconds(
    team: tuple[Installation, dict[str, str]], broker: redis.Redis
) -> None:
    installation, _ = team
    worker = installation.child("celery")
    assert worker is not None
    os.killpg(worker, signal.SIGKILL)
    receipt = installation.post(REPORT.replace(b'"successes": 40', b'"successes": 42'), "team-2")
    broker.flushdb()
    until(lambda: installation.job_state(receipt) == "done", within=60)


def test_the_ledger_verifies_after_all_that(team: tuple[Installation, dict[str, str]]) -> None:
    installation, more = team
    done = manage(installation.folder, "ledger_verify", more=more)
    assert (done.returncode, done.stdout.split()[0]) == (0, "Intact:")
