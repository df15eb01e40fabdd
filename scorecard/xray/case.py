"""The document of an x-ray as the checks read it: the card, its framework, and every figure that exists for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from scorecard.xray.figure import Figure, figure_of

Record = dict[str, Any]
SIDES = ("pre_mitigation", "post_mitigation")
SIDE_WORDS = {"pre_mitigation": "before mitigation", "post_mitigation": "after mitigation"}
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Case:
    """Everything one x-ray is about.

    `card` is the card's document (`docs/reference/bundle.md`), as far as the reader may see it; `framework` the
    framework document with `published_at`; `figures` the runs that the card cites, those of other models beside them,
    current ones that it does not cite, and superseded ones.
    """

    at: datetime
    framework: Record
    card: Record
    figures: tuple[Figure, ...]

    @cached_property
    def cited(self) -> tuple[Figure, ...]:
        """The figures that the card rests on."""
        return tuple(row for row in self.figures if row.standing == "cited")

    @cached_property
    def shown(self) -> tuple[Figure, ...]:
        """The figures of the publications that the card rests on: cited ones, and those of other models in them."""
        sources = {row.source for row in self.cited}
        return tuple(row for row in self.beside if row.standing == "cited" or row.source in sources)

    @cached_property
    def beside(self) -> tuple[Figure, ...]:
        """Every figure that the card shows: cited ones, and those of other models whatever their source."""
        return tuple(row for row in self.figures if row.standing in ("cited", "comparison"))

    @cached_property
    def catalogue(self) -> dict[str, Record]:
        """Slug -> what the framework knows of the evaluation."""
        return {row["slug"]: row for row in self.framework["evaluations"]}

    @cached_property
    def judging(self) -> frozenset[str]:
        """The evaluations that carry a threshold."""
        return frozenset(row["evaluation"] for row in self.framework["indicators"])

    def sides(self) -> Iterable[tuple[Record, str, Record]]:
        """Yield (category, side, what the card says of it), but for what is withheld from the reader."""
        for category in self.card["categories"]:
            if "withheld" not in category:
                yield from ((category, side, category[side]) for side in SIDES)

    def indicator_rows(self) -> Iterable[tuple[Record, str, Record]]:
        """Yield (category, side, row) of every indicator that the card was assessed by."""
        for category, side, said in self.sides():
            yield from ((category, side, row) for level in said["levels"] for row in level["indicators"])

    def level_name(self, slug: str | None) -> str:
        """Return a level's name, or words for none."""
        return next((row["name"] for row in self.framework["levels"] if row["slug"] == slug), "no level")

    def rank(self, slug: str | None) -> int:
        """Return a level's place in the order of risk; -1 for none."""
        return next((place for place, row in enumerate(self.framework["levels"]) if row["slug"] == slug), -1)

    def category_figures(self, category: str, side: str) -> tuple[Figure, ...]:
        """Return the cited figures of the evaluations that the framework files under a category."""
        return tuple(
            row for row in self.cited
            if row.mitigation == side and (self.catalogue.get(row.evaluation) or {}).get("category") == category
        )  # fmt: skip


def side_place(category: Record, side: str) -> str:
    """Return the pointer to one side of a category of the card."""
    return f"/categories/{category['category']}/{side}"


def grouped(figures: Iterable[Figure], key: Callable[[Figure], Key]) -> dict[Key, list[Figure]]:
    """Return the figures by a key, in their own order."""
    groups: dict[Key, list[Figure]] = defaultdict(list)
    for row in figures:
        groups[key(row)].append(row)
    return dict(groups)


def case_of(document: Record) -> Case:
    """Read `{at, framework, card, figures}`, `at` in RFC 3339. Raises KeyError for a document that lacks a part."""
    return Case(
        at=datetime.fromisoformat(document["at"]),
        framework=document["framework"],
        card=document["card"],
        figures=tuple(figure_of(row) for row in document["figures"]),
    )
