"""The records of an OpenAI evals log, each event once, with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluations.logs.records import records
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.values import tolerant_json, whole_number

BLOCK = 512
"""Event numbers that share one integer of bits."""
LINE, ELEMENT = -2, -1
"""What stands second in the place of a line, and of an element of the array itself."""

Place = tuple[int, int]
"""A line with LINE, an element with ELEMENT, or an element and the index inside its body."""


def shown(place: Place) -> str:
    """Return a place in words: `line 17`, `/3` or `/3/body/17`."""
    first, second = place
    return f"line {first}" if second == LINE else f"/{first}" if second == ELEMENT else f"/{first}/body/{second}"


class _Numbers:
    """Which event numbers of which run have been met: a bit each, in blocks, because they come densely in millions."""

    def __init__(self) -> None:
        self.count = 0
        self._blocks: dict[tuple[str, int], int] = {}
        self._runs: dict[str, str] = {}

    def add(self, run: str, number: int) -> bool:
        """Note a number; False when it was met before."""
        key, bit = (self._runs.setdefault(run, run), number // BLOCK), 1 << number % BLOCK
        held = self._blocks.get(key, 0)
        if held & bit:
            return False
        self._blocks[key] = held | bit
        self.count += 1
        return True


def events(source: LogSource) -> Iterator[tuple[Place, dict[str, Any]] | None]:
    """Yield every record with its place, an event once only, and None for a last line that was cut."""
    seen, most = _Numbers(), 8 * source.budget.samples
    array = source.head().lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    for found in _posted(source) if array else _written(source):
        if found is not None:
            index = whole_number(found[1].get("event_id"))
            if index is not None and not seen.add(str(found[1].get("run_id")), index):
                continue
            if seen.count > most:
                raise LogRefused("too-many-events", "The log holds too many events.", pointer=shown(found[0]))
        yield found


def _written(source: LogSource) -> Iterator[tuple[Place, dict[str, Any]] | None]:
    for line, record in records(source):
        yield None if record is None else ((line, LINE), record)


def _posted(source: LogSource) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the events of one posted batch, or of a list of captured posts with a `body` each."""
    document = tolerant_json(source.whole(), place=source.base_name)
    for index, item in enumerate(document):
        if not isinstance(item, dict):
            raise LogRefused("wrong-type", "This is no event.", pointer=f"/{index}")
        body = item.get("body")
        if not isinstance(body, str):
            yield (index, ELEMENT), item
            continue
        batch = tolerant_json(body.encode("utf-8", "replace"), place=f"/{index}/body")
        for inner, event in enumerate(batch if isinstance(batch, list) else [None]):
            if not isinstance(event, dict):
                raise LogRefused("wrong-type", "This is no event.", pointer=f"/{index}/body/{inner}")
            yield (index, inner), event
