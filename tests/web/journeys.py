"""Short ways to a card in each state, through the deeds themselves."""

from __future__ import annotations

from collections.abc import Callable

from scorecard.access import Person
from scorecard.determining import determine, newest_assessment
from scorecard.models import Scorecard
from scorecard.queries import card_digest
from scorecard.sealing import seal
from scorecard.signing import request, sign
from tests.conftest import NOW, PASSWORD
from tests.replaying import replayed

Cast = Callable[[str], Person]
REASON = "The team judged the whole of the evidence."


def determined(card: Scorecard, person: Cast, level: str = "low") -> Scorecard:
    """Ada determines every category and side at one level."""

    def by_ada() -> str:
        for category in card.framework.document["categories"]:
            for side in ("pre_mitigation", "post_mitigation"):
                determine(
                    card,
                    category=category["slug"],
                    mitigation=side,
                    level=level,
                    rationale=REASON,
                    seen=newest_assessment(card, category["slug"], side).digest,
                    by=person("ada"),
                    at=NOW,
                )
        return card.id

    replayed(by_ada, card, level)
    card.refresh_from_db()
    return card


def in_review(card: Scorecard, person: Cast) -> Scorecard:
    """The determined card, with review requested."""
    card = determined(card, person)

    def requested() -> str:
        return request(card, seen=card_digest(card), by=person("ada"), at=NOW).id

    return Scorecard.objects.get(id=replayed(requested, card))


def signed(card: Scorecard, person: Cast) -> Scorecard:
    """The card in review with both signatures."""
    card = in_review(card, person)

    def by_two() -> str:
        for name, role, meaning in (("chen", "advisory_chair", "recommends"), ("dana", "leadership", "approves")):
            sign(
                card,
                role=role,
                meaning=meaning,
                seen=card.digest,
                reason="Agreed.",
                password=PASSWORD,
                by=person(name),
                at=NOW,
            )
        return card.id

    replayed(by_two, card)
    return card


def sealed(card: Scorecard, person: Cast) -> Scorecard:
    """The sealed card."""
    card = signed(card, person)
    seal(card, seen=card.digest, by=person("ada"), at=NOW)
    card.refresh_from_db()
    return card
