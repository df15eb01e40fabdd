"""Expert probing: conversations rated against a framework's levels, with second raters for what looked grave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from evaluations.evidence.parts import CheckpointDocument, Part, Section, estimate_values, repeated, unknown
from evaluations.report import Fault
from evaluations.report.values import Moment, Name, PositiveCount, Prose, Slug
from evaluations.statistics.agreement import cohens_kappa

STATES = ("settled", "owed", "unadjudicated")


class FrameworkRef(Part):
    """The framework against whose levels was rated."""

    slug: Slug
    """Its slug."""
    version: Name
    """Its version."""


class Rater(Part):
    """One expert, by a pseudonym that leads to nobody outside the partner."""

    pseudonym: Name
    """How the ratings name the expert."""
    screening: Literal["passed", "failed", "not_screened"]
    """Result of the screening."""
    screening_note: Name | None = None
    """What the screening was, e.g. `18 of 20 questions`."""


class Rating(Part):
    """One expert's level of one conversation."""

    rater: Name
    """The expert's pseudonym."""
    level: Slug
    """The level by slug."""
    at: Moment | None = None
    """When it was rated."""


class Adjudication(Part):
    """The level on which the raters settled. The initial rating stays beside it."""

    level: Slug
    """The level by slug."""
    by: Name | None = None
    """Who adjudicated."""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    """Why."""


class Conversation(Part):
    """One conversation with the model, or one trajectory."""

    id: Name
    """Its id; the conversation itself is not kept here."""
    ratings: Annotated[list[Rating], Field(min_length=1, max_length=20)]
    """The ratings, the initial one first."""
    assigned: Annotated[list[Name], Field(max_length=20)] = []
    """Experts who were asked for a further rating."""
    adjudicated: Adjudication | None = None
    """What the raters settled on."""
    topic: Name | None = None
    """What it is about, without hazardous content."""


class Probing(CheckpointDocument):
    """Conversations of experts with a model, each rated against the framework's levels."""

    schema_name: Literal["probing/1"] = Field(alias="schema")
    """Name and version of this kind."""
    framework: FrameworkRef
    """The framework whose levels were rated."""
    escalate_from: Slug = "high"
    """An initial rating at or above this level goes to further raters."""
    ratings_needed: Annotated[PositiveCount, Field(ge=2, le=20)] = 2
    """Ratings that such a conversation needs in all."""
    raters: Annotated[list[Rater], Field(min_length=1, max_length=500)]
    """The experts."""
    conversations: Annotated[list[Conversation], Field(min_length=1, max_length=5000)]
    """The conversations."""
    instructions: Prose | None = None
    """What the experts were asked to do."""
    section: Section = "preparedness"
    """Part of the scorecard under which the document stands."""

    def faults(self) -> Iterator[Fault]:
        """Yield repeated or unlisted names, and a conversation that one expert rated twice."""
        yield from repeated((one.pseudonym for one in self.raters), "/raters", "rater")
        yield from repeated((one.id for one in self.conversations), "/conversations", "conversation")
        known = {one.pseudonym for one in self.raters}
        for index, one in enumerate(self.conversations):
            place = f"/conversations/{index}"
            yield from repeated((rating.rater for rating in one.ratings), f"{place}/ratings", "rater")
            for number, rating in enumerate(one.ratings):
                if rating.rater not in known:
                    yield unknown(rating.rater, f"{place}/ratings/{number}/rater", "rater")
            for number, name in enumerate(one.assigned):
                if name not in known:
                    yield unknown(name, f"{place}/assigned/{number}", "rater")

    def strange_levels(self, levels: Sequence[str]) -> Iterator[Fault]:
        """Yield every level that the framework does not have."""
        places = [("/escalate_from", self.escalate_from)]
        for index, one in enumerate(self.conversations):
            place = f"/conversations/{index}"
            places += [(f"{place}/ratings/{number}/level", rating.level) for number, rating in enumerate(one.ratings)]
            places += [(f"{place}/adjudicated/level", one.adjudicated.level)] if one.adjudicated else []
        for place, level in places:
            if level not in levels:
                detail = f"The framework {self.framework.slug} has no level {level[:80]!r}."
                yield Fault(place, "unknown-level", detail, f"Use one of {', '.join(levels)}.")


def _conversation(one: Conversation, document: Probing, levels: Sequence[str]) -> dict[str, Any]:
    """Return one conversation with its initial and final level, and who still owes a rating.

    Until it is settled, a grave conversation stands at its highest rating: what is missing never reads as less.
    """
    rank = {level: place for place, level in enumerate(levels)}
    given = [rating.level for rating in one.ratings]
    escalated = rank[given[0]] >= rank[document.escalate_from]
    missing = max(0, document.ratings_needed - len(given)) if escalated else 0
    rated = {rating.rater for rating in one.ratings}
    state = "owed" if missing else "unadjudicated" if escalated and one.adjudicated is None else "settled"
    settled = one.adjudicated.level if one.adjudicated else max(given, key=lambda level: rank[level])
    return {
        "id": one.id,
        "topic": one.topic,
        "initial": given[0],
        "ratings": [rating.model_dump(include={"rater", "level"}) for rating in one.ratings],
        "final": settled,
        "adjudicated": one.adjudicated.model_dump() if one.adjudicated else None,
        "escalated": escalated,
        "missing": missing,
        "owed_by": [name for name in one.assigned if name not in rated] if missing else [],
        "state": state,
    }


def _agreement(document: Probing, levels: Sequence[str]) -> dict[str, Any] | None:
    """Return Cohen's kappa, linear weights, of the initial and the second rating; None without a second rating."""
    pairs = [(one.ratings[0].level, one.ratings[1].level) for one in document.conversations if len(one.ratings) > 1]
    if not pairs:
        return None
    kappa = cohens_kappa([one for one, _ in pairs], [two for _, two in pairs], categories=levels, weights="linear")
    return {**estimate_values(kappa), "same": sum(one == two for one, two in pairs)}


def _counted(rows: Sequence[Mapping[str, Any]], key: str, names: Mapping[str, str]) -> str:
    counts = Counter(row[key] for row in rows)
    return ", ".join(f"{counts[slug]} {name}" for slug, name in names.items() if counts[slug])


def read_probing(document: Probing, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return the levels of the conversations before and after further raters, agreement, and what is still owed.

    `bound` holds the framework's levels in their order, as they were when the document was filed.
    """
    names = {level["slug"]: level["name"] for level in bound["levels"]}
    levels = list(names)
    rows = [_conversation(one, document, levels) for one in document.conversations]
    escalated, owed = [row for row in rows if row["escalated"]], [row for row in rows if row["missing"]]
    parts = [f"{len(rows)} conversations: {_counted(rows, 'final', names)}"]
    if escalated:
        parts.append(f"{len(escalated)} initially {names[document.escalate_from]} or above")
    if owed:
        parts.append(f"{len(owed)} still owed a further rating")
    failed = {one.pseudonym for one in document.raters if one.screening != "passed"}
    unscreened = [row["id"] for row in rows if any(rating["rater"] in failed for rating in row["ratings"])]
    table = [
        {"level": level, "initial": sum(row["initial"] == level for row in rows),
         "final": sum(row["final"] == level for row in rows)}
        for level in levels
    ]  # fmt: skip
    return {
        "summary": f"{'; '.join(parts)}.",
        "levels": bound["levels"],
        "table": table,
        "conversations": rows,
        "escalated": escalated,
        "owed": owed,
        "unadjudicated": [row for row in rows if row["state"] == "unadjudicated"],
        "agreement": _agreement(document, levels),
        "raters": [one.model_dump() for one in document.raters],
        "unscreened": unscreened,
    }
