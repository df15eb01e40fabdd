"""From PyRIT's scores to runs: one per scorer, category and target; score values are text in the export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from evaluations.adapters.pyrit.records import Record, class_of, model_of, target_of, version_of
from evaluations.logs.found import FoundRun
from evaluations.logs.refusal import LogRefused
from evaluations.logs.values import listing, mapping, number, text_of, tolerant_json
from evaluations.report.document import Sample

TRUTH = {"true": 1.0, "false": 0.0}
PIECE_NAMES = ("message_piece_id", "prompt_request_response_id")
"""What was scored; the second name is the older one."""


@dataclass(slots=True)
class Scored:
    """One score, small enough to hold many."""

    place: str
    scorer: str | None
    kind: str
    category: str | None
    piece: str | None
    uuid: str | None
    value: float | None
    model: str | None = None
    version: str | None = None

    @classmethod
    def of(cls, record: Record, place: str) -> Scored:
        """Return the score of a record. What has no value, or one that its type does not allow, stays without."""
        kind = text_of(record.get("score_type"), limit=40) or "unknown"
        raw = record.get("score_value")
        if kind == "true_false":
            value = TRUTH.get(str(raw).strip().lower())
        else:
            value = number(raw) if kind == "float_scale" else None
        undetermined = text_of(record.get("status"), limit=40) == "undetermined"
        named = [text_of(one, limit=60) for one in _categories(record.get("score_category"))]
        return cls(
            place=place,
            scorer=class_of(record.get("scorer_class_identifier")),
            kind=kind,
            category=text_of(", ".join(one for one in named if one)),
            piece=next((name for key in PIECE_NAMES if (name := text_of(record.get(key)))), None),
            uuid=text_of(record.get("id")),
            value=None if undetermined or value is None or not 0.0 <= value <= 1.0 else value,
            version=version_of(record.get("scorer_class_identifier")),
        )


def _categories(value: Any) -> list[Any]:
    """The categories of a score, which the memory's table holds as JSON text."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(LogRefused):
            value = tolerant_json(value.encode("utf-8", "replace"), place="score_category")
    return value if isinstance(value, list) else [value]


def scores_of_piece(piece: Record, place: str) -> Iterator[Scored]:
    """Yield the scores inside a piece of a message, with the target that the piece names."""
    target = target_of(piece)
    for index, record in enumerate(listing(piece.get("scores"))):
        scored = Scored.of(mapping(record), f"{place}/scores/{index}")
        scored.model = model_of(target)
        scored.piece = scored.piece or text_of(piece.get("id"))
        yield scored


def score_runs(scores: list[Scored], name: str) -> Iterator[FoundRun]:
    """Yield one run per scorer, type, category and model."""
    groups: dict[tuple[str | None, str, str | None, str | None], list[Scored]] = {}
    for scored in scores:
        groups.setdefault((scored.scorer, scored.kind, scored.category, scored.model), []).append(scored)
    for (scorer, kind, category, model), members in groups.items():
        version = next((one.version for one in members if one.version), None)
        warnings = ["What a high score means is the scorer's own: of a refusal scorer, true is a refusal."]
        if model is None:
            warnings.append("The scores name no model; the checkpoint must be bound by whoever posts it.")
        yield FoundRun(
            evaluation=name,
            metric=f"score:{_plain(scorer or kind)}",
            source=f"pyrit {version}" if version else "pyrit",
            model=model,
            stratum=category,
            samples=_samples(members),
            grader={"scorer": scorer, "score_type": kind},
            locator=text_of(" / ".join(part for part in (scorer, category) if part)),
            warnings=warnings,
        )


def _plain(name: str) -> str:
    return (
        "".join(one if one.isascii() and (one.isalnum() or one in "_.-") else "_" for one in name).strip("_.-")
        or "unnamed"
    )


def _samples(scores: list[Scored]) -> Iterator[Sample]:
    attempts: Counter[str] = Counter()
    for scored in scores:
        identity = scored.piece or scored.uuid or scored.place
        attempts[identity] += 1
        sample: Sample = {"id": identity, "attempt": attempts[identity], "transcript": scored.place}
        if scored.value is None:
            sample["status"], sample["error_origin"] = "ungraded", "grader"
        else:
            sample["status"], sample["score"] = "scored", scored.value
        if scored.uuid is not None:
            sample["uuid"] = scored.uuid
        yield sample
