"""Hostile variants of a document: every value in turn replaced by what does not belong there."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from evaluations.logs.found import Adapter, FoundRun
from evaluations.logs.refusal import LogRefused
from tests.adapters.sources import source_of

STRIDE = 1 if os.environ.get("SCORECARD_ALL_MUTANTS") else 5
"""Every mutant under `make faults`; every fifth in the everyday suite, which meets all kinds of places and values."""
STRANGE: tuple[Any, ...] = (None, [], {}, "x", "", -1, 1e300, float("nan"), True, 10**400, [[["deep"]]], "\ud800\x00")


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _with(document: Any, path: tuple[Any, ...], strange: Any) -> Any:
    if not path:
        return strange
    changed = copy.deepcopy(document)
    here = changed
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = strange
    return changed


def mutants(document: Any) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    """Yield (path, strange value, changed document) for every place and every strange value."""
    pairs = ((path, strange) for path in _places(document) for strange in STRANGE)
    for path, strange in islice(pairs, 0, None, STRIDE):
        yield path, strange, _with(document, path, strange)


def survives(adapter: Adapter, document: Any, *, write: Callable[[Any], bytes], name: str) -> int:
    """Read every mutant; only runs or LogRefused may come out. Return about how many there are in all."""
    count = 0
    for path, strange, changed in mutants(document):
        try:
            source = source_of(write(changed), name)
            adapter.recognise(source)
            for run in adapter.read(source):
                assert isinstance(run, FoundRun)
                for sample in run.samples or ():
                    assert isinstance(sample["id"], str)
        except LogRefused:
            pass
        except Exception as error:
            raise AssertionError(f"{path} = {strange!r:.60}") from error
        count += 1
    return count * STRIDE
