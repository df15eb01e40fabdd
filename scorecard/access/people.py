"""Who somebody is inside one programme: the account and the roles it holds right now."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from evaluations.actors import Actor
from scorecard.models import Membership, Programme, Role, User
from scorecard.refusals import Refused


@dataclass(frozen=True)
class Person:
    """A user as seen inside one programme: the account and the roles it holds there."""

    user: User
    programme: Programme
    roles: frozenset[str]

    @property
    def actor(self) -> Actor:
        """The person by value, as history keeps it."""
        return Actor(kind="person", id=self.user.person_id, name=self.user.display_name)

    def has(self, *roles: str) -> bool:
        """Whether the person holds any of the roles."""
        return bool(self.roles & set(roles))

    def acting_as(self, *roles: str) -> str:
        """Return the first of `roles` that the person holds. Raises Refused 403 if there is none."""
        for role in roles:
            if role in self.roles:
                return role
        names = " or ".join(Role(role).label for role in roles)
        raise Refused(
            "role-missing",
            f"This needs the role {names} in {self.programme.name}; {self.user.display_name} does not hold it.",
            remedy="Ask a person who holds the role, or an administrator to grant it.",
            status=403,
        )


def held_memberships(user: User) -> QuerySet[Membership]:
    """Return the memberships that count now: of an active account, and not over."""
    if not user.is_active:
        return Membership.objects.none()
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return Membership.objects.filter(live, person=user)


def person_for(user: User, programme: Programme) -> Person:
    """Return the person with the roles they hold right now. An inactive account holds none."""
    held = held_memberships(user).filter(programme=programme)
    return Person(user=user, programme=programme, roles=frozenset(held.values_list("role", flat=True)))
