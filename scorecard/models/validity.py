"""How long evidence holds, and for what: results applied to another checkpoint, and changes after which it ends."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from evaluations.models import Checkpoint
from scorecard.models.people import Programme


def applicability_id() -> str:
    """Return a new applicability determination id."""
    return new_id("app")


def change_id() -> str:
    """Return a new id of a reported change."""
    return new_id("chg")


class ChangeKind(models.TextChoices):
    """What happened to a system."""

    FINE_TUNE = "fine_tune", "Fine-tuning"
    SCAFFOLD = "scaffold", "Change of the scaffold"
    TOOLS = "tools", "Access to new tools"
    SAFEGUARD = "safeguard", "Change of the safeguards"
    BREAKTHROUGH = "breakthrough", "Algorithmic breakthrough"


class Applicability(models.Model):
    """A determination that results on one checkpoint hold for another, with its reason and limits.

    `compute_multiple` is how many times the effective compute of the first one the second one has, as people declare
    it. After `expires_at`, or once it is withdrawn, the results stay on the card and rule nothing out any more.
    """

    id = models.CharField(primary_key=True, max_length=40, default=applicability_id, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT)
    from_checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="applies_to")
    to_checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="receives_from")
    rationale = models.TextField()
    limits = models.TextField()
    compute_multiple = models.FloatField(null=True)
    expires_at = models.DateTimeField(null=True)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=40)
    determined_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdraw_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="applicability_joins_two_checkpoints",
                condition=~models.Q(from_checkpoint=models.F("to_checkpoint")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_checkpoint} -> {self.to_checkpoint}"


class SystemChange(models.Model):
    """Something happened to a checkpoint after which what was measured before it may not hold: a reported fact.

    It stands until it is withdrawn with a reason, which is for what was reported by mistake.
    """

    id = models.CharField(primary_key=True, max_length=40, default=change_id, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=14, choices=ChangeKind.choices)
    words = models.TextField()
    happened_at = models.DateTimeField()
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=40)
    reported_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdraw_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["happened_at", "id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.checkpoint}"
