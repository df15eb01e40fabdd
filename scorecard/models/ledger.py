"""The append-only ledger: entries, the frontier of their Merkle tree, and signed heads.

Only `scorecard.recording` writes these rows, and database triggers refuse every change of a written one.
"""

from __future__ import annotations

from django.db import models


class LedgerEntry(models.Model):
    """One leaf: the canonical envelope as hashed, beside columns to search by."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    envelope = models.TextField()
    leaf_hash = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id"]), models.Index(fields=["kind"])]
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"#{self.seq} {self.kind}"


class LedgerFrontier(models.Model):
    """The single row that serialises appends: tree size, last leaf and the frontier hashes."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.PositiveBigIntegerField(default=0)
    last_leaf = models.CharField(max_length=64, blank=True)
    hashes = models.JSONField(default=list)

    class Meta:
        constraints = [models.CheckConstraint(name="one_frontier", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"ledger of {self.size}"


class LedgerHead(models.Model):
    """A signed statement of size and root, made at every seal and on request."""

    size = models.PositiveBigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["size"]

    def __str__(self) -> str:
        return f"head at {self.size}"
