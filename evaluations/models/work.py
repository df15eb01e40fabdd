"""Work and its bookkeeping: jobs, worker heartbeats and idempotency keys. None of it is evidence."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from evaluations.identifiers import new_id
from evaluations.models.runs import EvaluationRun


def job_id() -> str:
    """Return a new job id."""
    return new_id("job")


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Job(models.Model):
    """One unit of background work. The row is the queue; a message to a worker is only a hint.

    Whoever holds `lease_token` may finish the job; the token changes with every claim, so that a worker that was
    thought dead cannot write its effect a second time. `about` is the id of what it works on, by which
    people may see it.
    """

    id = models.CharField(primary_key=True, max_length=40, default=job_id, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    about = models.CharField(max_length=40, blank=True, db_index=True)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=40, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    log = models.TextField(blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "lease_until"]), models.Index(fields=["state", "dispatched_at"])]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} ({self.id})"


class WorkerBeat(models.Model):
    """When a reconciler last ran under this name; its silence is what `no worker is running` rests on."""

    name = models.CharField(primary_key=True, max_length=100)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at.isoformat()}"


class IdempotencyState(models.TextChoices):
    """Whether the first request under a key is over."""

    IN_FLIGHT = "in_flight", "In flight"
    DONE = "done", "Done"


class IdempotencyRecord(models.Model):
    """What was answered to the first request under an `Idempotency-Key`, kept as long as the run it made."""

    scope = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=IdempotencyState.choices, default=IdempotencyState.IN_FLIGHT)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    run = models.ForeignKey(EvaluationRun, null=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="one_use_of_an_idempotency_key")]

    def __str__(self) -> str:
        return f"{self.scope}: {self.key}"
