"""The programs that make up a running installation, as command lines."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from evaluations.ringing import QUEUES


@dataclass(frozen=True)
class Program:
    """A command to keep running; `grace` is how many seconds it may take to finish its work when asked to stop."""

    name: str
    command: tuple[str, ...]
    grace: float


def web(host: str, port: int) -> Program:
    """The pages and the API: one granian process, threads for concurrent requests."""
    threads = str(min(8, 2 * multiprocessing.cpu_count() + 1))
    options = ("--interface", "wsgi", "--host", host, "--port", str(port), "--blocking-threads", threads)
    quiet = ("--no-ws", "--log-level", "warning", "--respawn-failed-workers", "--workers", "1")
    return Program("web", (sys.executable, "-m", "granian", *options, *quiet, "scorecard.wsgi:application"), grace=10)


def worker(concurrency: int = len(QUEUES), queues: Sequence[str] = QUEUES) -> Program:
    """A Celery worker. Threads, because the heavy work runs in child processes; no chatter, because jobs are rows.

    One thread for each queue, because work of the long kinds takes one thread each at most, and the rest stays free.
    """
    # Celery warns as root because of pickled messages; only JSON is accepted here, and containers run without root.
    calm = ("-W", "ignore:You're running the worker with superuser privileges")
    celery = (sys.executable, *calm, "-m", "celery", "-q", "-A", "scorecard.celery", "worker")
    pool = ("-P", "threads", "--concurrency", str(concurrency), "-Q", ",".join(queues))
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "warning")
    return Program("worker", (*celery, *pool, *quiet), grace=20)


def reachable(host: str) -> str:
    """Return the host name under which this machine reaches a server bound to `host`."""
    return "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104  (compared, not bound)


def environment_of(host: str, port: int, *, demo: bool, given: dict[str, str]) -> dict[str, str]:
    """Return the children's environment: what was given wins, the address and demo mode are added."""
    environment = dict(given)
    environment.setdefault("DJANGO_SETTINGS_MODULE", "scorecard.settings")
    environment.setdefault("SCORECARD_URL", f"http://{reachable(host)}:{port}")
    environment.setdefault("ALLOWED_HOSTS", ",".join(dict.fromkeys([*settings.ALLOWED_HOSTS, reachable(host)])))
    if demo:
        environment["SCORECARD_DEMO"] = "1"
    environment["SCORECARD_DATA_DIR"] = str(Path(settings.DATA_DIR).resolve())
    return environment
