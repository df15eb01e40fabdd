"""From a clean folder to a running product and back to nothing, with real processes."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.places import ROOT
from tests.journeys.demonstration import copied
from tests.journeys.installation import Installation, descendants, manage, processes, running, until

REPORT = (ROOT / "demo" / "ctf-professional-high.json").read_bytes()
CHANGED = REPORT.replace(b'"successes": 40', b'"successes": 41')


@pytest.fixture(scope="module")
def started(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The demo installation started for the second time, for the tests of this file; each leaves it running."""
    folder = copied(demonstration, tmp_path_factory.mktemp("installation"))
    with running(folder, "--demo") as installation:
        yield installation


def test_the_start_prints_where_it_is_how_to_come_in_and_what_to_paste(started: Installation) -> None:
    assert f"Address    {started.address}/" in started.text
    assert f"{started.address}/demo/enter/ada:" in started.text
    assert started.pasted("SCORECARD_URL") == started.address
    assert started.pasted("SCORECARD_TOKEN").startswith("psc_")
    assert started.pasted("SCORECARD_LEDGER_KEY").startswith("preparedness-scorecard/ledger+")
    assert "demo-password-2024" in started.text


def test_a_second_start_loads_and_prepares_nothing_again(started: Installation) -> None:
    assert "The demo was loaded already; nothing changed." in started.text
    assert "Static files are collected." not in started.text
    assert "Tables are up to date." not in started.text


def test_nothing_frightening_is_printed(started: Installation) -> None:
    for word in ("Traceback", "WARNING", "Warning", "Error"):
        assert word not in started.text


def test_secrets_are_readable_by_the_owner_only(started: Installation) -> None:
    for name in ("secret-key", "ledger-key.pem", "demo-token"):
        assert stat.S_IMODE((started.folder / name).stat().st_mode) == 0o600


def test_the_product_says_that_it_is_ready(started: Installation) -> None:
    status, answer = until(lambda: (got := started.ask("/readyz"))[1]["status"] == "ok" and got)
    assert status == 200
    assert set(answer["checks"].values()) == {"ok"}


def test_doctor_finds_a_worker_and_no_failure(started: Installation) -> None:
    done = manage(started.folder, "doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["healthy"] is True
    states = {row["name"]: row["state"] for row in found["checks"]}
    assert {name for name, state in states.items() if state != "ok"} <= {"pdf", "disk"}


def test_the_ledger_of_the_demo_verifies(started: Installation) -> None:
    done = manage(started.folder, "ledger_verify")
    assert (done.returncode, done.stdout.split()[0]) == (0, "Intact:")


def test_a_second_start_on_the_same_folder_is_refused_in_words(started: Installation) -> None:
    done = manage(started.folder, "up")
    assert done.returncode == 1
    assert f"in use by another `manage.py up` (process {started.process.pid})" in done.stderr


def test_a_taken_port_is_refused_with_the_next_one(started: Installation, tmp_path: Path) -> None:
    done = manage(tmp_path, "up", "--port", str(started.port))
    assert done.returncode == 1
    assert f"make run PORT={started.port + 1}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_posted_run_is_measured_by_the_real_worker_within_seconds(started: Installation) -> None:
    receipt = started.post(REPORT, "start-1")
    began = time.monotonic()
    until(lambda: started.job_state(receipt) == "done", within=60)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("words", ["celery", "granian"])
def test_a_killed_process_is_started_again(started: Installation, words: str) -> None:
    first = started.child(words)
    assert first is not None
    os.killpg(first, signal.SIGKILL)
    until(lambda: (again := started.child(words)) is not None and again != first, within=20)
    until(lambda: started.ask("/livez")[0] == 200 if words == "granian" else True, within=20)


def test_a_run_posted_after_the_worker_was_killed_is_done_by_its_successor(started: Installation) -> None:
    worker = started.child("celery")
    assert worker is not None
    os.killpg(worker, signal.SIGKILL)
    receipt = started.post(CHANGED, "start-2")
    until(lambda: started.job_state(receipt) == "done", within=120)


def test_sigterm_ends_it_with_status_0_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(tmp_path) as installation:
        children = descendants(installation.process.pid)
        assert any("granian" in command for command in children.values())
        assert any("celery" in command for command in children.values())
        assert installation.stop() == 0
        assert not set(children) & set(processes())
    assert "Stopped." in installation.text
    assert "Traceback" not in installation.text


@pytest.mark.slow
def test_killing_it_outright_takes_its_children_along_and_frees_the_folder(tmp_path: Path) -> None:
    with running(tmp_path, "--no-worker") as installation:
        children = descendants(installation.process.pid)
        assert not any("celery" in command for command in children.values())
        assert "python manage.py worker" in installation.text
        installation.process.kill()
        installation.process.wait()
        until(lambda: not set(children) & set(processes()), within=20)
    with running(tmp_path, "--no-worker") as again:
        assert again.process.poll() is None
