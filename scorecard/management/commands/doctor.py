"""`manage.py doctor`: what works here, and how to repair what does not; exit 1 when something failed."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from scorecard.operating.examining import OK, examine, healthy
from scorecard.version import VERSION


class Command(BaseCommand):
    """Reads only; changes nothing."""

    help = "Say what works on this installation and how to repair what does not."
    requires_system_checks: list[str] = []  # it must run where the checks fail

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine, report, exit."""
        results = examine(timezone.now())
        if options["json"]:
            answer = {"version": VERSION, "healthy": healthy(results), "checks": [each.to_dict() for each in results]}
            self.stdout.write(json.dumps(answer))
        else:
            for result in results:
                self.stdout.write(f"{result.state:<8} {result.name:<11} {result.found}")
                if result.state != OK and result.remedy:
                    self.stdout.write(f"{'':<8} {'':<11} Fix: {result.remedy}")
        if not healthy(results):
            sys.exit(1)
