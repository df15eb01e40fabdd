"""Questions asked of the samples of one run: pages, filters, one sample with its proof, and files to take along."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evaluations.measuring import shown_samples_of
from evaluations.models import EvaluationRun
from evaluations.samples import SampleColumns
from evaluations.samples.columns import ORIGINS, STATUSES

FILTERS = ("id", "status", "error_origin", "cluster", "attempt", "score", "superseded")
TRUTH = {"true": True, "false": False}


COMPARISONS: tuple[tuple[str, Callable[[float, float], bool]], ...] = (
    ("<=", operator.le), (">=", operator.ge), ("<", operator.lt), (">", operator.gt), ("", operator.eq),
)  # fmt: skip


class FilterRefused(ValueError):
    """A filter that cannot be, in words that name what it may be."""


@dataclass(frozen=True)
class Listing:
    """Some of a run's samples: `indices` in canonical order, of `matching` that the filters let through."""

    columns: SampleColumns
    indices: list[int]
    matching: int
    total: int

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each sample as lists and files show it."""
        for index in self.indices:
            yield sample_row(self.columns, index)


def sample_row(columns: SampleColumns, index: int) -> dict[str, Any]:
    """Return one sample with what is kept beside its score."""
    return {**asdict(columns.row(index)), **columns.detail(index)}


def _score_test(text: str) -> Any:
    """Return a test of a score: `1`, `<0.5`, `>=0.2`, or `none`."""
    if text == "none":
        return lambda score: score is None
    for sign, holds in COMPARISONS:
        if text.startswith(sign):
            try:
                value = float(text[len(sign) :])
            except ValueError:
                break
            return lambda score, value=value, holds=holds: score is not None and holds(score, value)
    raise FilterRefused("score is a number, alone or after <, <=, > or >=, or none.")


def _tests(columns: SampleColumns, filters: Mapping[str, str]) -> list[Any]:
    tests: list[Any] = []
    for name, text in filters.items():
        if name not in FILTERS:
            raise FilterRefused(f"{name!r} is no filter of samples; there are {', '.join(FILTERS)}.")
        if name == "id":
            tests.append(lambda index, text=text: text in columns.ids[index])
        elif name == "status":
            code = _code(STATUSES, text, "status")
            tests.append(lambda index, code=code: columns.statuses[index] == code)
        elif name == "error_origin":
            code = _code(ORIGINS, text, "error_origin")
            tests.append(lambda index, code=code: columns.origins[index] == code)
        elif name == "cluster":
            tests.append(lambda index, text=text: columns.clusters[index] == text)
        elif name == "score":
            holds = _score_test(text)
            tests.append(lambda index, holds=holds: holds(columns.row(index).score))
        elif name == "superseded":
            wanted = TRUTH.get(text)
            if wanted is None:
                raise FilterRefused("superseded is true or false.")
            tests.append(lambda index, wanted=wanted: bool(columns.superseded[index]) is wanted)
        else:
            if not text.isascii() or not text.isdigit():
                raise FilterRefused("attempt is a number.")
            tests.append(lambda index, number=int(text[:9]): columns.attempts[index] == number)
    return tests


def _code(known: tuple[str, ...], text: str, name: str) -> int:
    if text not in known or not text:
        raise FilterRefused(f"{name} is one of {', '.join(word for word in known if word)}.")
    return known.index(text)


def listing(
    run: EvaluationRun, filters: Mapping[str, str], *, start: int = 0, limit: int | None = None
) -> Listing | None:
    """Return samples of a run from place `start` of those that match; None for a run without samples.

    Raises FilterRefused.
    """
    columns = shown_samples_of(run)
    if columns is None:
        return None
    tests = _tests(columns, filters)
    matching = [index for index in columns.order() if all(test(index) for test in tests)]
    chosen = matching[start:] if limit is None else matching[start : start + limit]
    return Listing(columns, chosen, len(matching), len(columns))


def ndjson(found: Listing) -> Iterator[bytes]:
    """Yield the samples as JSON, one in a line."""
    for row in found.rows():
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def place_of(columns: SampleColumns, sample: str, attempt: int) -> int | None:
    """Return the place of an attempt in canonical order, the live one before a superseded one; None if not there."""
    found = [
        place
        for place, index in enumerate(columns.order())
        if columns.ids[index] == sample and columns.attempts[index] == attempt
    ]
    return found[0] if found else None


@dataclass(frozen=True)
class Changes:
    """What a revision changed: (id, attempt, before, after) of the first of them, and how many in all."""

    changed: int
    added: int
    removed: int
    first: list[dict[str, Any]]


def _by_key(columns: SampleColumns) -> dict[tuple[str, int], str]:
    rows = (row for row in columns.rows() if not row.superseded)
    return {(row.id, row.attempt): row.status if row.score is None else f"{row.score:g}" for row in rows}


def changes_between(former: EvaluationRun, later: EvaluationRun, *, most: int = 50) -> Changes | None:
    """Return what the samples of a later revision say otherwise than the former's; None unless both have samples."""
    before, after = shown_samples_of(former), shown_samples_of(later)
    if before is None or after is None:
        return None
    old, new = _by_key(before), _by_key(after)
    changed = [key for key in old if key in new and old[key] != new[key]]
    first = [{"id": key[0], "attempt": key[1], "before": old[key], "after": new[key]} for key in changed[:most]]
    return Changes(len(changed), len(new.keys() - old.keys()), len(old.keys() - new.keys()), first)
