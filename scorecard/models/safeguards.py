"""The registry of safeguards: each version kept as it was, with the claim it makes and the pathways it closes."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from evaluations.models import Subject
from scorecard.models.people import Programme


def safeguard_id() -> str:
    """Return a new safeguard version id."""
    return new_id("sg")


class SafeguardState(models.TextChoices):
    """Whether a safeguard protects anybody."""

    IN_FORCE = "in_force", "In force"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Safeguard(models.Model):
    """One version of a mitigation or safeguard of a subject; the newest version of a slug is the one that stands.

    `claim` and `threat_actor` say what it argues and against whom, `pathways` which ways to severe harm it closes and
    `evaluations` (slugs) which evaluations show how well it works. A version is never changed: revising and withdrawing
    write another one.
    """

    id = models.CharField(primary_key=True, max_length=40, default=safeguard_id, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="safeguards")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="safeguards")
    slug = models.SlugField(max_length=80)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    summary = models.TextField()
    claim = models.CharField(max_length=80, blank=True)
    threat_actor = models.CharField(max_length=200)
    categories = models.JSONField(default=list)
    pathways = models.JSONField(default=list)
    evaluations = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=SafeguardState.choices, default=SafeguardState.IN_FORCE)
    reason = models.TextField()
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=40)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["slug", "version"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "slug", "version"], name="one_safeguard_version_of_a_subject")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
