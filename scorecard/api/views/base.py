"""What every view of the API shares: the caller, the moment, and the scopes that reading and writing need."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.utils import timezone
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.views import APIView

from evaluations.actors import Actor
from evaluations.reach import Reach
from scorecard.access import Person, Reader, person_for, reader_with, refuse_unless_reader, visible_scorecard
from scorecard.api.permissions import Scoped
from scorecard.models import ApiToken, Scope, Scorecard
from scorecard.refusals import Refused

Document = TypeVar("Document", bound=BaseModel)


class View(APIView):
    """A view whose access is decided by `read_scope` and `write_scope`; None means that nobody may.

    Of several reading scopes each one opens the view.
    """

    permission_classes = [Scoped]
    read_scope: Scope | tuple[Scope, ...] | None = None
    write_scope: Scope | None = None

    def token(self, request: Request) -> ApiToken:
        """Return the token of the call; permissions have made sure that there is one."""
        assert isinstance(request.auth, ApiToken)
        return request.auth

    def actor(self, request: Request) -> Actor:
        """Return the token as the one who acts, by value."""
        token = self.token(request)
        return Actor(kind="token", id=token.id, name=f"{token.name} ({token.person.display_name})")

    def person(self, request: Request) -> Person:
        """Return the token's person inside the token's programme, with the roles held right now."""
        token = self.token(request)
        return person_for(token.person, token.programme)

    def reader(self, request: Request) -> Reader:
        """Return what may be seen through the token right now. Raises Refused 404 where that is nothing at all."""
        reader = reader_with(self.token(request))
        refuse_unless_reader(reader)
        return reader

    def reach(self, request: Request) -> Reach:
        """Return what the token may bind evidence to: its programme, and there its suites."""
        token = self.token(request)
        return Reach(token.programme_id, tuple(token.suites))

    def body(self, request: Request, document: type[Document]) -> Document:
        """Return the strictly validated body."""
        return document.model_validate(request.data)

    def now(self) -> datetime:
        """Return the moment of the call, by the server's clock."""
        return timezone.now()


def card_named(reader: Reader, name: str) -> Scorecard:
    """Return a visible scorecard by id, by number (newest version) or by `NUMBER-vN`. Raises Refused 404."""
    if name.startswith("card_"):
        return visible_scorecard(reader, id=name)
    number, _, version = name.partition("-v")
    return visible_scorecard(reader, number=number, version=int(version) if version.isdigit() else None)


def refuse_missing(found: Any, what: str) -> Any:
    """Return `found`, or raise Refused 404 naming what is missing."""
    if found is None:
        raise Refused("not-found", f"There is no such {what}, or it is not visible to you.", status=404)
    return found
