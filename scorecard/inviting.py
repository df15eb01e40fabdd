"""Inviting: accounts come from invitations only; a link that works once makes the account when a password is set."""

from __future__ import annotations

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from evaluations.actors import SYSTEM, Actor
from scorecard.access import Person
from scorecard.enrolling import ALONE, grant
from scorecard.models import LinkPurpose, OneTimeLink, Programme, Role, User
from scorecard.moments import rfc3339
from scorecard.one_time_links import find, make, open_links
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.setting_passwords import set_password

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
"""Plain letters only, so that no two names look alike."""
AUDITOR_DAYS = 90
"""How long an invited auditor reads; the role of an auditor always ends by itself, and is given again for longer."""


def _invites(by: Person | Actor, programme: Programme) -> tuple[Actor, User | None]:
    """Return who invites, by value and as an account. An operator at the console is an Actor without one."""
    if isinstance(by, Actor):
        return by, None
    by.acting_as(Role.ADMINISTRATOR)
    if by.programme.pk != programme.pk:
        raise Refused("not-found", "There is no such programme, or it is not visible to you.", status=404)
    return by.actor, by.user


def _unclear(detail: str, remedy: str, pointer: str) -> Refused:
    return Refused("invitation-unclear", detail, remedy=remedy, status=422, pointer=pointer)


def _check_role(role: str, account: User | None) -> None:
    if role not in Role.values and (role or account is None):
        raise _unclear(f"{role[:80]!r} is no role.", f"Use one of {', '.join(Role.values)}.", "/role")
    if account is not None and role and role not in ALONE:
        words = f"The role {Role(role).label} takes two people, and an invitation comes from one."
        remedy = "Invite without a role; once the account is there, propose the role on the page Access."
        raise Refused("role-needs-two", words, remedy=remedy, status=422, pointer="/role")


def _check(username: str, email: str) -> None:
    if not USERNAME.fullmatch(username):
        raise _unclear(
            f"{username[:80]!r} is no user name.", "Use small letters, digits and . _ @ + -, 2 to 64.", "/username"
        )
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise _unclear(f"{email[:80]!r} is no e-mail address.", "Correct it or leave it out.", "/email") from None


def _check_free(username: str, email: str, at: datetime) -> None:
    taken = User.objects.filter(username__iexact=username).exists()
    waiting = open_links(LinkPurpose.INVITATION, at=at).filter(username=username).exists()
    if taken or waiting:
        raise Refused(
            "username-taken",
            f"{username!r} is {'an account already' if taken else 'invited already'}.",
            remedy="Give the existing account the role, or revoke the open invitation first.",
            pointer="/username",
        )
    if email and User.objects.filter(email__iexact=email).exists():
        raise Refused(
            "email-taken", "Another account has this e-mail address.", remedy="One person has one account.",
            pointer="/email",
        )  # fmt: skip


def invite(
    username: str,
    *,
    programme: Programme,
    role: str,
    full_name: str = "",
    email: str = "",
    by: Person | Actor,
    at: datetime,
) -> tuple[OneTimeLink, str]:
    """Return an invitation, valid for 72 hours, and its secret, to be handed over once.

    A person invites with one of the roles that one person may give, or with "" for none yet; the operator with any.
    Raises Refused: 403 without the role administrator, 409 for a name or address that is taken, 422 for unclear input.
    """
    username, full_name, email = username.strip(), " ".join(full_name.split())[:200], email.strip()
    actor, account = _invites(by, programme)
    _check(username, email)
    _check_role(role, account)
    with transaction.atomic():
        _check_free(username, email, at)
        link, secret = make(
            LinkPurpose.INVITATION, made_by=account, at=at, programme=programme, role=role, username=username,
            full_name=full_name, email=email,
        )  # fmt: skip
        data = {
            "username": username, "name": full_name or username, "role": role or None, "programme": programme.slug,
            "expires_at": rfc3339(link.expires_at),
        }  # fmt: skip
        record("person.invited", subject=("invitation", link.id), data=data, by=actor, at=at)
    return link, secret


def invitation(secret: str, *, at: datetime) -> OneTimeLink:
    """Return the open invitation of a secret. Raises Refused 404."""
    return find(LinkPurpose.INVITATION, secret, at=at)


def _joined(link: OneTimeLink, password: str, at: datetime) -> User:
    first, _, last = (link.full_name or link.username).rpartition(" ")
    person = User(username=link.username, first_name=(first or last)[:150], last_name=last[:150] if first else "")
    person.email, person.date_joined = link.email, at
    set_password(person, password)
    person.save()
    return person


def accept(secret: str, *, password: str, at: datetime) -> User:
    """Make the account of an invitation, with its role if there is one, and return it.

    Raises Refused: 404 for a link that does not work, 409 for a name taken meanwhile, 422 for a password.
    """
    with transaction.atomic():
        link = find(LinkPurpose.INVITATION, secret, at=at, locked=True)
        assert link.programme is not None  # an invitation always has its programme
        if User.objects.filter(username__iexact=link.username).exists():
            raise Refused("username-taken", "The account exists already.", remedy="Sign in, or ask for another link.")
        person = _joined(link, password, at)
        link.used_at, link.person = at, person
        link.save(update_fields=["used_at", "person"])
        himself = Actor(kind="person", id=person.person_id, name=person.display_name)
        data = {"username": person.username, "name": person.display_name, "programme": link.programme.slug,
                "invitation": link.id}  # fmt: skip
        record("person.joined", subject=("person", person.person_id), data=data, by=himself, at=at)
        if link.role:
            _grant_invited(link, link.programme, at)
    return person


def _grant_invited(link: OneTimeLink, programme: Programme, at: datetime) -> None:
    inviter = link.made_by
    giver = Actor(kind="person", id=inviter.person_id, name=inviter.display_name) if inviter else SYSTEM
    days = AUDITOR_DAYS if link.role == Role.AUDITOR else None
    grant(link.username, link.role, programme=programme, by=giver, at=at, days=days)


def revoke(link_id: str, *, by: Person, at: datetime) -> OneTimeLink:
    """Revoke an open invitation of the administrator's programme. Raises Refused 403, and 404 if there is none."""
    by.acting_as(Role.ADMINISTRATOR)
    with transaction.atomic():
        links = open_links(LinkPurpose.INVITATION, at=at).select_for_update().filter(programme=by.programme)
        link = links.filter(id=link_id).first()
        if link is None:
            raise Refused("not-found", "There is no such open invitation.", remedy="Reload the page.", status=404)
        link.revoked_at = at
        link.save(update_fields=["revoked_at"])
        data = {"username": link.username, "role": link.role or None, "programme": by.programme.slug}
        record("invitation.revoked", subject=("invitation", link.id), data=data, by=by.actor, at=at)
    return link
