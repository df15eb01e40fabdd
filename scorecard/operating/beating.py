"""A worker's sign of life: a row it writes every few seconds, which `doctor` and the jobs page read.

Celery imports this module in workers only. The broker's own heartbeats are off, because the file broker has none.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable
from typing import Any

from celery import current_app
from celery.signals import worker_ready, worker_shutting_down
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from evaluations import jobs, ringing
from scorecard.operating.memory import keep_large_blocks_apart

EVERY_SECONDS = 10.0
log = logging.getLogger(__name__)
_stop = threading.Event()


def beat_until(stop: threading.Event, *, name: str, every: float = EVERY_SECONDS) -> None:
    """Beat until `stop` is set; a database that is away for a while ends nothing."""
    while True:
        close_old_connections()
        try:
            jobs.worker_lives(name, now=timezone.now())
        except Exception:
            log.exception("the worker's sign of life could not be written")
        if stop.wait(every):
            break
    close_old_connections()


def ask_for_work(queues: Iterable[str]) -> None:
    """Ring for what waits in the queues of a worker that has just come; without a database the reconciler will."""
    try:
        for queue in queues:
            ringing.ring_for_newcomer(queue, now=timezone.now())
    except DatabaseError:
        log.exception("the jobs that wait could not be looked for")
    finally:
        close_old_connections()


@worker_ready.connect
def _begin(**kwargs: Any) -> None:
    keep_large_blocks_apart()
    name = socket.gethostname()
    threading.Thread(target=beat_until, args=(_stop,), kwargs={"name": name}, name="beat", daemon=True).start()
    ask_for_work(queue for queue in current_app.amqp.queues.consume_from if queue in ringing.QUEUES)


@worker_shutting_down.connect
def _end(**kwargs: Any) -> None:
    _stop.set()
