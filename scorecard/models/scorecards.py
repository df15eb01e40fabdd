"""Scorecards and what is judged on them: assessments by machine, determinations by people."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from evaluations.models import Checkpoint
from scorecard.models.framework import FrameworkVersion
from scorecard.models.people import Programme


def card_id() -> str:
    """Return a new scorecard id."""
    return new_id("card")


class Side(models.TextChoices):
    """Side of the mitigations."""

    PRE = "pre_mitigation", "Pre-mitigation"
    POST = "post_mitigation", "Post-mitigation"


class State(models.TextChoices):
    """Where a scorecard version stands."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    SEALED = "sealed", "Sealed"
    SUPERSEDED = "superseded", "Superseded"
    REVOKED = "revoked", "Revoked"


class Scorecard(models.Model):
    """One version of a numbered scorecard for one checkpoint under one framework version.

    While it is a draft the levels are computed afresh from the evidence; from the request for review on, `snapshot`
    holds the canonical bytes that people sign and `digest` names them. `as_of` is the day on which its evidence was
    last read: what had ended by then is expired.
    """

    id = models.CharField(primary_key=True, max_length=40, default=card_id, editable=False)
    number = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="scorecards")
    framework = models.ForeignKey(FrameworkVersion, on_delete=models.PROTECT)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    stale = models.BooleanField(default=False)
    stale_reasons = models.JSONField(default=list)
    contested = models.BooleanField(default=False)
    snapshot = models.TextField(blank=True)
    digest = models.CharField(max_length=80, blank=True)
    as_of = models.DateField(null=True)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    opened_at = models.DateTimeField()
    requested_at = models.DateTimeField(null=True)
    sealed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoke_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "version"], name="one_scorecard_version"),
            models.CheckConstraint(
                name="frozen_cards_have_a_digest",
                condition=models.Q(state="draft") | ~models.Q(digest=""),
            ),
        ]
        ordering = ["number", "version"]

    def __str__(self) -> str:
        return f"{self.number} v{self.version}"


class Assessment(models.Model):
    """The machine's verdict on one category and side, kept for every change of its inputs; the newest row counts."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="assessments")
    category = models.CharField(max_length=60)
    mitigation = models.CharField(max_length=16, choices=Side.choices)
    result = models.JSONField()
    digest = models.CharField(max_length=80)
    inputs_digest = models.CharField(max_length=80)
    cause = models.CharField(max_length=80, blank=True)
    assessed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["scorecard", "category", "mitigation", "id"])]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.scorecard} {self.category} {self.mitigation}"


class Kind(models.TextChoices):
    """How people came to a level."""

    DETERMINED = "determined", "Determined"
    PRECAUTIONARY = "precautionary", "Treated as, to be cautious"
    HELD_EQUAL = "held_equal", "Held equal to the level before mitigation"
    INHERITED = "inherited", "Inherited from another system"


class Determination(models.Model):
    """People's verdict on one category and side, with the digest of the assessment they saw; the newest row counts.

    A level after mitigation may name the safeguards (ids) that it credits, and the argument on which it rests where
    nothing was measured.
    """

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="determinations")
    category = models.CharField(max_length=60)
    mitigation = models.CharField(max_length=16, choices=Side.choices)
    level = models.CharField(max_length=40)
    rationale = models.TextField()
    kind = models.CharField(max_length=14, choices=Kind.choices, default=Kind.DETERMINED)
    argument = models.TextField(blank=True)
    safeguards = models.JSONField(default=list)
    seen = models.CharField(max_length=80)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=40)
    determined_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["scorecard", "category", "mitigation", "id"])]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.scorecard} {self.category} {self.mitigation}: {self.level}"
