"""What can be evaluated, and with what: subjects, their checkpoints, and evaluations."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from evaluations.identifiers import new_id


def subject_id() -> str:
    """Return a new subject id."""
    return new_id("sub")


def checkpoint_id() -> str:
    """Return a new checkpoint id."""
    return new_id("ckpt")


def evaluation_id() -> str:
    """Return a new evaluation id."""
    return new_id("eval")


class SubjectKind(models.TextChoices):
    """Why a subject is in the catalogue."""

    EVALUATED = "evaluated", "Evaluated"
    COMPARISON = "comparison", "Comparison"
    FICTIONAL = "fictional", "Fictional"


class Polarity(models.TextChoices):
    """What a higher value of an evaluation means."""

    HIGHER_IS_RISKIER = "higher_is_riskier", "Higher is riskier"
    HIGHER_IS_SAFER = "higher_is_safer", "Higher is safer"
    NONE = "none", "Says nothing about risk"


class Subject(models.Model):
    """A system under test, across its checkpoints. `programme` is the id of the programme whose evidence it is."""

    id = models.CharField(primary_key=True, max_length=40, default=subject_id, editable=False)
    slug = models.CharField(max_length=100, unique=True)
    programme = models.CharField(max_length=40, blank=True, db_index=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=SubjectKind.choices, default=SubjectKind.EVALUATED)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Checkpoint(models.Model):
    """One model checkpoint of a subject; evidence is bound to exactly one."""

    id = models.CharField(primary_key=True, max_length=40, default=checkpoint_id, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="checkpoints")
    name = models.CharField(max_length=100, unique=True)
    note = models.TextField(blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Evaluation(models.Model):
    """A benchmark or probe; a posted run registers an unknown one with polarity `none`, which decides nothing."""

    id = models.CharField(primary_key=True, max_length=40, default=evaluation_id, editable=False)
    slug = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    polarity = models.CharField(max_length=20, choices=Polarity.choices, default=Polarity.NONE)
    unit = models.CharField(max_length=20, default="proportion")
    summary = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title
