"""Doors to scorecards: which exist for a reader, and what of them is withheld."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from scorecard.access.readers import Reader
from scorecard.models import Scorecard
from scorecard.refusals import Refused


def visible_scorecards(reader: Reader) -> QuerySet[Scorecard]:
    """Return every scorecard version that the reader may see, whole or in part."""
    related = ("programme", "checkpoint__subject", "framework", "replaces")
    return Scorecard.objects.filter(programme__in=reader.programmes).select_related(*related)


def visible_scorecard(
    reader: Reader, *, id: str | None = None, number: str | None = None, version: int | None = None
) -> Scorecard:
    """Return one scorecard by id, or by number and version (newest version without one). Raises Refused 404."""
    cards = visible_scorecards(reader)
    if id is not None:
        found = cards.filter(id=id).first()
    else:
        cards = cards.filter(number=number)
        found = cards.filter(version=version).first() if version is not None else cards.order_by("-version").first()
    if found is None:
        raise Refused("not-found", "There is no such scorecard, or it is not visible to you.", status=404)
    return found


def withheld_categories(reader: Reader, card: Scorecard) -> frozenset[str]:
    """Return the card's categories whose evidence the reader may not see; a card that is not theirs hides all."""
    categories = {row["slug"] for row in card.framework.document["categories"]}
    sight = reader.sight(card.programme_id)
    return frozenset(categories) if sight is None else frozenset(categories & sight.withheld)


def told_categories(reader: Reader, card: Scorecard, document: dict[str, Any]) -> frozenset[str]:
    """Return the categories of any framework document that may be told of a card to a reader.

    A category that is judged by an evaluation hidden from the reader is not among them, whatever the document calls it:
    a part of its evidence would give another level, and a document made for the purpose would tell the evidence,
    threshold by threshold.
    """
    sight = reader.sight(card.programme_id)
    if sight is None:
        return frozenset()
    hidden = withheld_categories(reader, card) | sight.withheld
    if sight.evaluations is not None:
        hidden |= {row["category"] for row in document["indicators"] if row["evaluation"] not in sight.evaluations}
    return frozenset(row["slug"] for row in document["categories"]) - hidden


def refuse_unless_cleared(reader: Reader, card: Scorecard) -> None:
    """Raise Refused 403 for whoever would put their name to evidence that they may not see."""
    if withheld := withheld_categories(reader, card):
        names = {row["slug"]: row["name"] for row in card.framework.document["categories"]}
        shown = " and ".join(names[slug] for slug in sorted(withheld))
        raise Refused(
            "not-cleared",
            f"You are not cleared for the evidence behind {shown}, and nobody signs what they may not see.",
            remedy="Ask for a clearance, or let a cleared person sign.", status=403,
        )  # fmt: skip


def refuse_unless_whole(reader: Reader, card: Scorecard) -> None:
    """Raise Refused 404 where a part of the card is withheld: its signed bytes exist only whole."""
    if withheld_categories(reader, card):
        raise Refused("not-found", "There is no such document, or it is not visible to you.", status=404)
