"""Where logs are pulled from, what each pull did, and what became of every single thing that a source offered."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from evaluations.models.files import LogFile


def source_id() -> str:
    """Return a new source id."""
    return new_id("source")


def pull_id() -> str:
    """Return a new pull id."""
    return new_id("pull")


class SourceKind(models.TextChoices):
    """What a source is."""

    FOLDER = "folder", "Folder"
    BUCKET = "bucket", "S3-compatible bucket"
    MLFLOW = "mlflow", "MLflow tracking server"
    FEED = "feed", "HTTP feed"
    EVERY_EVAL_EVER = "every_eval_ever", "Every Eval Ever datastore"


class PullState(models.TextChoices):
    """How a pull went."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    PARTLY = "partly", "Partly done"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


class ItemState(models.TextChoices):
    """What became of one version of one thing that a source offered."""

    PULLED = "pulled", "Pulled"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class Source(models.Model):
    """A place that logs are pulled from. The secret it needs is named by `secret_env` and never stored.

    `state` is what the last complete pull learned, such as an ETag. `pulls` counts finished pulls, so that the job of
    the next one has a name that two askers share. `failures` counts failed pulls in a row; each doubles the wait.
    """

    id = models.CharField(primary_key=True, max_length=40, default=source_id, editable=False)
    slug = models.CharField(max_length=100, unique=True)
    programme = models.CharField(max_length=40, blank=True, db_index=True)
    kind = models.CharField(max_length=20, choices=SourceKind.choices)
    address = models.CharField(max_length=1000)
    options = models.JSONField(default=dict)
    binding = models.JSONField(default=dict)
    format = models.CharField(max_length=40, default="auto")
    schedule_seconds = models.PositiveIntegerField(default=0)
    enabled = models.BooleanField(default=True)
    secret_env = models.CharField(max_length=80, blank=True)
    state = models.JSONField(default=dict)
    pulls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    last_pull_at = models.DateTimeField(null=True)
    next_pull_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["enabled", "next_pull_at"])]
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class Pull(models.Model):
    """One attempt to pull from a source: what was found there, what was new, and why something was not taken.

    `unchanged` was taken before; `skipped` is not to be taken now, each with its reason in `notes` as far as there is
    room; `failed` could not be taken. `more` says that the pull stopped at its limits and goes on in the next one.
    """

    id = models.CharField(primary_key=True, max_length=40, default=pull_id, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="attempts")
    job = models.CharField(max_length=40, blank=True)
    cause = models.CharField(max_length=10, default="demand")
    asked_by = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=PullState.choices, default=PullState.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    found = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    more = models.BooleanField(default=False)
    notes = models.JSONField(default=list)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    remedy = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"


class PulledItem(models.Model):
    """One version of one thing that a source offered: the log it became, or why it was not pulled.

    `key` is the source's own name of it; `fingerprint` tells its versions apart: ETag, time and size, or digest. `pull`
    is the last one that tried.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="items")
    key = models.CharField(max_length=1000)
    fingerprint = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=ItemState.choices)
    log = models.ForeignKey(LogFile, null=True, on_delete=models.PROTECT, related_name="pulled_items")
    pull = models.ForeignKey(Pull, on_delete=models.PROTECT, related_name="items")
    bytes = models.PositiveBigIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    remedy = models.TextField(blank=True)
    first_tried_at = models.DateTimeField()
    last_tried_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key", "fingerprint"], name="one_intake_of_a_version_of_an_item")
        ]
        indexes = [models.Index(fields=["source", "state"])]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"
