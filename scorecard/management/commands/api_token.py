"""`manage.py api_token`: issue a token for a person; only the secret goes to stdout, and it is shown once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard.issuing import issue_token
from scorecard.models import Programme, Scope, User
from scorecard.refusals import Refused


class Command(BaseCommand):
    """Issue an API token."""

    help = "Issue an API token for a person; the secret is printed once and never again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--person", required=True, help="user name of the owner")
        parser.add_argument("--name", required=True, help="what the token is for")
        parser.add_argument("--scope", action="append", required=True, choices=Scope.values, dest="scopes")
        parser.add_argument(
            "--suite", action="append", default=[], dest="suites", metavar="EVALUATION",
            help="post results of this evaluation only, * for any letters; may be given several times",
        )  # fmt: skip
        parser.add_argument("--programme", default="frontier", help="slug of the programme")
        parser.add_argument("--days", type=int, default=90)

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the token and print its secret."""
        person = User.objects.filter(username=options["person"], is_active=True).first()
        programme = Programme.objects.filter(slug=options["programme"]).first()
        if person is None or programme is None:
            missing = options["person"] if person is None else options["programme"]
            raise CommandError(f"There is no active person or programme named {missing!r}.")
        try:
            _, secret = issue_token(
                name=options["name"], scopes=options["scopes"], suites=options["suites"], person=person,
                programme=programme, days=options["days"], by=SYSTEM, at=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            raise CommandError(f"{refusal.detail} {refusal.remedy}") from None
        self.stdout.write(secret)
