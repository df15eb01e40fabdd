"""Enrolling: programmes and who holds which role in them, each change with its ledger entry.

Roles that sign, judge or hand out access are granted by two people; `grant` alone is for the operator on the machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from evaluations.actors import Actor
from scorecard.access import Person
from scorecard.models import Membership, Programme, Proposal, Role, User
from scorecard.proposing import Content, Kind
from scorecard.recording import record
from scorecard.refusals import Refused

LONGEST_DAYS = 730
ALONE = (Role.PREPAREDNESS, Role.PIPELINE)
"""Roles that come with an invitation; every other one signs, audits or hands out access, so it takes two people."""


def open_programme(slug: str, *, name: str, by: Actor, at: datetime) -> Programme:
    """Return the programme of this slug, opening it if there is none."""
    with transaction.atomic():
        programme, created = Programme.objects.get_or_create(slug=slug, defaults={"name": name or slug})
        if created:
            data = {"slug": programme.slug, "name": programme.name}
            record("programme.opened", subject=("programme", programme.id), data=data, by=by, at=at)
    return programme


def _active(username: str) -> User:
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise Refused(
            "unknown-person",
            f"There is no active account {username!r}.",
            remedy=f"Invite the person first: python manage.py invite {username}",
            status=404,
        )
    return person


def _checked_role(role: str, days: int | None) -> None:
    if role not in Role.values:
        words = f"{role!r} is no role."
        remedy = f"Use one of {', '.join(Role.values)}."
        raise Refused("unknown-role", words, remedy=remedy, status=422, pointer="/role")
    if role == Role.AUDITOR and days is None:
        words = "The role of an auditor ends by itself."
        raise Refused("days-missing", words, remedy="Say for how many days.", status=422, pointer="/days")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        words = f"A role lasts 1 to {LONGEST_DAYS} days, or without an end."
        raise Refused("days-out-of-range", words, remedy="Choose a shorter time.", status=422, pointer="/days")


def grant(
    username: str, role: str, *, programme: Programme, by: Actor, at: datetime, days: int | None = None
) -> Membership:
    """Give a person a role in a programme, for `days` or without an end; a role that is held already stays.

    Raises Refused 404 for an unknown person, 422 for an unknown role, and for an auditor without an end.
    """
    person = _active(username)
    _checked_role(role, days)
    until = at + timedelta(days=days) if days is not None else None
    with transaction.atomic():
        facts = {"granted_at": at, "expires_at": until}
        held, created = Membership.objects.get_or_create(person=person, programme=programme, role=role, defaults=facts)
        over = held.expires_at is not None and held.expires_at <= at
        if over:
            Membership.objects.filter(pk=held.pk).update(**facts)
            held.refresh_from_db()
        if created or over:
            data = {
                "person": person.person_id, "name": person.display_name, "role": role, "programme": programme.slug,
                "days": days,
            }  # fmt: skip
            record("role.granted", subject=("person", person.person_id), data=data, by=by, at=at)
    return held


def _checked_grant(by: Person, content: Content, at: datetime) -> str:
    person, role, days = _active(str(content.get("username"))), str(content.get("role")), content.get("days")
    _checked_role(role, days)
    if person.pk == by.user.pk:
        words = "Nobody proposes a role for themselves."
        raise Refused("own-role", words, remedy="Ask somebody else to propose it.", status=403)
    return f"Make {person.display_name} {Role(role).label} in {by.programme.name}{f', {days} days' if days else ''}"


def _granted(by: Person, content: Content, proposal: Proposal, actor: Actor, at: datetime) -> Content:
    held = grant(
        content["username"], content["role"], programme=by.programme, by=actor, at=at, days=content.get("days")
    )
    return {"role": held.role, "person": held.person.person_id}


GRANT = Kind(
    slug="role.grant",
    title="Give a person a role",
    proposers=(Role.ADMINISTRATOR,),
    confirmers=(Role.ADMINISTRATOR, Role.ADVISORY_CHAIR, Role.LEADERSHIP, Role.BOARD),
    lasts=timedelta(days=7),
    check=_checked_grant,
    carry_out=_granted,
    beneficiary=lambda content: (
        User.objects.filter(username=content.get("username")).values_list("person_id", flat=True).first()
    ),
)


def _administrators(programme: Programme, *, at: datetime) -> QuerySet[Membership]:
    """Return the memberships by which somebody can administrate now: of an account in use, and not over."""
    live = Q(expires_at=None) | Q(expires_at__gt=at)
    return Membership.objects.filter(live, programme=programme, role=Role.ADMINISTRATOR, person__is_active=True)


def revoke(membership: Membership, *, reason: str, by: Person, at: datetime) -> None:
    """Take a role away: it counts for nothing from the next request on.

    Raises Refused: 403 without the administrator's role, 409 for the last administrator, 422 without a reason.
    """
    by.acting_as(Role.ADMINISTRATOR)
    if not reason.strip():
        raise Refused("reason-missing", "Say why.", remedy="Write the reason.", status=422, pointer="/reason")
    with transaction.atomic():
        # The programme's row first, so that two who take the last two administrators away wait for each other.
        Programme.objects.select_for_update().get(id=by.programme.id)
        held = Membership.objects.select_for_update(of=("self",)).filter(programme=by.programme)
        row = held.select_related("person").filter(pk=membership.pk).first()
        if row is None:
            return
        if row.role == Role.ADMINISTRATOR and not _administrators(by.programme, at=at).exclude(pk=row.pk).exists():
            words = f"{row.person.display_name} is the last administrator of {by.programme.name}."
            raise Refused("last-administrator", words, remedy="Make another person administrator first.")
        data = {
            "person": row.person.person_id, "name": row.person.display_name, "role": row.role,
            "programme": by.programme.slug, "reason": reason.strip(),
        }  # fmt: skip
        row.delete()
        record("role.revoked", subject=("person", data["person"]), data=data, by=by.actor, at=at)
