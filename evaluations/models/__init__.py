"""Rows of the evidence."""

from evaluations.models.catalogue import Checkpoint, Evaluation, Polarity, Subject, SubjectKind
from evaluations.models.files import LiveBatch, LiveRun, LogFile, LogState, Upload, UploadPart
from evaluations.models.findings import EvidenceBinding, EvidenceDocument, Section
from evaluations.models.keeping import HistoryIsKept
from evaluations.models.runs import EvaluationRun, Form, Measurement, Mitigation, RunState
from evaluations.models.sources import ItemState, Pull, PulledItem, PullState, Source, SourceKind
from evaluations.models.work import IdempotencyRecord, IdempotencyState, Job, JobState, WorkerBeat

__all__ = [
    "Checkpoint",
    "Evaluation",
    "EvaluationRun",
    "EvidenceBinding",
    "EvidenceDocument",
    "Form",
    "HistoryIsKept",
    "IdempotencyRecord",
    "IdempotencyState",
    "ItemState",
    "Job",
    "JobState",
    "LiveBatch",
    "LiveRun",
    "LogFile",
    "LogState",
    "Measurement",
    "Mitigation",
    "Polarity",
    "Pull",
    "PullState",
    "PulledItem",
    "RunState",
    "Section",
    "Source",
    "SourceKind",
    "Subject",
    "SubjectKind",
    "Upload",
    "UploadPart",
    "WorkerBeat",
]
