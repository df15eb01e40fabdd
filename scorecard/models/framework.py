"""Frameworks as data: a published version never changes."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id


def framework_id() -> str:
    """Return a new framework version id."""
    return new_id("fw")


class FrameworkVersion(models.Model):
    """One published version of a framework document, addressed by the digest of its canonical bytes."""

    id = models.CharField(primary_key=True, max_length=40, default=framework_id, editable=False)
    slug = models.CharField(max_length=100)
    version = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    digest = models.CharField(max_length=80, unique=True)
    document = models.JSONField()
    source = models.TextField()
    published_at = models.DateTimeField()
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="one_framework_version")]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"
