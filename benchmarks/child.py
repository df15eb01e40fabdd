"""`python -m benchmarks.child ...`: one piece of work in a process of its own, whose peak memory is then known.

Prints one JSON object: CPU seconds of the work, peak resident memory in MiB, and what came of it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scorecard.settings")
django.setup()

from django.utils import timezone  # noqa: E402  (models can be imported when Django is ready)

from benchmarks.peak import peak  # noqa: E402
from benchmarks.peers import inflated_and_hashed  # noqa: E402
from evaluations import blobs, intake, reading_logs  # noqa: E402
from evaluations.actors import SYSTEM  # noqa: E402
from evaluations.adapters.registry import adapters  # noqa: E402
from evaluations.binding import Binding  # noqa: E402
from evaluations.models import EvaluationRun, Job, JobState  # noqa: E402
from evaluations.reading_logs import LogReceipt  # noqa: E402
from scorecard import tasks  # noqa: E402
from scorecard.operating.memory import keep_large_blocks_apart  # noqa: E402

PIECE = 1024 * 1024


def accept(path: Path) -> LogReceipt:
    """Keep a file's bytes and ask for its reading, as the web process does."""
    with path.open("rb") as file:
        digest = blobs.put_stream(iter(lambda: file.read(PIECE), b""))
    return reading_logs.receive_log(
        digest, path.stat().st_size, name=path.name, format="auto", binding=Binding(), by=SYSTEM, at=timezone.now()
    )


def read(path: Path) -> int:
    """The path of a log file to stored runs; returns the number of samples."""
    return read_accepted(accept(path))


def read_accepted(receipt: LogReceipt) -> int:
    """The worker's part of it."""
    # A file that came in an earlier round is read anew, as an operator may ask for.
    job = receipt.job if receipt.created else reading_logs.read_again(receipt.log)
    tasks.read_log(job.id)
    log = receipt.log
    log.refresh_from_db()
    if not log.outcomes:
        raise RuntimeError(f"{log.name} was not read: {log.faults}")
    return int(log.outcomes[0]["samples"])


def read_and_measure(path: Path) -> int:
    """The worker's whole path: read the log, then measure its run."""
    samples = read(path)
    newest = Job.objects.filter(kind="measure", state=JobState.QUEUED).latest("id")
    tasks.measure_run(newest.id)
    newest.refresh_from_db()
    if newest.state != JobState.DONE:
        raise RuntimeError(newest.error)
    return samples


def post(path: Path) -> int:
    """A whole report in one request, as the web process takes it in."""
    with path.open("rb") as body:
        run: EvaluationRun = intake.receive(body, by=SYSTEM, at=timezone.now()).run
    return run.sample_count or 0


def reading(path: Path) -> Callable[[], object]:
    """Accept a file, and return the work of reading it of a worker that has read before."""
    adapters()
    receipt = accept(path)
    return lambda: read_accepted(receipt)


WORKS: dict[str, Callable[[Path], Callable[[], object]]] = {
    "nothing": lambda path: lambda: None,
    "read": reading,
    "read-and-measure": lambda path: lambda: read_and_measure(path),
    "post": lambda path: lambda: post(path),
    "limit": lambda path: lambda: inflated_and_hashed(path),
}


def main(name: str, path: str) -> None:
    """Do the work and tell; what prepares it is not counted."""
    keep_large_blocks_apart()  # as every web process and worker does when it starts
    work = WORKS[name](Path(path))
    began = time.process_time()
    result = work()
    seconds = time.process_time() - began
    print(json.dumps({"seconds": seconds, "peak": peak(), "result": result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
