"""Whether a framework document refers only to what it defines, asked of the raw values.

The raw values are read, and not the validated ones, so that faults of shape and of reference are told together: what
has no sensible shape is passed over here, because the shape is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scorecard.framework.faults import DocumentFault, Path, nearest

Row = Mapping[str, Any]
NAMED = {
    "levels": ("level", "slug"), "categories": ("category", "slug"), "indicators": ("indicator", "id"),
    "evaluations": ("evaluation", "slug"), "gates": ("gate", "action"), "obligations": ("obligation", "slug"),
}  # fmt: skip
"""Section -> what its rows are called, and the key that names them."""
TAKEN = ("history", "live", "review", "x-ray")
"""Pages of a scorecard at the addresses where those of its categories stand."""


def _rows(raw: Any, key: str) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a list of tables with their places; anything else yields nothing."""
    found = raw.get(key) if isinstance(raw, Mapping) else None
    for place, row in enumerate(found if isinstance(found, list) else []):
        if isinstance(row, Mapping):
            yield place, row


def _names(raw: Any, section: str) -> list[str]:
    key = NAMED[section][1]
    return [row[key] for _, row in _rows(raw, section) if isinstance(row.get(key), str)]


def _called(section: str, row: Row) -> str:
    words, key = NAMED[section]
    return f"{words} {row.get(key)!r}"


def _unknown(path: Path, who: str, what: str, value: Any, known: list[str]) -> list[DocumentFault]:
    """Return the fault of a name that the document does not define; nothing for a defined one or for no text."""
    if not isinstance(value, str) or value in known:
        return []
    return [DocumentFault(path, f"{who} names the unknown {what} {value!r}", ", ".join(known), nearest(value, known))]


def _duplicates(raw: Any) -> Iterator[DocumentFault]:
    for section, (words, key) in NAMED.items():
        seen: set[str] = set()
        for place, row in _rows(raw, section):
            name = row.get(key)
            if isinstance(name, str) and name in seen:
                yield DocumentFault((section, place, key), f"{words} {name!r} is defined twice", "each name once")
            seen |= {name} if isinstance(name, str) else set()


def _definitions(raw: Any, levels: list[str]) -> Iterator[DocumentFault]:
    for place, row in _rows(raw, "categories"):
        defined = [one.get("level") for _, one in _rows(row, "levels")]
        if defined == levels:
            continue
        words = f"{_called('categories', row)} must define exactly the levels {', '.join(levels)}, in this order"
        at = next((n for n, pair in enumerate(zip(defined, levels, strict=False)) if pair[0] != pair[1]), None)
        path: Path = ("categories", place, "levels") if at is None else ("categories", place, "levels", at, "level")
        yield DocumentFault(path, words, "", repr(levels[at]) if at is not None else "")


def _addresses(raw: Any) -> Iterator[DocumentFault]:
    for place, row in _rows(raw, "categories"):
        if row.get("slug") in TAKEN:
            words = f"{_called('categories', row)} would hide another page of the scorecard"
            yield DocumentFault(("categories", place, "slug"), words, f"any name but {', '.join(TAKEN)}")


def _level_of(path: Path, row: Row, levels: list[str]) -> list[DocumentFault]:
    who, level, place = _called("indicators", row), row.get("level"), (*path, "level")
    if levels and level == levels[0]:
        words = f"{who} is on the base level, which needs no indicator"
        return [DocumentFault(place, words, ", ".join(levels[1:]))]
    return _unknown(place, who, "level", level, levels)


def _evaluation_of(path: Path, row: Row, catalogue: Mapping[str, Row]) -> Iterator[DocumentFault]:
    who, name, place = _called("indicators", row), row.get("evaluation"), (*path, "evaluation")
    if not isinstance(name, str):
        return
    entry = catalogue.get(name)
    if entry is None:
        words = f"{who} names the evaluation {name!r}, which the catalogue does not list"
        allowed = "the slug of a row of evaluations"
        yield DocumentFault(place, words, allowed, nearest(name, list(catalogue)))
        return
    if entry.get("role") in ("contextual", "supporting"):
        words = f"{who} uses {name!r}, whose role {entry['role']!r} never sets a level"
        listed = sorted(slug for slug, one in catalogue.items() if one.get("role") == "indicator")
        yield DocumentFault(place, words, f"an evaluation with the role indicator: {', '.join(listed)}")
    direction, polarity = row.get("direction", "at_or_above"), entry.get("polarity")
    wanted = {"at_or_above": "higher_is_riskier", "at_or_below": "higher_is_safer"}.get(str(direction))
    if wanted is not None and isinstance(polarity, str) and polarity != wanted:
        words = f"{who} reads {direction} although {name!r} is {polarity}"
        place, allowed = (*path, "direction"), "at_or_above for higher_is_riskier, at_or_below for higher_is_safer"
        yield DocumentFault(place, words, allowed)


def _indicators(raw: Any, levels: list[str]) -> Iterator[DocumentFault]:
    categories = _names(raw, "categories")
    catalogue = {row["slug"]: row for _, row in _rows(raw, "evaluations") if isinstance(row.get("slug"), str)}
    for place, row in _rows(raw, "indicators"):
        path: Path = ("indicators", place)
        who = _called("indicators", row)
        yield from _unknown((*path, "category"), who, "category", row.get("category"), categories)
        yield from _level_of(path, row, levels)
        yield from _evaluation_of(path, row, catalogue)


def _others(raw: Any, levels: list[str]) -> Iterator[DocumentFault]:
    for section, key in (("gates", "at_most"), ("obligations", "at_least")):
        for place, row in _rows(raw, section):
            yield from _unknown((section, place, key), _called(section, row), "level", row.get(key), levels)
    categories = _names(raw, "categories")
    for place, row in _rows(raw, "evaluations"):
        path: Path = ("evaluations", place, "category")
        yield from _unknown(path, _called("evaluations", row), "category", row.get("category"), categories)


def reference_faults(raw: Any) -> list[DocumentFault]:
    """Return every name that is defined twice, not at all, or used against its role, in a document's raw values."""
    levels = _names(raw, "levels")
    return [
        *_duplicates(raw), *_addresses(raw), *_definitions(raw, levels), *_indicators(raw, levels),
        *_others(raw, levels),
    ]  # fmt: skip
