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
    "claims": ("claim", "slug"), "pathways": ("pathway", "slug"), "exceptions": ("exception", "slug"),
}  # fmt: skip
"""Section -> what its rows are called, and the key that names them."""
TAKEN = ("history", "live", "outlook", "plan", "review", "x-ray")
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
    """Where categories are compared, each has every level; elsewhere each has a ladder of its own, in their order."""
    for place, row in _rows(raw, "categories"):
        defined = [one.get("level") for _, one in _rows(row, "levels")]
        if defined == levels:
            continue
        if raw.get("overall") == "none":
            yield from _own_ladder(place, row, defined, levels)
            continue
        words = f"{_called('categories', row)} must define exactly the levels {', '.join(levels)}, in this order"
        at = next((n for n, pair in enumerate(zip(defined, levels, strict=False)) if pair[0] != pair[1]), None)
        path: Path = ("categories", place, "levels") if at is None else ("categories", place, "levels", at, "level")
        yield DocumentFault(path, words, "", repr(levels[at]) if at is not None else "")


def _own_ladder(place: int, row: Row, defined: list[Any], levels: list[str]) -> Iterator[DocumentFault]:
    who = _called("categories", row)
    known = [level for level in defined if level in levels]
    for at, level in enumerate(defined):
        yield from _unknown(("categories", place, "levels", at, "level"), who, "level", level, levels)
    if known != sorted(set(known), key=levels.index):
        words = f"{who} must name its levels once each and in the framework's order"
        yield DocumentFault(("categories", place, "levels"), words, ", ".join(levels))


def _addresses(raw: Any) -> Iterator[DocumentFault]:
    for place, row in _rows(raw, "categories"):
        if row.get("slug") in TAKEN:
            words = f"{_called('categories', row)} would hide another page of the scorecard"
            yield DocumentFault(("categories", place, "slug"), words, f"any name but {', '.join(TAKEN)}")


def _level_of(
    path: Path, section: str, row: Row, categories: Mapping[str, Row], levels: list[str]
) -> list[DocumentFault]:
    """Return what is wrong with the level that a row speaks for: it must be on its category's ladder."""
    who, level, place = _called(section, row), row.get("level"), (*path, "level")
    named = row.get("category")
    category = categories.get(named, {}) if isinstance(named, str) else {}
    own = {one.get("level"): one for _, one in _rows(category, "levels") if isinstance(one.get("level"), str)}
    steps = [one for one in levels if one in own] or levels
    if steps and level == steps[0]:
        words = f"{who} is on the base level, which needs no {NAMED[section][0]}"
        return [DocumentFault(place, words, ", ".join(steps[1:]))]
    if own.get(level, {}).get("state") == "not_yet_defined":
        words = f"{who} is on the level {level!r}, which the category does not define yet"
        return [DocumentFault(place, words, "a level whose state is defined or exploratory")]
    return _unknown(place, who, "level", level, steps)


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


def by_slug(raw: Any, section: str) -> dict[str, Row]:
    """Return name -> row of a section, passing over rows without a name."""
    key = NAMED[section][1]
    return {row[key]: row for _, row in _rows(raw, section) if isinstance(row.get(key), str)}


def _indicators(raw: Any, levels: list[str]) -> Iterator[DocumentFault]:
    categories = by_slug(raw, "categories")
    catalogue = by_slug(raw, "evaluations")
    for place, row in _rows(raw, "indicators"):
        path: Path = ("indicators", place)
        who = _called("indicators", row)
        yield from _unknown((*path, "category"), who, "category", row.get("category"), list(categories))
        yield from _level_of(path, "indicators", row, categories, levels)
        yield from _evaluation_of(path, row, catalogue)


def _named_categories(raw: Any, section: str) -> Iterator[DocumentFault]:
    """Yield what is wrong with the categories that gates and obligations name: unknown, or only watched."""
    categories = by_slug(raw, "categories")
    for place, row in _rows(raw, section):
        listed = row.get("categories")
        for at, name in enumerate(listed if isinstance(listed, list) else []):
            path: Path = (section, place, "categories", at)
            yield from _unknown(path, _called(section, row), "category", name, list(categories))
            if isinstance(name, str) and categories.get(name, {}).get("kind") == "research":
                words = (
                    f"{_called(section, row)} reads the category {name!r}, which is for research and decides nothing"
                )
                yield DocumentFault(path, words, "a category of the kind tracked or unknown_unknowns")


def _others(raw: Any, levels: list[str]) -> Iterator[DocumentFault]:
    for section, key in (("gates", "at_most"), ("obligations", "at_least")):
        for place, row in _rows(raw, section):
            yield from _unknown((section, place, key), _called(section, row), "level", row.get(key), levels)
        yield from _named_categories(raw, section)
    for place, row in _rows(raw, "gates"):
        if isinstance(raw, Mapping) and raw.get("overall") == "none" and row.get("scope", "overall") == "overall":
            words = f"{_called('gates', row)} reads the overall level, and this framework has none"
            yield DocumentFault(("gates", place), words, 'scope = "each_category"')
    categories = _names(raw, "categories")
    for place, row in _rows(raw, "evaluations"):
        path: Path = ("evaluations", place, "category")
        yield from _unknown(path, _called("evaluations", row), "category", row.get("category"), categories)


def _areas(raw: Any) -> Iterator[DocumentFault]:
    categories = by_slug(raw, "categories")
    for place, row in _rows(raw, "indicators"):
        area, category = row.get("sub_area"), row.get("category")
        own = categories.get(category, {}) if isinstance(category, str) else {}
        known = [one["slug"] for _, one in _rows(own, "sub_areas") if isinstance(one.get("slug"), str)]
        yield from _unknown(("indicators", place, "sub_area"), _called("indicators", row), "sub-area", area, known)


def _pathways(raw: Any, levels: list[str]) -> Iterator[DocumentFault]:
    categories, claims = by_slug(raw, "categories"), _names(raw, "claims")
    for place, row in _rows(raw, "pathways"):
        path: Path = ("pathways", place)
        who = _called("pathways", row)
        yield from _unknown((*path, "category"), who, "category", row.get("category"), list(categories))
        yield from _level_of(path, "pathways", row, categories, levels)
        listed = row.get("claims")
        for at, name in enumerate(listed if isinstance(listed, list) else []):
            yield from _unknown((*path, "claims", at), who, "claim", name, claims)


def _safeguard_of(path: Path, row: Row, pathways: Mapping[str, Row], claims: list[str]) -> Iterator[DocumentFault]:
    who, name, claim = _called("indicators", row), row.get("pathway"), row.get("claim")
    at: dict[str, Path] = {key: (*path, key) for key in ("claim", "pathway")}
    yield from _unknown(at["claim"], who, "claim", claim, claims)
    yield from _unknown(at["pathway"], who, "pathway", name, list(pathways))
    pathway = pathways.get(name) if isinstance(name, str) else None
    if pathway is None:
        return
    if (pathway.get("category"), pathway.get("level")) != (row.get("category"), row.get("level")):
        words = f"{who} tests the pathway {name!r} of another category or level"
        yield DocumentFault(at["pathway"], words, "a pathway of the indicator's own category and level")
    if claim in claims and claim not in (pathway.get("claims") or []):
        words = f"{who} tests the claim {claim!r}, which does not close the pathway {name!r}"
        yield DocumentFault(at["claim"], words, ", ".join(map(str, pathway.get("claims") or [])))


def _safeguards(raw: Any) -> Iterator[DocumentFault]:
    """Yield what is wrong with indicators of safeguards: their pathway and claim, and the side they speak on."""
    pathways, claims = by_slug(raw, "pathways"), _names(raw, "claims")
    sides = raw.get("sides") if isinstance(raw, Mapping) else None
    second = sides.get("post_mitigation") if isinstance(sides, Mapping) else None
    bounded = isinstance(second, Mapping) and second.get("rests_on") == "capability_and_safeguards"
    for place, row in _rows(raw, "indicators"):
        path: Path = ("indicators", place)
        yield from _safeguard_of(path, row, pathways, claims)
        if not bounded:
            continue
        wanted = ["post_mitigation"] if row.get("claim") is not None else ["pre_mitigation"]
        if row.get("sides") != wanted:
            who = _called("indicators", row)
            words = f"{who} must speak on one side only: claims are tested on the second, capabilities on the first"
            here: Path = (*path, "sides")
            yield DocumentFault(here, words, f"sides = {wanted}".replace("'", '"'))


def _exceptions(raw: Any) -> Iterator[DocumentFault]:
    actions = _names(raw, "gates")
    for place, row in _rows(raw, "exceptions"):
        listed = row.get("actions")
        for at, name in enumerate(listed if isinstance(listed, list) else []):
            yield from _unknown(("exceptions", place, "actions", at), _called("exceptions", row), "gate", name, actions)


def reference_faults(raw: Any) -> list[DocumentFault]:
    """Return every name that is defined twice, not at all, or used against its role, in a document's raw values."""
    levels = _names(raw, "levels")
    return [
        *_duplicates(raw), *_addresses(raw), *_definitions(raw, levels), *_indicators(raw, levels),
        *_others(raw, levels), *_areas(raw), *_pathways(raw, levels), *_safeguards(raw), *_exceptions(raw),
    ]  # fmt: skip
