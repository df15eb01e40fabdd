"""What the document says of a category: its own ladder of levels, its kind, and who reads which side."""

from __future__ import annotations

from typing import Any

COUNTED_KINDS = ("tracked",)
SIDE_NAMES = {"pre_mitigation": "Pre-mitigation", "post_mitigation": "Post-mitigation"}


def category_of(document: dict[str, Any], slug: str) -> dict[str, Any]:
    """Return a category of the document; an empty one for a document that lists none."""
    return next((row for row in document.get("categories", []) if row["slug"] == slug), {})


def kind_of(document: dict[str, Any], slug: str) -> str:
    """Return `tracked`, `research` or `unknown_unknowns`."""
    kind: str = category_of(document, slug).get("kind", "tracked")
    return kind


def ladder(document: dict[str, Any], category: str) -> list[dict[str, Any]]:
    """Return the levels of a category, lowest first: the framework's own that the category defines."""
    defined = {row["level"] for row in category_of(document, category).get("levels", [])}
    return [level for level in document["levels"] if not defined or level["slug"] in defined]


def not_yet_defined(document: dict[str, Any], category: str) -> list[str]:
    """Return the levels of a category that the framework announces and does not define yet."""
    rows = category_of(document, category).get("levels", [])
    return [row["level"] for row in rows if row.get("state", "defined") == "not_yet_defined"]


def level_rank(document: dict[str, Any], level: str | None) -> int:
    """Return the place of a level in the framework's order, -1 for None. Raises ValueError for an unknown level."""
    return -1 if level is None else [entry["slug"] for entry in document["levels"]].index(level)


def side_name(document: dict[str, Any], side: str) -> str:
    """Return what the framework calls one of its two columns."""
    name: str = document.get("sides", {}).get(side, {}).get("name", SIDE_NAMES[side])
    return name


def rests_on_capability(document: dict[str, Any], side: str) -> bool:
    """Whether the side judges what remains of the first side's capability once safeguards are counted."""
    if side != "post_mitigation":
        return False
    return bool(document.get("sides", {}).get(side, {}).get("rests_on") == "capability_and_safeguards")


def reads_side(indicator: dict[str, Any], side: str) -> bool:
    """Whether an indicator speaks on a side; one that names none speaks on both."""
    return side in indicator.get("sides", tuple(SIDE_NAMES))
