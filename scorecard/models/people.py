"""People, programmes and roles: who may do what stands on these rows."""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from evaluations.identifiers import new_id
from evaluations.models.keeping import HistoryIsKept


def person_id() -> str:
    """Return a new person id."""
    return new_id("per")


class User(AbstractUser):
    """One account is one person; it is disabled, never deleted, so that signatures keep their signer."""

    person_id = models.CharField(max_length=40, unique=True, default=person_id, editable=False)
    signing_hold_until = models.DateTimeField(null=True, blank=True)
    """Until then nothing may be signed, because somebody else had the account's credentials renewed."""

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: what an account signed keeps its signer."""
        raise HistoryIsKept("Accounts are never deleted; disable the account instead")

    @property
    def display_name(self) -> str:
        """The printed name: full name, else the user name."""
        return self.get_full_name() or self.username


class Role(models.TextChoices):
    """Roles in a programme; the slugs are part of the public contract."""

    PREPAREDNESS = "preparedness", "Preparedness team"
    ADVISORY_MEMBER = "advisory_member", "Safety Advisory Group, member"
    ADVISORY_CHAIR = "advisory_chair", "Safety Advisory Group, chair"
    LEADERSHIP = "leadership", "Leadership"
    BOARD = "board", "Board"
    AUDITOR = "auditor", "Auditor"
    PIPELINE = "pipeline", "Pipeline"
    ADMINISTRATOR = "administrator", "Administrator"


def programme_id() -> str:
    """Return a new programme id."""
    return new_id("prog")


class Programme(models.Model):
    """A body of work with its own people and scorecards."""

    id = models.CharField(primary_key=True, max_length=40, default=programme_id, editable=False)
    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person holds one role in one programme; a person may hold several. What was over is no row any more.

    `expires_at` ends it by itself; the role of an auditor always has one.
    """

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=40, choices=Role.choices)
    granted_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "programme", "role"], name="one_membership_per_role")]

    def __str__(self) -> str:
        return f"{self.person} is {self.role} in {self.programme}"
