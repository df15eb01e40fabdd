"""The real server: reports posted one after the other and at once, and what is left when a worker is killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db.models import Count

from benchmarks import making
from benchmarks.timing import Line
from evaluations.models import EvaluationRun, Job, JobState, Measurement
from scorecard.environment import ROOT

POSTS, CLIENTS, AT_ONCE = 200, 4, 50
READY_WITHIN, MEASURED_WITHIN = 90.0, 240.0
"""Seconds; a job whose worker was killed is picked up when its lease of a minute is over."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run `manage.py up` on the benchmark's own folder, for this machine only; yield its port and process."""
    port = _free_port()
    command = [sys.executable, "manage.py", "up", "--port", str(port)]
    with (Path(settings.DATA_DIR) / "server.log").open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        try:
            _await_ready(port, process)
            yield port, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _await_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            if _request(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "GET", "/readyz", b"")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server did not become ready")


def _request(connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    token = (Path(settings.DATA_DIR) / "demo-token").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, path, body=body, headers=headers)
    response = connection.getresponse()
    return response.status, response.read()


def post_all(port: int, bodies: list[bytes], *, clients: int) -> list[str]:
    """Post reports from several clients that keep their connections; return the ids of the runs."""

    def client(mine: list[bytes]) -> list[str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        found = []
        for body in mine:
            status, answer = _request(connection, "POST", "/api/v1/runs/", body)
            if status != 202:
                raise RuntimeError(f"the server answered {status}: {answer[:300]!r}")
            found.append(str(json.loads(answer)["id"]))
        connection.close()
        return found

    with ThreadPoolExecutor(clients) as pool:
        return [
            run for found in pool.map(client, [bodies[number::clients] for number in range(clients)]) for run in found
        ]


def _worker_of(process: subprocess.Popen[bytes]) -> int | None:
    """Return the process id of the worker under our own server."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
    for child in children:
        if b"celery" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    return None


def _await_measured(runs: list[str], *, least: int | None = None) -> float:
    """Wait until all of the runs, or at least so many, are measured; return the seconds it took."""
    began = time.monotonic()
    while time.monotonic() < began + MEASURED_WITHIN:
        if Measurement.objects.filter(run__in=runs).values("run").distinct().count() >= (least or len(runs)):
            return time.monotonic() - began
        time.sleep(0.05)
    raise RuntimeError(f"not all of {len(runs)} runs were measured within {MEASURED_WITHIN:.0f} s")


def _await_idle() -> None:
    """Wait until the worker has done what the demonstration left, its PDFs above all, because they hold it for long."""
    until = time.monotonic() + MEASURED_WITHIN
    while Job.objects.filter(state__in=(JobState.QUEUED, JobState.RUNNING)).exists():
        if time.monotonic() > until:
            raise RuntimeError("the worker did not come to rest")
        time.sleep(0.5)


def _await_one_in_hand(runs: list[str]) -> None:
    """Wait until the worker holds one of the jobs, so that killing it leaves work half done."""
    until = time.monotonic() + MEASURED_WITHIN
    while not Job.objects.filter(payload__run__in=runs, state=JobState.RUNNING).exists():
        if time.monotonic() > until:
            raise RuntimeError("the worker took none of the jobs")
        time.sleep(0.005)


def lines(folder: Path, *, largest: int) -> Iterator[Line]:
    """Measure posting, then kill the worker in the middle of fifty runs."""
    del folder, largest
    with served() as (port, process):
        _await_idle()
        post_all(port, [making.report(100) for _ in range(CLIENTS)], clients=CLIENTS)
        bodies = [making.report(100) for _ in range(POSTS)]
        began = time.monotonic()
        posted = post_all(port, bodies, clients=CLIENTS)
        seconds = time.monotonic() - began
        yield Line(f"posts a second, reports of 100 samples, {CLIENTS} clients, wall clock", POSTS / seconds, unit="/s")
        yield Line(f"{POSTS} such runs measured after the last answer, wall clock", _await_measured(posted))
        yield from _killed(port, process)


def _killed(port: int, process: subprocess.Popen[bytes]) -> Iterator[Line]:
    worker = _worker_of(process)
    if worker is None:
        raise RuntimeError("the server runs no worker")
    runs = post_all(port, [making.report(10_000) for _ in range(AT_ONCE)], clients=8)
    _await_measured(runs, least=AT_ONCE // 5)
    _await_one_in_hand(runs)
    left = AT_ONCE - Measurement.objects.filter(run__in=runs).count()
    os.kill(worker, signal.SIGKILL)
    seconds = _await_measured(runs)
    once = EvaluationRun.objects.filter(id__in=runs).annotate(times=Count("measurements")).filter(times=1).count()
    again = Job.objects.filter(payload__run__in=runs, kind="measure", attempts__gt=1).count()
    yield Line(
        f"{AT_ONCE} runs posted at once, worker killed with {left} to go: measured exactly once", once, unit="runs"
    )
    yield Line("of these, jobs that a second worker took over", again, unit="jobs")
    yield Line("from the kill until all were measured, wall clock", seconds)
