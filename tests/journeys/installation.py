"""A real installation in a folder of its own: real processes, real broker, real HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.house.places import ROOT

PATIENCE = 240.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(found: Callable[[], Any], *, within: float = PATIENCE, every: float = 0.1) -> Any:
    """Return the first truthy answer. Raises TimeoutError, so that a test fails with the question that stayed open."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(every)
    raise TimeoutError(f"not within {within:.0f} s: {found}")


def environment(folder: Path, more: dict[str, str] | None = None) -> dict[str, str]:
    """Only what a fresh shell has and `more`, so that no setting of the tests leaks in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "SCORECARD_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **(more or {})}


def manage(folder: Path, *arguments: str, more: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` on the installation."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment(folder, more), capture_output=True,
        text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def processes() -> dict[int, tuple[int, str]]:
    """Return process id -> (parent, command line) of everything that runs and is no zombie."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(entry.name)] = (int(fields[1]), command)
    return found


def descendants(root: int) -> dict[int, str]:
    """Return process id -> command line of everything below `root`."""
    everything = processes()
    found: dict[int, str] = {}
    layer = {root}
    while layer := {pid for pid, (parent, _) in everything.items() if parent in layer} - set(found):
        found |= {pid: everything[pid][1] for pid in layer}
    return found


@dataclass
class Installation:
    """A running `manage.py up`, with what it has said so far."""

    folder: Path
    port: int
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.said)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pasted(self, name: str) -> str:
        """The value that the printed line to paste sets."""
        found = re.search(rf"export {name}=(\S+)", self.text)
        assert found, self.text
        return found[1].strip("'")

    def child(self, words: str) -> int | None:
        return next((pid for pid, command in descendants(self.process.pid).items() if words in command), None)

    def ask(self, path: str, *, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Return (status, JSON) of a request; status 0 while nobody listens."""
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): v for name, v in headers.items()}}
        request = urllib.request.Request(self.address + path, data=body, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status), json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def post(self, body: bytes, key: str) -> dict[str, str]:
        """Post a run report with the demo token and return the receipt."""
        status, receipt = self.ask("/api/v1/runs/", body=body, Authorization=self._bearer, Idempotency_Key=key)
        assert status in (200, 202), receipt
        return dict(receipt)

    def job_state(self, receipt: dict[str, str]) -> str:
        """The state of the job that a receipt names; empty while nobody listens."""
        return str(self.ask(receipt["job"], Authorization=self._bearer)[1].get("state", ""))

    def jobs(self, state: str) -> int:
        """The number of jobs in a state, as far as one page of the list goes."""
        return len(self.ask(f"/api/v1/jobs/?state={state}&limit=200", Authorization=self._bearer)[1]["results"])

    @property
    def _bearer(self) -> str:
        return f"Bearer {self.pasted('SCORECARD_TOKEN')}"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)


@contextlib.contextmanager
def running(folder: Path, *options: str, more: dict[str, str] | None = None) -> Iterator[Installation]:
    """Start an installation and leave nothing of it behind, whatever the test does."""
    port = free_port()
    command = [sys.executable, "manage.py", "up", "--port", str(port), *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(folder, more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    installation = Installation(folder, port, process)
    listening = threading.Thread(target=lambda: installation.said.extend(process.stdout or ()), daemon=True)
    listening.start()
    try:
        until(lambda: "Stop with Ctrl-C" in installation.text or process.poll() is not None)
        assert process.poll() is None, installation.text
        yield installation
    finally:
        left = descendants(process.pid)
        if process.poll() is None:
            process.kill()
            process.wait()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        listening.join(timeout=5)
        if process.stdout:
            process.stdout.close()
