"""What people expect and attest beside the evidence: forecasts of levels, and exception clauses that a card invokes."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from evaluations.models import Subject
from scorecard.models.framework import FrameworkVersion
from scorecard.models.people import Programme
from scorecard.models.scorecards import Scorecard


def forecast_id() -> str:
    """Return a new forecast id."""
    return new_id("fc")


def invocation_id() -> str:
    """Return a new id of an invoked exception clause."""
    return new_id("exc")


class Forecast(models.Model):
    """People expect a subject to reach a level by a day; it stands until it is withdrawn with a reason.

    `post_level` is what is expected to be left of it once the planned mitigations are in force. A day that has passed
    ends nothing: silence is not safety.
    """

    id = models.CharField(primary_key=True, max_length=40, default=forecast_id, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="forecasts")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="forecasts")
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT)
    category = models.CharField(max_length=60)
    level = models.CharField(max_length=40)
    post_level = models.CharField(max_length=40)
    by_day = models.DateField()
    basis = models.TextField()
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdraw_reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "withdrawn_at"])]
        ordering = ["made_at", "id"]

    def __str__(self) -> str:
        return f"{self.subject} {self.category}: {self.level} by {self.by_day}"


class Invocation(models.Model):
    """A scorecard version invokes an exception clause of its framework: what is attested, and on which grounds."""

    id = models.CharField(primary_key=True, max_length=40, default=invocation_id, editable=False)
    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="invocations")
    clause = models.CharField(max_length=80)
    attestations = models.JSONField()
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=40)
    invoked_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdraw_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["invoked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["scorecard", "clause"],
                condition=models.Q(withdrawn_at=None),
                name="one_standing_invocation_of_a_clause",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scorecard} invokes {self.clause}"
