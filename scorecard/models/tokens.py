"""API tokens: bearer secrets of pipelines and people, kept only as digests."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from scorecard.models.people import Programme, User


class Scope(models.TextChoices):
    """What a token may do."""

    RUNS_WRITE = "runs:write", "Post runs"
    EVIDENCE_READ = "evidence:read", "Read evidence"
    SCORECARDS_READ = "scorecards:read", "Read scorecards"
    SIGNOFF_WRITE = "signoff:write", "Take part in sign-off"
    ADMIN = "admin", "Administer the catalogue"


def token_id() -> str:
    """Return a new token id."""
    return new_id("tok")


class ApiToken(models.Model):
    """A bearer token: shown once, kept as a digest, scoped, owned by a person, revocable at once.

    `suites` names the evaluations that it may post results of; empty means all. `rotates` is the token whose place it
    takes; that one goes on until its own `expires_at`, which rotation moves to the end of the grace period.
    """

    id = models.CharField(primary_key=True, max_length=40, default=token_id, editable=False)
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    suites = models.JSONField(default=list)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="api_tokens")
    rotates = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="rotated_to")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
