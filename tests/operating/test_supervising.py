"""The supervisor with small real programs: restarts, growing pauses, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scorecard.environment import ROOT
from scorecard.operating.programs import Program
from scorecard.operating.supervising import LONGEST_WAIT, Child, Supervisor, wait_before
from tests.journeys.installation import processes, until

SLEEPS = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = (
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(61)'])\n"
    "time.sleep(60)"
)


def program(code: str, *, grace: float = 5.0) -> Program:
    return Program("test", (sys.executable, "-c", code), grace)


def supervisor(*programs: Program, said: list[str] | None = None) -> Supervisor:
    words = said if said is not None else []
    return Supervisor(list(programs), dict(os.environ), say=words.append)


@pytest.fixture
def started() -> Iterator[list[Child]]:
    """Children that the test started; whatever it did, they are gone afterwards."""
    children: list[Child] = []
    yield children
    for child in children:
        child.wait(time.monotonic())


def pid_of(child: Child) -> int:
    assert child.pid is not None
    return child.pid


def test_the_pauses_between_restarts_grow_to_a_limit() -> None:
    assert [wait_before(n) for n in (1, 2, 3, 4)] == [1.0, 2.0, 4.0, 8.0]
    assert wait_before(40) == LONGEST_WAIT


def test_a_program_that_ends_by_itself_is_reported_and_started_again(started: list[Child]) -> None:
    said: list[str] = []
    house = supervisor(program("raise SystemExit(3)"), said=said)
    started += house.children
    house.start()
    until(lambda: house.look() or said, within=10)
    assert said == ["The test process ended with status 3; next start in 1 s."]
    assert not house.children[0].due
    house.children[0].next_start = 0.0
    house.look()
    assert house.children[0].pid is not None


def test_a_program_that_lived_long_is_not_made_to_wait_longer(
    started: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scorecard.operating.supervising.HEALTHY_SECONDS", 0.0)
    child = Child(program("pass"), dict(os.environ))
    started.append(child)
    for _ in range(3):
        child.start()
        until(lambda: child.died() is not None, within=10)
        assert child.next_start - time.monotonic() <= 1.0


def test_stopping_asks_first_and_waits_for_the_answer(started: list[Child]) -> None:
    house = supervisor(program(SLEEPS))
    started += house.children
    house.start()
    running = pid_of(house.children[0])
    house.stop()
    assert running not in processes()


def test_stopping_kills_what_does_not_listen_after_its_grace(started: list[Child]) -> None:
    house = supervisor(program(STUBBORN, grace=0.5))
    started += house.children
    house.start()
    running = pid_of(house.children[0])
    time.sleep(0.5)
    began = time.monotonic()
    house.stop()
    assert running not in processes()
    assert time.monotonic() - began < 5


def test_stopping_takes_the_grandchildren_along(started: list[Child]) -> None:
    house = supervisor(program(PARENT))
    started += house.children
    house.start()
    parent = pid_of(house.children[0])
    grandchild = until(
        lambda: next((pid for pid, (above, _) in processes().items() if above == parent), None), within=10
    )
    house.stop()
    until(lambda: grandchild not in processes(), within=5)


def test_watching_ends_when_told_to(started: list[Child]) -> None:
    house = supervisor(program(SLEEPS))
    started += house.children
    house.start()
    stop = threading.Event()
    thread = threading.Thread(target=house.watch, args=(stop,), kwargs={"every": 0.05})
    thread.start()
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()
    house.stop()


def test_a_bound_program_ends_with_its_parent() -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'scorecard.operating.bound', str(os.getpid()), sys.executable, '-c',\n"
        "           'import time; time.sleep(62)']\n"
        "child = subprocess.Popen(command, start_new_session=True)\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        until(lambda: "sleep(62)" in processes().get(child, (0, ""))[1], within=10)
        parent.kill()
    try:
        until(lambda: child not in processes(), within=5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_a_program_whose_parent_is_gone_already_never_starts(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'started')!r}, 'w')"
    command = [sys.executable, "-m", "scorecard.operating.bound", "1", sys.executable, "-c", code]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    assert not (tmp_path / "started").exists()
