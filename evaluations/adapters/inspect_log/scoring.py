"""What one sample of an Inspect log says: a score per scorer, or why there is none.

The mapping of values is Inspect's `value_to_float` with one difference: a text that names no number is ungraded here,
where Inspect counts it as 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from evaluations.logs.values import number, text_of
from evaluations.logs.values import sample_id as named

LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
INSTRUMENT = frozenset({"grader_failed", "scoring_failed"})
"""Reasons that Inspect gives when not the model but the grader or the scorer failed."""
MODEL = frozenset({"invalid_response_format", "no_response"})
CANCELLED = ("CancelledError", "KeyboardInterrupt")
MOST_KEYS = 100

Status = Literal["scored", "error", "limit", "refused", "not_attempted", "ungraded", "invalidated"]
Origin = Literal["system", "model", "grader", "usage_limit", "user", "unknown"]
Column = tuple[str, str | None]
"""Scorer, and the key of a value that is a dictionary or the index of one that is a list."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt for one column; a score exactly when the status is `scored`."""

    status: Status
    score: float | None = None
    origin: Origin | None = None


UNGRADED = Outcome("ungraded")
REFUSED = Outcome("refused", origin="model")
INVALIDATED = Outcome("invalidated")
LIMIT = Outcome("limit")
CANCELLED_ERROR, SYSTEM_ERROR = Outcome("error", origin="user"), Outcome("error", origin="system")
GRADER_FAILED, MODEL_FAILED = Outcome("ungraded", origin="grader"), Outcome("ungraded", origin="model")


def score_of(value: Any) -> float | None:
    """Return a score as Inspect's value_to_float maps it, or None for NaN and for text that names no number."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        if value in LETTERS:
            return LETTERS[value]
        word = value.strip().lower()
        if word in WORDS:
            return WORDS[word]
    return number(value)


def whole_outcome(fields: dict[str, Any]) -> Outcome | None:
    """Return what became of the attempt as a whole, or None where each scorer has its say."""
    if fields.get("invalidation"):
        return INVALIDATED
    if error := fields.get("error"):
        message = error.get("message") if isinstance(error, dict) else error
        cancelled = isinstance(message, str) and message.startswith(CANCELLED)
        return CANCELLED_ERROR if cancelled else SYSTEM_ERROR
    return REFUSED if stop_reason(fields.get("output")) == "content_filter" else None


def stop_reason(output: Any) -> Any:
    """Return why the model stopped, as Inspect reads it: from the first choice."""
    if not isinstance(output, dict):
        return None
    choices = output.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0].get("stop_reason")
    return output.get("stop_reason")


def outcomes(fields: dict[str, Any]) -> Iterator[tuple[Column, Outcome]]:
    """Yield an outcome per column of the attempt; values that are dictionaries or lists explode."""
    scores = fields.get("scores")
    if not isinstance(scores, dict):
        old = fields.get("score")
        scores = {"": old} if isinstance(old, dict) else {}
    for scorer, entry in list(scores.items())[:MOST_KEYS]:
        name = named(scorer) or ""
        value = entry.get("value") if isinstance(entry, dict) else None
        spoken = _by_reason(entry)
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        if isinstance(value, dict | list):
            for key, part in list(parts)[:MOST_KEYS]:
                yield (name, named(key) or "?"), spoken or _graded(part, entry)
        else:
            yield (name, None), spoken or _graded(value, entry)


def reason_of(entry: Any) -> Any:
    """Return Inspect's machine-readable reason for an abnormal score; before 0.3.245 it stood in the metadata."""
    if not isinstance(entry, dict):
        return None
    reason, metadata = entry.get("reason"), entry.get("metadata")
    if reason is None and isinstance(metadata, dict):
        reason = metadata.get("unscored_reason")
    return reason if isinstance(reason, str) else None


def _by_reason(entry: Any) -> Outcome | None:
    reason = reason_of(entry)
    if reason == "refusal":
        return REFUSED
    return GRADER_FAILED if reason in INSTRUMENT else None


def _graded(value: Any, entry: Any) -> Outcome:
    score = score_of(value)
    if score is not None:
        return Outcome("scored", score)
    return MODEL_FAILED if reason_of(entry) in MODEL else UNGRADED


def edit_of(fields: dict[str, Any]) -> dict[str, Any] | None:
    """Return who last edited a score, from which value and why, or None. Only the sample's own history tells it."""
    scores = fields.get("scores")
    for scorer, entry in scores.items() if isinstance(scores, dict) else ():
        history = entry.get("history") if isinstance(entry, dict) else None
        steps = [step for step in history if isinstance(step, dict)] if isinstance(history, list) else []
        edits = [step for step in steps if step.get("provenance")]
        if edits:
            provenance = edits[-1]["provenance"] if isinstance(edits[-1]["provenance"], dict) else {}
            return {
                "scorer": text_of(scorer),
                "from": text_of(steps[0].get("value")),
                "by": text_of(provenance.get("author")),
                "reason": text_of(provenance.get("reason")),
            }
    return None


def limit_of(fields: dict[str, Any]) -> str | None:
    """Return the kind of limit that ended the attempt, e.g. `message`; summaries hold the kind alone."""
    limit = fields.get("limit")
    return text_of(limit.get("type") if isinstance(limit, dict) else limit)
