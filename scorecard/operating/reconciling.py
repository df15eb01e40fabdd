"""Pick up jobs whose message was lost or whose worker died, every few seconds, for as long as `up` runs."""

from __future__ import annotations

import logging
import threading

from django.db import close_old_connections
from django.utils import timezone

from scorecard import tasks

EVERY_SECONDS = 5.0
log = logging.getLogger(__name__)


def reconcile_until(stop: threading.Event, *, every: float = EVERY_SECONDS) -> None:
    """Reconcile until `stop` is set. No fault ends the loop, because the next round may find the database back."""
    while not stop.wait(every):
        close_old_connections()
        try:
            tasks.tend(now=timezone.now())
        except Exception:
            log.exception("jobs could not be reconciled; trying again in %.0f s", every)
    close_old_connections()


def start_reconciling(stop: threading.Event) -> threading.Thread:
    """Start the loop in a thread of this process, so that it needs neither broker nor worker to be alive."""
    thread = threading.Thread(target=reconcile_until, args=(stop,), name="reconcile", daemon=True)
    thread.start()
    return thread
