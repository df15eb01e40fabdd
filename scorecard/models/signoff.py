"""Signatures and sealed cards: what people said about exactly which bytes."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from scorecard.models.people import User
from scorecard.models.scorecards import Scorecard


def signature_id() -> str:
    """Return a new signature id."""
    return new_id("sig")


class Meaning(models.TextChoices):
    """What a signature says."""

    AUTHORED = "authored", "Authored"
    REVIEWED = "reviewed", "Reviewed"
    RECOMMENDS = "recommends", "Recommends"
    APPROVES = "approves", "Approves"
    ACCEPTS_RISK = "accepts_risk", "Accepts the risk"
    DISSENTS = "dissents", "Dissents"
    REVERSES = "reverses", "Reverses"


class Signature(models.Model):
    """One person's signature over one digest; it is never edited, it can only become stale."""

    id = models.CharField(primary_key=True, max_length=40, default=signature_id, editable=False)
    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="signatures")
    signer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="signatures")
    digest = models.CharField(max_length=80)
    meaning = models.CharField(max_length=16, choices=Meaning.choices)
    role = models.CharField(max_length=40)
    record = models.JSONField()
    record_digest = models.CharField(max_length=80, unique=True)
    signed_at = models.DateTimeField()
    stale_at = models.DateTimeField(null=True)
    stale_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scorecard", "signer", "digest"],
                condition=models.Q(stale_at=None),
                name="one_standing_signature_per_person_and_digest",
            )
        ]
        ordering = ["signed_at", "id"]

    def __str__(self) -> str:
        return f"{self.signer} {self.meaning} {self.scorecard}"


class SealedCard(models.Model):
    """Snapshot, signatures, ledger proof and signed head of a sealed scorecard, as canonical bytes."""

    scorecard = models.OneToOneField(Scorecard, on_delete=models.PROTECT, related_name="sealed_card")
    canonical = models.TextField()
    digest = models.CharField(max_length=80)
    ledger_seq = models.PositiveBigIntegerField()
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sealed {self.scorecard}"


class Rendering(models.Model):
    """A published document of a sealed scorecard: the stored bytes and their digest, which the ledger also holds."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="renderings")
    kind = models.CharField(max_length=12)
    digest = models.CharField(max_length=80)
    renderer = models.CharField(max_length=200)
    rendered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scorecard", "kind"], name="one_rendering_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.scorecard}"
