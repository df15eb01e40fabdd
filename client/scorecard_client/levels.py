"""The levels of a scorecard, as a pipeline asks about them: does any stand at or above a given one?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from scorecard_client.answers import POST, Category, Scorecard
from scorecard_client.errors import Misused


@dataclass(frozen=True)
class Standing:
    """A level of one category after mitigations, and who says so."""

    category: str
    level: str
    source: str
    """indicated (by the evidence), determined (by people), or evidence since (of a card that was frozen before)."""

    def words(self) -> str:
        """Return the standing as a clause."""
        return f"{self.category} is {self.level} ({self.source})"


def order_of(card: Scorecard) -> list[str]:
    """Return the framework's levels, lowest first, as the card lists them."""
    return max(
        ([row.level for row in category.post_mitigation.levels] for category in card.categories), key=len, default=[]
    )


def standings(card: Scorecard) -> list[Standing]:
    """Return every indicated and determined post-mitigation level, and what evidence reaches since."""
    found = []
    for category in card.categories:
        side = category.post_mitigation
        for source, level in (("indicated", side.indicated_level), ("determined", side.determined_level)):
            if level is not None:
                found.append(Standing(category.category, level, source))
    found += [
        Standing(change.category, change.now_level, "evidence since")
        for change in card.changes
        if change.mitigation == POST and change.now_level is not None
    ]
    return found


def without_level(card: Scorecard) -> list[str]:
    """Return the categories that neither evidence nor people gave a post-mitigation level."""

    def bare(category: Category) -> bool:
        side = category.post_mitigation
        return side.indicated_level is None and side.determined_level is None

    return [category.category for category in card.categories if bare(category)]


def at_or_above(card: Scorecard, level: str) -> list[Standing]:
    """Return the standings at or above a level; one that the framework's order does not hold counts as above.

    Raises Misused for a level that the card's framework does not have.
    """
    order = order_of(card)
    if level not in order:
        raise Misused(f"{card} has no level {level!r}.", remedy=f"Its framework has {', '.join(order) or 'none'}.")
    low = set(order[: order.index(level)])
    return [standing for standing in standings(card) if standing.level not in low]


def verdict(card: Scorecard, level: str) -> dict[str, Any]:
    """Return the answer to `--fail-on` as a document."""
    met = at_or_above(card, level)
    return {
        "scorecard": str(card), "fail_on": level, "reached": bool(met), "standings": [asdict(row) for row in met],
        "without_level": without_level(card),
    }  # fmt: skip
