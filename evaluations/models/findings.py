"""Evidence beyond scored samples: posted documents of several kinds, which inform a card and never set a level."""

from __future__ import annotations

from django.db import models

from evaluations.identifiers import new_id
from evaluations.models.catalogue import Checkpoint
from evaluations.models.keeping import Kept, KeptQuerySet
from evaluations.models.runs import Mitigation


def evidence_id() -> str:
    """Return a new id of an evidence document."""
    return new_id("evd")


class Section(models.TextChoices):
    """Part of a scorecard under which a document stands."""

    SAFETY = "safety", "Safety evaluations"
    RED_TEAMING = "red_teaming", "External red teaming"
    PREPAREDNESS = "preparedness", "Preparedness evaluations"


class EvidenceDocument(Kept):
    """One revision of one posted evidence document. Its bytes are kept as received under `raw_digest`.

    Everything shown is computed from those bytes and from `bound`: what the document's references meant when it was
    filed, such as the clauses of a policy, the figures of a run, or the levels of a framework. `digest` names the
    content, however it was spelled. Who posted it, and the programme whose evidence it is, are kept by value.
    """

    MUTABLE = frozenset({"superseded_by"})

    id = models.CharField(primary_key=True, max_length=40, default=evidence_id, editable=False)
    kind = models.CharField(max_length=40)
    native_id = models.CharField(max_length=200)
    natural_key = models.CharField(max_length=80)
    revision = models.PositiveIntegerField(default=1)
    version = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200)
    summary = models.TextField()
    checkpoints = models.ManyToManyField(Checkpoint, through="EvidenceBinding", related_name="evidence_documents")
    mitigation = models.CharField(max_length=16, choices=Mitigation.choices, default=Mitigation.UNSPECIFIED)
    category = models.CharField(max_length=100, blank=True)
    section = models.CharField(max_length=12, choices=Section.choices, blank=True)
    programme = models.CharField(max_length=40, blank=True, db_index=True)
    source = models.CharField(max_length=200)
    digest = models.CharField(max_length=80)
    raw_digest = models.CharField(max_length=80)
    raw_bytes = models.PositiveBigIntegerField()
    bound = models.JSONField(default=dict)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="supersedes")
    received_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=200)

    objects = KeptQuerySet["EvidenceDocument"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["natural_key", "revision"], name="one_revision_of_a_document"),
            models.UniqueConstraint(fields=["natural_key", "digest"], name="one_document_for_the_same_content"),
        ]
        indexes = [models.Index(fields=["kind", "superseded_by"]), models.Index(fields=["digest"])]

    def __str__(self) -> str:
        return f"{self.title} ({self.kind}, revision {self.revision})"


class EvidenceBinding(Kept):
    """One checkpoint that a document is about; the first one identifies it."""

    document = models.ForeignKey(EvidenceDocument, on_delete=models.PROTECT, related_name="bindings")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="evidence_bindings")
    place = models.PositiveIntegerField()

    objects = KeptQuerySet["EvidenceBinding"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "checkpoint"], name="one_binding_to_a_checkpoint")]
        ordering = ["place"]

    def __str__(self) -> str:
        return f"{self.document_id} on {self.checkpoint_id}"
