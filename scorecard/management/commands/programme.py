"""`manage.py programme`: open a programme, give people their roles in it, and publish its framework."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard.adopting import publish
from scorecard.enrolling import grant, open_programme
from scorecard.environment import ROOT
from scorecard.models import Role
from scorecard.refusals import Refused

SHIPPED = ROOT / "scorecard" / "framework" / "documents" / "preparedness-framework-beta.toml"


class Command(BaseCommand):
    """Open a programme; a second time changes only what is new."""

    help = "Open a programme, give roles in it (--member NAME:ROLE), and publish the shipped framework."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("slug", help="short name, e.g. frontier")
        parser.add_argument("--name", default="", help="name as people read it")
        roles = ", ".join(Role.values)
        parser.add_argument(
            "--member", action="append", default=[], metavar="NAME:ROLE", help=f"an account and a role: {roles}"
        )
        parser.add_argument("--no-framework", action="store_true", help="publish no framework")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open, grant and publish, and say what stands."""
        now = timezone.now()
        try:
            programme = open_programme(options["slug"], name=options["name"], by=SYSTEM, at=now)
            for member in options["member"]:
                name, _, role = member.partition(":")
                held = grant(name, role, programme=programme, by=SYSTEM, at=now)
                self.stdout.write(f"{held.person.display_name} is {Role(held.role).label} in {programme.name}.")
            if not options["no_framework"]:
                version = publish(SHIPPED.read_bytes(), by=SYSTEM, at=now)
                self.stdout.write(f"Framework {version} is published; its numeric thresholds are illustrative.")
        except Refused as refusal:
            raise CommandError(f"{refusal.detail} {refusal.remedy}".strip()) from None
        self.stdout.write(f"Programme {programme.slug} stands, with {programme.memberships.count()} roles given.")
