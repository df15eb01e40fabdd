"""`manage.py demo`: load the public o1 card and a fictional subject; a second run changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from scorecard.demonstration.story import load


class Command(BaseCommand):
    """Load the demo data."""

    help = "Load the demo: the public o1 system card, and the fictional subject atlas-2."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo unless it is there."""
        loaded = load(at=timezone.now())
        self.stdout.write("The demo is loaded." if loaded else "The demo was loaded already; nothing changed.")
