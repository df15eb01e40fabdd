"""Compartments: evidence that only those may see who need to know it, and who has been cleared for it until when."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from evaluations.identifiers import new_id
from scorecard.models.people import Programme, User


def clearance_id() -> str:
    """Return a new clearance id."""
    return new_id("clr")


class Compartment(models.Model):
    """The evidence of some risk categories in one programme, shown to nobody without a clearance.

    `categories` are slugs of the frameworks' risk categories: what a framework lists under them lies in it.
    `evaluations` are slugs that lie in it wherever a framework places them.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="compartments")
    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=200)
    categories = models.JSONField(default=list)
    evaluations = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "slug"], name="one_compartment_of_a_slug")]
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Clearance(models.Model):
    """One person's need to know one compartment: why, granted by two people, and never without an end."""

    id = models.CharField(primary_key=True, max_length=40, default=clearance_id, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="clearances")
    compartment = models.ForeignKey(Compartment, on_delete=models.PROTECT, related_name="clearances")
    reason = models.TextField()
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person", "expires_at"])]
        ordering = ["-granted_at", "-id"]

    def __str__(self) -> str:
        return f"{self.person} for {self.compartment} until {self.expires_at:%Y-%m-%d}"
