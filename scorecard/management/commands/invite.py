"""`manage.py invite`: invite a person from the console; only the link goes to stdout, and it is shown once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard.inviting import invite
from scorecard.models import Programme, Role
from scorecard.moments import rfc3339
from scorecard.refusals import Refused


class Command(BaseCommand):
    """Invite a person into a programme."""

    help = "Invite a person; the link is printed once. This is how an empty installation gets its first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("username", help="name to sign in with")
        parser.add_argument("--programme", required=True, help="slug of the programme")
        parser.add_argument("--role", required=True, help=f"one of {', '.join(Role.values)}")
        parser.add_argument("--name", default="", dest="full_name", help="printed name, as beside signatures")
        parser.add_argument("--email", default="", help="address by which a single sign-on is recognised")

    def handle(self, *args: Any, **options: Any) -> None:
        """Invite, and print the link."""
        slug = options["programme"]
        programme = Programme.objects.filter(slug=slug).first()
        if programme is None:
            raise CommandError(f"There is no programme {slug!r}. Open it first: python manage.py programme {slug}")
        try:
            link, secret = invite(
                options["username"], programme=programme, role=options["role"], full_name=options["full_name"],
                email=options["email"], by=SYSTEM, at=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            raise CommandError(f"{refusal.detail} {refusal.remedy}") from None
        self.stderr.write(f"Hand this to {link.username}; it works once, until {rfc3339(link.expires_at)}:")
        self.stdout.write(f"{settings.PUBLIC_URL}{reverse('web:invitation', args=[secret])}")
