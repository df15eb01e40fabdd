"""Evaluation runs and what was measured from them: the evidence itself."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from evaluations.models.catalogue import Checkpoint, Evaluation, Subject
from evaluations.models.files import LogFile
from evaluations.models.keeping import Kept, KeptQuerySet


def run_id() -> str:
    """Return a new run id."""
    return new_id("run")


class Mitigation(models.TextChoices):
    """Side of the mitigations on which a run was made; `unspecified` informs and never sets a level."""

    PRE = "pre_mitigation", "Pre-mitigation"
    POST = "post_mitigation", "Post-mitigation"
    UNSPECIFIED = "unspecified", "Unspecified"


class Form(models.TextChoices):
    """In which form the numbers of a run were posted."""

    TALLY = "tally", "Counts"
    ESTIMATE = "estimate", "Published figure"
    SAMPLES = "samples", "Per-sample scores"


class RunState(models.TextChoices):
    """How far a run has come."""

    RECEIVED = "received", "Received"
    MEASURED = "measured", "Measured"
    FAILED = "failed", "Failed"


class EvaluationRun(Kept):
    """One revision of one executed evaluation.

    `natural_key` is the digest of what identifies the run across its revisions. `digest` names the canonical report
    without samples; samples enter it through `scores_digest`, the digest of their canonical CSV. They are kept in one
    Parquet block under `block_digest`, because a row per sample costs three times the space and forty times the
    reading; `samples_root` is the Merkle root over the lines of the CSV, so that each can be proven alone. `log` is the
    received file that the run was read from, unless it was posted as a report. Who posted it is kept by value.
    """

    MUTABLE = frozenset({"superseded_by", "state"})

    id = models.CharField(primary_key=True, max_length=40, default=run_id, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT)
    mitigation = models.CharField(max_length=16, choices=Mitigation.choices)
    stratum = models.CharField(max_length=200, blank=True)
    metric = models.CharField(max_length=100)
    unit = models.CharField(max_length=20)
    native_id = models.CharField(max_length=200)
    natural_key = models.CharField(max_length=80)
    revision = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=80)
    raw_digest = models.CharField(max_length=80)
    raw_bytes = models.PositiveBigIntegerField()
    form = models.CharField(max_length=10, choices=Form.choices)
    report = models.JSONField()
    block_digest = models.CharField(max_length=80, blank=True)
    scores_digest = models.CharField(max_length=80, blank=True)
    samples_root = models.CharField(max_length=80, blank=True)
    sample_count = models.PositiveIntegerField(null=True)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="supersedes")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RECEIVED)
    log = models.ForeignKey(LogFile, null=True, on_delete=models.PROTECT, related_name="runs")
    warnings = models.JSONField(default=list)
    received_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)

    objects = KeptQuerySet["EvaluationRun"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["natural_key", "revision"], name="one_revision_of_a_run"),
            models.UniqueConstraint(fields=["natural_key", "digest"], name="one_run_for_the_same_content"),
        ]
        indexes = [
            models.Index(fields=["checkpoint", "superseded_by"]),
            models.Index(fields=["evaluation", "superseded_by"]),
            models.Index(fields=["digest"]),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.native_id}, revision {self.revision})"


class Measurement(Kept):
    """What was computed from one run under one policy: sufficient statistics, estimate, and the figures shown.

    `tally` and `estimate` are null for figures that can inform and never decide. Changing a threshold reads these
    rows and never the samples.
    """

    run = models.ForeignKey(EvaluationRun, on_delete=models.PROTECT, related_name="measurements")
    policy_digest = models.CharField(max_length=80)
    tally = models.JSONField(null=True)
    estimate = models.JSONField(null=True)
    display = models.JSONField()
    software = models.CharField(max_length=80)
    measured_at = models.DateTimeField()

    objects = KeptQuerySet["Measurement"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "policy_digest"], name="one_measurement_for_a_policy")]

    def __str__(self) -> str:
        return f"measurement of {self.run_id}"
