"""Keep programs running, and leave nothing behind when told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from scorecard.environment import ROOT
from scorecard.operating.programs import Program

HEALTHY_SECONDS = 60.0
"""A program that ran this long starts again at once; one that dies sooner waits twice as long each time."""
LONGEST_WAIT = 30.0


def wait_before(restart: int) -> float:
    """Return the seconds to wait before the n-th restart in a row (1, 2, 4 ... at most 30)."""
    return min(LONGEST_WAIT, 2.0 ** (restart - 1))


class Child:
    """One supervised program in its own process group, so that a signal reaches everything it started."""

    def __init__(self, program: Program, environment: dict[str, str]) -> None:
        self.program = program
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._deaths = 0
        self.next_start = 0.0

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the program, bound to the life of this process."""
        bound = (sys.executable, "-m", "scorecard.operating.bound", str(os.getpid()), *self.program.command)
        self._process = subprocess.Popen(
            bound, env=self._environment, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._started = time.monotonic()

    def died(self) -> int | None:
        """Return the exit status of a program that ended by itself and plan its next start; None while it runs."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        self._kill_group()
        self._process = None
        lived = time.monotonic() - self._started
        self._deaths = 1 if lived > HEALTHY_SECONDS else self._deaths + 1
        self.next_start = time.monotonic() + wait_before(self._deaths)
        return status

    @property
    def due(self) -> bool:
        """Whether a stopped program should be started now."""
        return self._process is None and time.monotonic() >= self.next_start

    def ask_to_stop(self) -> None:
        """Send SIGTERM: the program finishes what it is doing."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds), then kill whatever is left of the group."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=max(0.0, deadline - time.monotonic()))
        self._kill_group()
        self._process.wait()

    def _kill_group(self) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # macOS answers EPERM for a group of zombies; either way nothing is left to kill


class Supervisor:
    """Starts the programs, restarts those that die with growing pauses, and stops all of them together."""

    def __init__(self, programs: list[Program], environment: dict[str, str], *, say: Callable[[str], None]) -> None:
        self.children = [Child(program, environment) for program in programs]
        self._say = say

    def start(self) -> None:
        """Start every program."""
        for child in self.children:
            child.start()

    def watch(self, stop: threading.Event, *, every: float = 0.2) -> None:
        """Restart what dies until `stop` is set."""
        while not stop.wait(every):
            self.look()

    def look(self) -> None:
        """Look at every program once."""
        for child in self.children:
            status = child.died()
            if status is not None:
                pause = max(0.0, child.next_start - time.monotonic())
                self._say(f"The {child.program.name} process ended with status {status}; next start in {pause:.0f} s.")
            elif child.due:
                child.start()

    def stop(self) -> None:
        """Ask every program to stop, wait for its grace, kill the rest."""
        now = time.monotonic()
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.wait(now + child.program.grace)
