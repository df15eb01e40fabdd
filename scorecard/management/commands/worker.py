"""`manage.py worker`: one Celery worker in this process, for machines that run nothing else."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from evaluations.ringing import QUEUES
from scorecard.operating.programs import worker


class Command(BaseCommand):
    """Becomes the worker, so that signals and the exit status are the worker's own."""

    help = "Run a worker; stop it with SIGTERM, it finishes the job at hand."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        most = len(QUEUES)
        parser.add_argument("--concurrency", type=int, default=most, help=f"jobs worked on at once (default {most})")
        parser.add_argument(
            "--queues", nargs="+", choices=QUEUES, default=QUEUES, help="which queues to work on (default: all)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Replace this process by the worker."""
        os.chdir(settings.BASE_DIR)
        command = worker(options["concurrency"], options["queues"]).command
        os.execv(command[0], command)
