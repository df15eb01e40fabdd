"""PyRIT's records as they stand in an export: a list, one object, or an object per line; and who was the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.streaming import parts_of
from evaluations.logs.values import listing, mapping, text_of, tolerant_json

Record = dict[str, Any]
MODEL_NAMES = ("model_name", "underlying_model_name", "underlying_model", "deployment_name")
CLASS_NAMES = ("class_name", "__type__")
DEEPEST = 12
"""Levels of nested identifiers that are searched for the target."""


def is_attack(record: Record) -> bool:
    """Whether the record is an AttackResult, as a model dump or as a row of the memory's table."""
    return "outcome" in record and ("conversation_id" in record or "objective" in record)


def is_scenario(record: Record) -> bool:
    """Whether the record is a ScenarioResult."""
    return isinstance(record.get("attack_results"), dict)


def is_score(record: Record) -> bool:
    """Whether the record is a Score."""
    return "score_value" in record and "score_type" in record


def is_piece(record: Record) -> bool:
    """Whether the record is a piece of a message, as the memory exports conversations."""
    return "original_value" in record and "conversation_id" in record


def records_of(source: LogSource) -> Iterator[tuple[str, Record]]:
    """Yield (place, record). Raises LogRefused for what is no JSON or no record."""
    start = source.head().lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"[":
        for index, (_, value) in enumerate(parts_of(source, [("*",)])):
            yield _record(value, f"/{index}")
    elif _is_lines(source):
        for line, data in source.lines():
            yield _record(tolerant_json(data, place=f"line {line}"), f"line {line}")
    else:
        yield _record(tolerant_json(source.whole(), place=source.base_name, depth=source.budget.depth), "")


def _record(value: Any, place: str) -> tuple[str, Record]:
    if not isinstance(value, dict):
        raise LogRefused("wrong-type", "A record is no object.", pointer=place)
    return place, value


def _is_lines(source: LogSource) -> bool:
    """Whether the first line is an object of its own; a pretty-printed object ends its first line open."""
    first, end, rest = source.head().partition(b"\n")
    if not end:
        # One line, or a first line beyond the head: both are read as lines as well as whole.
        return source.size > source.budget.member_bytes
    return first.rstrip().endswith(b"}") and bool(rest.strip())


def identifier(value: Any) -> Record:
    """Return an identifier, which the memory's table may hold as JSON text."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return mapping(tolerant_json(value.encode("utf-8", "replace"), place="identifier"))
        except LogRefused:
            return {}
    return mapping(value)


def class_of(value: Any) -> str | None:
    """Return the class name of an identifier, under its older key too."""
    found = identifier(value)
    return next((name for key in CLASS_NAMES if (name := text_of(found.get(key), limit=80))), None)


def model_of(value: Any) -> str | None:
    """Return the model name of a target's identifier."""
    found = identifier(value)
    both = found | mapping(found.get("params"))
    return next((name for key in MODEL_NAMES if (name := text_of(both.get(key)))), None)


def target_of(record: Record) -> Record:
    """Return the identifier of the target under attack, wherever in the nested identifiers it stands."""
    for key in ("objective_target_identifier", "prompt_target_identifier"):
        if found := identifier(record.get(key)):
            return found
    for key in ("scenario_identifier", "atomic_attack_identifier", "attack_identifier"):
        if found := _nested(identifier(record.get(key)), "objective_target", DEEPEST):
            return found
    return {}


def attack_of(record: Record) -> str | None:
    """Return the class name of the attack strategy."""
    outer = identifier(record.get("atomic_attack_identifier"))
    inner = _nested(outer, "attack", DEEPEST)
    return class_of(inner) or class_of(record.get("attack_identifier")) or class_of(outer)


def converters_of(record: Record) -> str | None:
    """Return the class names of the converters that the prompts went through, in their order."""
    outer = identifier(record.get("atomic_attack_identifier")) or identifier(record.get("attack_identifier"))
    attack = _nested(outer, "attack", DEEPEST) or outer
    found = listing(mapping(attack.get("children")).get("request_converters"))
    return text_of(", ".join(name for one in found if (name := class_of(one)))) or None


def version_of(*values: Any) -> str | None:
    """Return the PyRIT version that one of the identifiers carries."""
    found = (text_of(identifier(value).get("pyrit_version"), limit=40) for value in values)
    return next((version for version in found if version), None)


def _nested(value: Any, name: str, levels: int) -> Record:
    """The first object under that key, in the object itself or in its children."""
    found = mapping(value)
    if levels == 0 or not found:
        return {}
    if isinstance(found.get(name), dict):
        return mapping(found[name])
    for child in mapping(found.get("children")).values():
        for one in [child, *listing(child)]:
            if inner := _nested(one, name, levels - 1):
                return inner
    return _nested(found.get("children"), name, levels - 1)
