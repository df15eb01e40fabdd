"""`manage.py compartment`: put the evidence of a risk category into a compartment of a programme."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard.clearing import declare
from scorecard.models import Programme
from scorecard.refusals import Refused


class Command(BaseCommand):
    """Declare a compartment, or make one larger; none ever gets smaller."""

    help = "Put the evidence of risk categories (--category) and single evaluations into a compartment of a programme."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("slug", help="short name, e.g. cbrn")
        parser.add_argument("--programme", required=True, help="slug of the programme")
        parser.add_argument("--name", default="", help="name as people read it")
        parser.add_argument("--category", action="append", default=[], dest="categories", help="risk category slug")
        parser.add_argument("--evaluation", action="append", default=[], dest="evaluations", help="evaluation slug")

    def handle(self, *args: Any, **options: Any) -> None:
        """Declare it and say what lies in it now."""
        programme = Programme.objects.filter(slug=options["programme"]).first()
        if programme is None:
            raise CommandError(f"There is no programme {options['programme']!r}.")
        try:
            row = declare(
                programme, options["slug"], name=options["name"], categories=options["categories"],
                evaluations=options["evaluations"], by=SYSTEM, at=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            raise CommandError(f"{refusal.detail} {refusal.remedy}") from None
        held = ", ".join([*row.categories, *row.evaluations])
        self.stdout.write(f"{row.name} of {programme.name} holds: {held}. Nobody sees it without a clearance.")
