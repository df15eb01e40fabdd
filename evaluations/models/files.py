"""Received log files and uploads in parts: what came in, what it was found to hold, and why something was not read."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from evaluations.identifiers import new_id


def log_id() -> str:
    """Return a new log id."""
    return new_id("log")


def live_id() -> str:
    """Return a new id of a run that is still going on."""
    return new_id("live")


def upload_id() -> str:
    """Return a new upload id."""
    return new_id("upload")


class LogState(models.TextChoices):
    """What became of a received log."""

    RECEIVED = "received", "Received"
    READ = "read", "Read"
    UNBOUND = "unbound", "Waiting for a checkpoint"
    QUARANTINED = "quarantined", "Quarantined"


class LogFile(models.Model):
    """One received log file under one binding. Its bytes are kept under `digest`, whatever became of them.

    `binding` is what the sender said of it: subject, checkpoint, mitigation, evaluation, and the same for single models
    of it. `outcomes` lists the runs that were read from it, and `holds` names their rows, also those that an earlier
    file brought; `unbound` lists those that nobody has bound yet; `faults` why it was not read, each with its place and
    the remedy. All are of the last reading. `programme` (an id) and `suites` (slugs of evaluations, empty for all) are
    as far as its sender reaches: nothing outside is bound by it.
    """

    id = models.CharField(primary_key=True, max_length=40, default=log_id, editable=False)
    digest = models.CharField(max_length=80)
    bytes = models.PositiveBigIntegerField()
    name = models.CharField(max_length=200, blank=True)
    format = models.CharField(max_length=40, default="auto")
    recognised = models.CharField(max_length=40, blank=True)
    binding = models.JSONField(default=dict)
    binding_digest = models.CharField(max_length=80)
    programme = models.CharField(max_length=40, blank=True, db_index=True)
    suites = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=LogState.choices, default=LogState.RECEIVED)
    outcomes = models.JSONField(default=list)
    holds = models.ManyToManyField("evaluations.EvaluationRun", related_name="read_from")
    unbound = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    readings = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "binding_digest", "programme"], name="one_log_for_the_same_bytes_and_binding"
            )
        ]
        indexes = [models.Index(fields=["state"])]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name or self.id} ({self.state})"


class Upload(models.Model):
    """A file that arrives in parts. It becomes a log when all parts are there and their bytes have the digest."""

    id = models.CharField(primary_key=True, max_length=40, default=upload_id, editable=False)
    digest = models.CharField(max_length=80)
    bytes = models.PositiveBigIntegerField()
    part_bytes = models.PositiveIntegerField()
    name = models.CharField(max_length=200, blank=True)
    format = models.CharField(max_length=40, default="auto")
    binding = models.JSONField(default=dict)
    programme = models.CharField(max_length=40, blank=True)
    suites = models.JSONField(default=list)
    owner = models.CharField(max_length=80)
    log = models.ForeignKey(LogFile, null=True, on_delete=models.PROTECT, related_name="uploads")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"upload of {self.name or self.digest}"


class UploadPart(models.Model):
    """One part of an upload; sent again it replaces itself."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=80)
    bytes = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="one_part_of_a_number")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"part {self.number} of {self.upload_id}"


class LiveRun(models.Model):
    """A run that is reported while it goes on, batch by batch; it becomes a log when it ends or falls silent."""

    id = models.CharField(primary_key=True, max_length=40, default=live_id, editable=False)
    owner = models.CharField(max_length=80)
    native_id = models.CharField(max_length=200)
    format = models.CharField(max_length=40)
    binding = models.JSONField(default=dict)
    programme = models.CharField(max_length=40, blank=True)
    suites = models.JSONField(default=list)
    ended = models.BooleanField(default=False)
    log = models.ForeignKey(LogFile, null=True, on_delete=models.PROTECT, related_name="live_runs")
    started_at = models.DateTimeField()
    heard_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "native_id", "format"], name="one_live_run_of_a_sender")
        ]
        indexes = [models.Index(fields=["log", "heard_at"])]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.native_id} ({self.format})"


class LiveBatch(models.Model):
    """One batch of events as it was received; the same batch again is the same row."""

    live = models.ForeignKey(LiveRun, on_delete=models.PROTECT, related_name="batches")
    digest = models.CharField(max_length=80)
    events = models.PositiveIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["live", "digest"], name="one_batch_for_the_same_bytes")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.events} events of {self.live_id}"
