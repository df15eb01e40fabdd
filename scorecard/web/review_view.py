"""What a person can do on the review page, and in words why not. The deeds decide; this only says it beforehand."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from scorecard.access import Person
from scorecard.framework.reading import joined
from scorecard.models import Meaning, Role, Scorecard, State
from scorecard.queries import snapshot_of
from scorecard.queries.xray import blocking_words

Record = dict[str, Any]
SIGNING_ROLES = (Role.ADVISORY_MEMBER, Role.ADVISORY_CHAIR, Role.LEADERSHIP, Role.BOARD)
SEALING_ROLES = (Role.PREPAREDNESS, Role.ADVISORY_CHAIR, Role.LEADERSHIP)
FREE_MEANINGS = (Meaning.REVIEWED, Meaning.DISSENTS)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _parts_of(document: Record, identifier: str) -> list[str]:
    """Return in words everything that a person did for the card; empty when they had no part in it."""
    own = [row["role"] for row in document["authors"] if row["id"] == identifier]
    determined = sum(
        1
        for category in document["categories"]
        for side in ("pre_mitigation", "post_mitigation")
        if (category[side]["determination"] or {}).get("by", {}).get("id") == identifier
    )
    applied = sum(1 for row in document["applicability"] if row["by"]["id"] == identifier)
    parts = [f"determined {_counted(determined, 'level')}"] if determined else []
    parts += [f"determined {_counted(applied, 'applicability statement')}"] if applied else []
    parts += ["posted evidence"] if "posted evidence" in own else []
    return parts or (["asked for this review"] if own else [])


def own_part(document: Record, person: Person) -> str:
    """Say in words what the person authored of this card; empty when they had no part in it."""
    parts = _parts_of(document, person.actor.id)
    return f"You {joined(parts)}, so you may not sign." if parts else ""


def authors(document: Record) -> list[Record]:
    """Return the authors, each person once, with what makes them one: `{name, parts}`."""
    people = {row["id"]: row["name"] for row in document["authors"]}
    return [{"name": name, "parts": joined(_parts_of(document, identifier))} for identifier, name in people.items()]


def signing_choices(document: Record, person: Person) -> list[Record]:
    """Return the role and meaning pairs that the person may choose from; none is chosen for them."""
    choices = []
    for role in SIGNING_ROLES:
        if role in person.roles:
            asked = [step["meaning"] for step in document["signoff"]["steps"] if step["role"] == role]
            choices += [
                {"value": f"{role}:{meaning}", "meaning": meaning, "role": Role(role).label}
                for meaning in dict.fromkeys([*asked, *FREE_MEANINGS])
            ]
    return choices


def why_not_sign(card: Scorecard, document: Record, person: Person) -> str:
    """Say why the person cannot sign now; empty when they can."""
    if card.state != State.IN_REVIEW:
        return f"This version is {card.get_state_display().lower()}; only a card in review can be signed."
    own = own_part(document, person)
    if not person.has(*SIGNING_ROLES):
        return own or (
            "Signing needs one of these roles: member or chair of the Safety Advisory Group, Leadership, Board. "
            "You hold none of them."
        )
    already = any(
        row["signer"]["id"] == person.actor.id and not row["stale"] for row in document["signoff"]["signatures"]
    )
    return "You have signed this content already." if already else own


def why_not_request(card: Scorecard, document: Record, person: Person) -> str:
    """Say why the person cannot ask for review now; empty when they can."""
    if not person.has(Role.PREPAREDNESS):
        return f"Review is requested by the {Role.PREPAREDNESS.label}; you do not hold that role."
    errors = [row for row in document["lint"] if row["severity"] == "error"]
    if errors:
        return f"{_counted(len(errors), 'error')} must be mended first; see the exceptions above."
    found = blocking_words(card, snapshot_of(card), at=timezone.now()) if card.state == State.DRAFT else []
    return f"The x-ray finds what must be mended first: {'; '.join(found)}." if found else ""


def why_not_seal(card: Scorecard, document: Record, person: Person) -> str:
    """Say why the person cannot seal now; empty when they can."""
    if not person.has(*SEALING_ROLES):
        return "Sealing needs the Preparedness team, the chair of the Safety Advisory Group or Leadership."
    missing = document["signoff"]["missing"]
    return f"Signatures are missing: {'; '.join(missing)}." if missing else ""


def why_not_reopen(person: Person) -> str:
    """Say why the person cannot take the card back to draft; empty when they can."""
    return "" if person.has(Role.PREPAREDNESS) else f"Only the {Role.PREPAREDNESS.label} takes a card back to draft."
