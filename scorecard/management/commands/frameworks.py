"""`manage.py frameworks`: check, list, show and publish framework documents, and print their JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evaluations.actors import SYSTEM
from scorecard.adopting import publish, read_document
from scorecard.framework.document import schema
from scorecard.ledger.canonical import digest
from scorecard.models import FrameworkVersion
from scorecard.moments import rfc3339
from scorecard.refusals import Refused


def _bytes_of(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None


class Command(BaseCommand):
    """Ask about framework documents, and publish them as the operator."""

    help = "Check a framework document, list and show published versions, publish one, or print the JSON Schema."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        for name, words in (
            ("check", "say every fault of a TOML or YAML document, with line and path"),
            ("publish", "publish a document as the operator; a published version never changes"),
        ):
            actions.add_parser(name, help=words).add_argument("file")
        actions.add_parser("list", help="the published versions")
        show = actions.add_parser("show", help="the source of a published version")
        show.add_argument("slug")
        show.add_argument("version")
        actions.add_parser("schema", help="the JSON Schema of a framework document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the action, or say why not."""
        try:
            {
                "check": self._check, "publish": self._publish, "list": self._list, "show": self._show,
                "schema": self._schema,
            }[options["action"]](options)  # fmt: skip
        except Refused as refusal:
            raise CommandError(f"{refusal.detail}\n{refusal.remedy}".strip()) from None

    def _check(self, options: dict[str, Any]) -> None:
        document = read_document(_bytes_of(options["file"]))
        self.stdout.write(f"{document['title']}, version {document['version']}, has no fault: {digest(document)}")

    def _publish(self, options: dict[str, Any]) -> None:
        version = publish(_bytes_of(options["file"]), by=SYSTEM, at=timezone.now())
        self.stdout.write(f"{version} is published: {version.digest}")

    def _list(self, options: dict[str, Any]) -> None:
        for row in FrameworkVersion.objects.order_by("slug", "published_at"):
            self.stdout.write(f"{row.slug} {row.version}  {rfc3339(row.published_at)}  {row.digest}  {row.title}")

    def _show(self, options: dict[str, Any]) -> None:
        found = FrameworkVersion.objects.filter(slug=options["slug"], version=options["version"]).first()
        if found is None:
            raise CommandError("There is no such framework version. See: python manage.py frameworks list")
        self.stdout.write(found.source)

    def _schema(self, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(schema(), indent=2))
