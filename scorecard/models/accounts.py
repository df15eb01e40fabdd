"""Ways into an account, and what happened at its door. Secrets are kept only as digests."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from scorecard.models.people import Programme, Role, User


def link_id() -> str:
    """Return a new one-time link id."""
    return new_id("link")


class LinkPurpose(models.TextChoices):
    """What a one-time link is for."""

    INVITATION = "invitation", "Invitation"
    RECOVERY = "recovery", "Recovery of an account"


class OneTimeLink(models.Model):
    """A link that works once: it makes a new person's account, or lets its owner renew the credentials of one.

    An invitation carries the role that comes with it; the account is made when the invited person sets a password.
    """

    id = models.CharField(primary_key=True, max_length=40, default=link_id, editable=False)
    purpose = models.CharField(max_length=12, choices=LinkPurpose.choices)
    digest = models.CharField(max_length=80, unique=True)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="one_time_links")
    programme = models.ForeignKey(Programme, null=True, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(max_length=40, choices=Role.choices, blank=True)
    username = models.CharField(max_length=150)
    full_name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="made_links")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} of {self.username}"


class SecurityEvent(models.Model):
    """Something at the door of an account that its owner and the administrators should see; no part of the ledger.

    Failures belong here, because whoever knocks without a key must not be able to fill the ledger.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    person = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="security_events")
    account = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["at"]), models.Index(fields=["person", "at"])]
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at.isoformat()}"
