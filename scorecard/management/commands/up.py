"""`manage.py up`: the whole product under one process: web, worker and reconciler on one machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from scorecard.operating import greeting, locking, preparing, programs
from scorecard.operating.reconciling import start_reconciling
from scorecard.operating.supervising import Supervisor


class Command(BaseCommand):
    """Prepare, start, watch, and stop cleanly on Ctrl-C or SIGTERM."""

    help = "Start the web server, a worker and the reconciler, and keep them running."
    requires_system_checks: list[str] = []  # run below, after the tables are there

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-worker", action="store_true", help="the worker runs elsewhere")
        parser.add_argument("--demo", action="store_true", help="load the demonstration data and people")

    def handle(self, *args: Any, **options: Any) -> None:
        """Hold the data folder and run until told to stop."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            with locking.held(Path(settings.DATA_DIR)):
                preparing.require_free(options["host"], options["port"])
                self._run(stop, **options)
        except (locking.AlreadyRunning, preparing.PortTaken) as error:
            raise CommandError(str(error)) from error

    def _run(self, stop: threading.Event, **options: Any) -> None:
        began = time.monotonic()
        demo = options["demo"] or settings.DEMO
        self._prepare(demo=demo)
        children = [programs.web(options["host"], options["port"])]
        if not options["no_worker"]:
            children.append(programs.worker())
        environment = programs.environment_of(options["host"], options["port"], demo=demo, given=dict(os.environ))
        supervisor = Supervisor(children, environment, say=self._say)
        supervisor.start()
        try:
            reconciling = start_reconciling(stop)
            address = f"http://{programs.reachable(options['host'])}:{options['port']}"
            if greeting.wait_until_ready(address, stop=stop):
                facts = greeting.gather(
                    address, seconds=time.monotonic() - began, demo=demo, worker=not options["no_worker"]
                )
                self._say("\n".join(greeting.lines(facts)))
            supervisor.watch(stop)
            reconciling.join(timeout=10)
        finally:
            stop.set()
            supervisor.stop()
            self._say("Stopped.")

    def _prepare(self, *, demo: bool) -> None:
        self._say("Checking and preparing ...")
        if preparing.migrate():
            self._say("Tables are up to date.")
        faults = [message for message in checks.run_checks(databases=["default"]) if not message.is_silenced()]
        for message in faults:
            self._say(str(message))
        if any(message.is_serious() for message in faults):
            raise CommandError("The checks above must pass first.")
        if preparing.collect_static():
            self._say("Static files are collected.")
        if demo:
            call_command("demo", stdout=self.stdout)

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        sys.stdout.flush()
