"""Pre-registered evaluation plans: what will be run, how much of it, and when it stops, locked before results."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from evaluations.models import Checkpoint
from scorecard.models.framework import FrameworkVersion
from scorecard.models.people import Programme


def plan_id() -> str:
    """Return a new plan version id."""
    return new_id("plan")


class EvaluationPlan(models.Model):
    """One version of the plan for a checkpoint under a framework; the newest one stands, and none is ever changed.

    `items` name what is to be measured (`evaluation`, `stratum`, `metric`, `mitigation`) with the dataset digest, the
    number of samples and the elicitation that are planned. The thresholds are those of the framework version.
    """

    id = models.CharField(primary_key=True, max_length=40, default=plan_id, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="plans")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="plans")
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT)
    version = models.PositiveIntegerField()
    items = models.JSONField()
    stopping_rule = models.TextField()
    reason = models.TextField()
    digest = models.CharField(max_length=80)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=40)
    locked_at = models.DateTimeField()

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "checkpoint", "framework", "version"], name="one_version_of_a_plan"
            )
        ]

    def __str__(self) -> str:
        return f"Plan for {self.checkpoint} v{self.version}"
