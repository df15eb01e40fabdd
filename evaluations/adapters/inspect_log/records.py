"""The fields of one sample that matter, out of kilobytes to gigabytes of messages and events that do not."""

from __future__ import annotations

import io
from typing import IO, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from evaluations.adapters.inspect_log.scanning import JsonStream, parsed
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource

PASSED_OVER = ConfigDict(extra="ignore")


@with_config(PASSED_OVER)
class _Choice(TypedDict, total=False):
    stop_reason: Any


@with_config(PASSED_OVER)
class _Output(TypedDict, total=False):
    choices: list[_Choice]
    stop_reason: Any


@with_config(PASSED_OVER)
class _Nothing(TypedDict, total=False):
    pass


@with_config(PASSED_OVER)
class _Plain(TypedDict, total=False):
    id: Any
    epoch: Any
    uuid: Any
    scores: Any
    score: Any
    error: Any
    limit: Any
    invalidation: Any
    retries: Any
    error_retries: list[_Nothing]
    output: _Output


@with_config(PASSED_OVER)
class _WithMetadata(_Plain, total=False):
    metadata: Any


PLAIN, WITH_METADATA = TypeAdapter(_Plain), TypeAdapter(_WithMetadata)
WANTED = frozenset(_WithMetadata.__annotations__)


def record_of(data: bytes, source: LogSource, *, place: str, metadata: bool) -> dict[str, Any]:
    """Return the wanted fields of a sample held in memory. Raises LogRefused for what is no JSON object."""
    adapter = WITH_METADATA if metadata else PLAIN
    try:
        return dict(adapter.validate_json(data))
    except ValidationError:
        # Unusual types, lone surrogates and deep nesting are for the slower reader, which judges field by field.
        return streamed_record(io.BytesIO(data), source, place=place)


def streamed_record(stream: IO[bytes], source: LogSource, *, place: str) -> dict[str, Any]:
    """Return the wanted fields of a sample of any size. Raises LogRefused."""
    cursor = JsonStream(stream, source.budget, place=place, counted=True)
    record = record_at(cursor, depth=source.budget.depth)
    cursor.finish()
    return record


def record_at(cursor: JsonStream, *, depth: int) -> dict[str, Any]:
    """Return the wanted fields of the sample at the cursor and pass over the rest of it. Raises LogRefused."""
    if cursor.peek() != b"{":
        raise LogRefused("sample-type", "A sample is not a JSON object.", pointer=cursor.place)
    record: dict[str, Any] = {}
    for key in cursor.members():
        if key in WANTED:
            record[key] = parsed(cursor.take(), place=f"{cursor.place}/{key}", depth=depth)
        else:
            cursor.skip()
    return record
