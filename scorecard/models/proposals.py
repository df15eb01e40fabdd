"""Proposals: deeds that need a second person, from the first one's words to what became of them."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from scorecard.models.people import Programme, User


def proposal_id() -> str:
    """Return a new proposal id."""
    return new_id("prop")


class ProposalState(models.TextChoices):
    """What became of a proposal."""

    OPEN = "open", "Waits for a second person"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class Proposal(models.Model):
    """One deed that one person proposed and another has to confirm; nothing of it happens before.

    `content` is all that the deed needs, `digest` names it, and a confirmation repeats the digest that was seen.
    `outcome` says what the confirmed deed made.
    """

    id = models.CharField(primary_key=True, max_length=40, default=proposal_id, editable=False)
    kind = models.CharField(max_length=40)
    programme = models.ForeignKey(Programme, null=True, on_delete=models.PROTECT, related_name="proposals")
    summary = models.CharField(max_length=300)
    content = models.JSONField(default=dict)
    digest = models.CharField(max_length=80)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="proposals")
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="decided_proposals")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    outcome = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["state", "expires_at"])]
        ordering = ["-proposed_at", "-id"]

    def __str__(self) -> str:
        return f"{self.summary} ({self.get_state_display()})"
