"""Binding: from what a log says of a model to the checkpoint, side and evaluation that its runs count for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evaluations.canonical import named_digest, report_digest_bytes
from evaluations.logs.found import FoundRun, Reported
from evaluations.logs.values import slug_of
from evaluations.models import Checkpoint
from evaluations.reach import EVERYWHERE, Reach
from evaluations.report import Fault

PLACES = ("subject", "checkpoint", "mitigation", "evaluation")
SIDES = ("pre_mitigation", "post_mitigation", "unspecified")
LONGEST_REPORTED = 200


@dataclass(frozen=True)
class Binding:
    """What the sender said of a log: for all of it, and for single models by the name that the log gives them."""

    subject: str | None = None
    checkpoint: str | None = None
    mitigation: str | None = None
    evaluation: str | None = None
    models: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Binding:
        """Return the binding that `to_dict` wrote."""
        return cls(**{name: document.get(name) for name in PLACES}, models=document.get("models", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return the stored form; what was not said is left out."""
        said = {name: getattr(self, name) for name in PLACES if getattr(self, name)}
        return {**said, "models": self.models} if self.models else said

    @property
    def digest(self) -> str:
        """The digest that, with that of the bytes, makes a log the same as one received before."""
        return named_digest(report_digest_bytes(self.to_dict()))

    def for_model(self, model: str | None) -> dict[str, str]:
        """Return what is said of one model: its own words before those for the whole log."""
        said = {name: getattr(self, name) for name in PLACES if getattr(self, name)}
        return {**said, **self.models.get(model or "", {})}


def faults_of(binding: Binding, within: Reach = EVERYWHERE) -> list[Fault]:
    """Return what is wrong with a binding as it was sent, before any log is read.

    What its sender does not reach does not exist for it.
    """
    faults = []
    for name, said in [("", binding.for_model(None)), *((model, binding.models[model]) for model in binding.models)]:
        place = f"/models/{name}" if name else ""
        if unknown := sorted(set(said) - set(PLACES)):
            faults.append(
                Fault(f"{place}/{unknown[0]}", "unknown-field", "No such field.", f"Use {', '.join(PLACES)}.")
            )
        side = said.get("mitigation")
        if side is not None and side not in SIDES:
            words = f"{side!r} is no side of the mitigations."
            faults.append(Fault(f"{place}/mitigation", "literal-error", words, f"Use one of {', '.join(SIDES)}."))
        if said.get("checkpoint"):
            faults += _checkpoint_faults(place, said, within)
        if said.get("evaluation") and not within.covers(said["evaluation"]):
            faults.append(suite_fault(said["evaluation"], f"{place}/evaluation"))
    return faults


def suite_fault(evaluation: str, place: str) -> Fault:
    """Return what is wrong with results of an evaluation that their sender does not reach."""
    words = f"This sender may not send results of {evaluation!r}."
    return Fault(place, "suite-not-allowed", words, "Use a token whose suites cover the evaluation.")


def _checkpoint_faults(place: str, said: dict[str, str], within: Reach) -> list[Fault]:
    known = within.checkpoints().filter(name=said["checkpoint"]).first()
    if known is None:
        remedy = "Register it first: POST /api/v1/checkpoints/ with its subject and name."
        words = f"There is no checkpoint {said['checkpoint']!r}."
        return [Fault(f"{place}/checkpoint", "unknown-checkpoint", words, remedy)]
    if said.get("subject") not in (None, known.subject.slug):
        words = f"The checkpoint {known.name!r} belongs to {known.subject.slug!r}, not to {said['subject']!r}."
        return [Fault(f"{place}/checkpoint", "checkpoint-of-another-subject", words, "Name the right subject.")]
    return []


def checkpoint_for(found: FoundRun, said: dict[str, str], within: Reach = EVERYWHERE) -> Checkpoint | None:
    """Return the checkpoint that a found run belongs to: the one said, or the one that bears the log's own model name.

    None leaves the run unbound: it is kept and waits, because a guess would put evidence under the wrong model.
    """
    name = said.get("checkpoint") or found.model
    if name is None:
        return None
    return within.checkpoints().filter(name=name).first()


def _shown(reported: Reported) -> dict[str, Any]:
    value = reported.value
    row: dict[str, Any] = {"metric": str(reported.metric)[:LONGEST_REPORTED], "value": _verbatim(value)}
    for name in ("stderr", "n", "scorer", "note"):
        if (said := getattr(reported, name)) is not None:
            row[name] = _verbatim(said)
    return row


def _verbatim(value: Any) -> Any:
    if isinstance(value, bool | int) and abs(value) < 2**53:
        return value
    return str(value)[:LONGEST_REPORTED]


def _bound_again(document: dict[str, Any], checkpoint: Checkpoint, said: dict[str, str]) -> dict[str, Any]:
    """Return a report document under what the sender said of it; where the sender was silent it speaks for itself."""
    evaluation = {**document["evaluation"], **({"slug": said["evaluation"]} if said.get("evaluation") else {})}
    bound = {"subject": checkpoint.subject.slug, "checkpoint": checkpoint.name, "evaluation": evaluation}
    return {**document, **bound, "mitigation": said.get("mitigation") or document["mitigation"]}


def report_document(found: FoundRun, checkpoint: Checkpoint, said: dict[str, str], *, log: str) -> dict[str, Any]:
    """Return the run-report/1 document of a found run, without its samples; `log` is the digest of the file."""
    if found.document is not None:
        return _bound_again(found.document, checkpoint, said)
    own_words = {
        "run_id": found.native_id,
        "planned_samples": found.planned_samples,
        "attempts_per_sample": found.attempts_per_sample,
        "started_at": found.started_at,
        "completed_at": found.completed_at,
        "tally": found.tally,
        "estimate": found.estimate,
        "grader": found.grader,
        "code": found.code,
        "packages": found.packages,
        "sampling": found.sampling,
        "cost": found.cost,
        "tags": [*found.tags, *([f"model: {found.model}"[:LONGEST_REPORTED]] if found.model else [])] or None,
        "reported": {"figures": [_shown(row) for row in found.reported]} if found.reported else None,
        "completion": None if found.state == "complete" else found.state,
    }
    evaluation = {
        "slug": said.get("evaluation") or slug_of(found.evaluation),
        "version": found.version,
        "dataset_digest": found.dataset_digest,
        "stratum": found.stratum,
    }
    return {
        "schema": "run-report/1",
        "subject": checkpoint.subject.slug,
        "checkpoint": checkpoint.name,
        "mitigation": said.get("mitigation") or "unspecified",
        "evaluation": {name: value for name, value in evaluation.items() if value is not None},
        "metric": found.metric,
        "unit": found.unit,
        "provenance": {
            "source": found.source,
            "quality": found.quality,
            "locator": f"{log}{f', {found.locator}' if found.locator else ''}"[:LONGEST_REPORTED],
        },
        **{name: value for name, value in own_words.items() if value is not None},
    }
