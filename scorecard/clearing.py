"""Clearing: compartments, and who needs to know what is in them. A clearance takes two people and always ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from evaluations.actors import Actor
from scorecard.access import Person, held_memberships
from scorecard.models import Clearance, Compartment, FrameworkVersion, Programme, Proposal, Role, User
from scorecard.proposing import Content, Kind
from scorecard.recording import record
from scorecard.refusals import Refused

LONGEST_DAYS = 90
REVOKERS = (Role.ADMINISTRATOR, Role.ADVISORY_CHAIR, Role.LEADERSHIP, Role.BOARD)


def _known_categories() -> set[str]:
    return {entry["slug"] for version in FrameworkVersion.objects.all() for entry in version.document["categories"]}


def declare(
    programme: Programme,
    slug: str,
    *,
    name: str,
    categories: list[str],
    evaluations: list[str],
    by: Actor,
    at: datetime,
) -> Compartment:
    """Put the evidence of some risk categories, and single evaluations, into a compartment of the programme.

    Declared again it only grows: what lies in a compartment never leaves it by itself. Raises Refused 422 for a
    category that no published framework has, or for a compartment of nothing.
    """
    strange = sorted(set(categories) - _known_categories())
    if strange or not (categories or evaluations):
        words = (
            f"No framework has the category {strange[0]!r}." if strange else "A compartment of nothing hides nothing."
        )
        remedy = "Name categories of a published framework, or evaluations."
        raise Refused("category-unknown", words, remedy=remedy, status=422, pointer="/categories")
    with transaction.atomic():
        row, _ = Compartment.objects.get_or_create(programme=programme, slug=slug, defaults={"name": name or slug})
        row = Compartment.objects.select_for_update().get(pk=row.pk)
        before = (row.categories, row.evaluations)
        row.categories = sorted({*row.categories, *categories})
        row.evaluations = sorted({*row.evaluations, *evaluations})
        if before != (row.categories, row.evaluations):
            row.save(update_fields=["categories", "evaluations"])
            data = {
                "programme": programme.slug, "compartment": slug, "name": row.name, "categories": row.categories,
                "evaluations": row.evaluations,
            }  # fmt: skip
            record("compartment.declared", subject=("programme", programme.id), data=data, by=by, at=at)
    return row


def _person(content: Content) -> User:
    found = User.objects.filter(person_id=content.get("person"), is_active=True).first()
    if found is None:
        remedy = "Choose a person with an active account."
        raise Refused(
            "unknown-person", "There is no such active account.", remedy=remedy, status=422, pointer="/person"
        )
    return found


def _compartment(programme: Programme, content: Content) -> Compartment:
    found = Compartment.objects.filter(programme=programme, slug=content.get("compartment")).first()
    if found is None:
        remedy = "Choose a compartment of this programme."
        raise Refused(
            "unknown-compartment", "There is no such compartment.", remedy=remedy, status=422, pointer="/compartment"
        )
    return found


def _days(content: Content) -> int:
    days = content.get("days")
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= LONGEST_DAYS:
        words = f"A clearance lasts 1 to {LONGEST_DAYS} days."
        raise Refused("days-out-of-range", words, remedy="Choose a shorter time.", status=422, pointer="/days")
    return days


def _checked(by: Person, content: Content, at: datetime) -> str:
    person, compartment, days = _person(content), _compartment(by.programme, content), _days(content)
    if person.pk == by.user.pk:
        words = "Nobody proposes a clearance for themselves."
        raise Refused("own-clearance", words, remedy="Ask somebody else to propose it.", status=403)
    if not held_memberships(person).filter(programme=by.programme).exists():
        words = f"{person.display_name} holds no role in {by.programme.name}."
        raise Refused("not-a-member", words, remedy="Grant a role first.", status=422, pointer="/person")
    return f"Clear {person.display_name} for {compartment.name}, {days} days"


def _granted(by: Person, content: Content, proposal: Proposal, actor: Actor, at: datetime) -> Content:
    person, compartment = _person(content), _compartment(by.programme, content)
    row = Clearance.objects.create(
        person=person, compartment=compartment, reason=proposal.reason, granted_at=at,
        expires_at=at + timedelta(days=_days(content)),
    )  # fmt: skip
    data = {
        "programme": by.programme.slug, "compartment": compartment.slug, "person": person.person_id,
        "name": person.display_name, "days": content["days"], "proposal": proposal.id,
    }  # fmt: skip
    record("clearance.granted", subject=("person", person.person_id), data=data, by=actor, at=at)
    return {"clearance": row.id}


GRANT = Kind(
    slug="clearance.grant",
    title="Clear a person for a compartment",
    proposers=(Role.ADMINISTRATOR, Role.PREPAREDNESS),
    confirmers=(Role.ADVISORY_CHAIR, Role.LEADERSHIP, Role.BOARD),
    lasts=timedelta(days=3),
    check=_checked,
    carry_out=_granted,
    beneficiary=lambda content: content.get("person"),
)


def revoke(clearance: Clearance, *, reason: str, by: Person, at: datetime) -> Clearance:
    """End a clearance now: the next request does not see the compartment. A second time changes nothing.

    Raises Refused: 403 without a role that may, 422 without a reason.
    """
    by.acting_as(*REVOKERS)
    if not reason.strip():
        raise Refused("reason-missing", "Say why.", remedy="Write the reason.", status=422, pointer="/reason")
    with transaction.atomic():
        row = Clearance.objects.select_for_update().select_related("person", "compartment").get(id=clearance.id)
        if row.revoked_at is not None:
            return row
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        data = {
            "programme": by.programme.slug, "compartment": row.compartment.slug, "person": row.person.person_id,
            "name": row.person.display_name, "reason": reason.strip(),
        }  # fmt: skip
        record("clearance.revoked", subject=("person", row.person.person_id), data=data, by=by.actor, at=at)
    return row
