"""Recovering: the owner of an account gets back in with a one-time link, and cannot sign anything for a day.

The administrator hands the link over and never sets a credential: what the owner chooses, only the owner knows. The
day without signing gives the owner time to object when it was not they who used the link (21 CFR 11.200(a)(3)).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import transaction

from evaluations.actors import SYSTEM, Actor
from scorecard.access import Person, held_memberships
from scorecard.issuing import revoke_token
from scorecard.models import ApiToken, LinkPurpose, Membership, OneTimeLink, Role, User
from scorecard.moments import rfc3339
from scorecard.one_time_links import find, make, open_links
from scorecard.recording import record
from scorecard.refusals import Refused
from scorecard.security_events import note
from scorecard.sessions import end_sessions
from scorecard.setting_passwords import set_password

SIGNING_HOLD = timedelta(hours=24)


def member_named(username: str, *, by: Person) -> User:
    """Return a member whose account the administrator may act on: every programme of it is one they administer.

    Raises Refused 403 without that, and 404 if there is no such member of `by.programme`.
    """
    by.acting_as(Role.ADMINISTRATOR)
    held = Membership.objects.filter(programme=by.programme, person__username=username).select_related("person")
    membership = held.first()
    if membership is None:
        raise Refused("not-found", "There is no such member of this programme.", remedy="Reload the page.", status=404)
    administered = held_memberships(by.user).filter(role=Role.ADMINISTRATOR).values("programme")
    if Membership.objects.filter(person=membership.person).exclude(programme__in=administered).exists():
        raise Refused(
            "account-shared",
            f"{membership.person.display_name} also works in a programme that you do not administer.",
            remedy="Ask somebody who administers all of them.",
            status=403,
        )
    return membership.person


def offer_recovery(username: str, *, by: Person, at: datetime) -> tuple[OneTimeLink, str]:
    """Return a recovery link for a member, valid for 24 hours, and its secret; earlier ones stop working.

    Raises Refused: 403 without the role administrator and for one's own account, 404 for no member, 409 if disabled.
    """
    person = member_named(username, by=by)
    if person.pk == by.user.pk:
        raise Refused(
            "own-account", "Nobody recovers their own account.", remedy="Ask another administrator.", status=403
        )
    if not person.is_active:
        raise Refused("account-disabled", f"{person.display_name}'s account is disabled.", remedy="Enable it first.")
    with transaction.atomic():
        open_links(LinkPurpose.RECOVERY, at=at).filter(person=person).update(revoked_at=at)
        link, secret = make(
            LinkPurpose.RECOVERY, made_by=by.user, at=at, person=person, programme=by.programme,
            username=person.username,
        )  # fmt: skip
        data = {
            "programme": by.programme.slug, "name": person.display_name, "expires_at": rfc3339(link.expires_at),
        }  # fmt: skip
        record("account.recovery_offered", subject=("person", person.person_id), data=data, by=by.actor, at=at)
    return link, secret


def recovery(secret: str, *, at: datetime) -> OneTimeLink:
    """Return the open recovery link of a secret. Raises Refused 404."""
    return find(LinkPurpose.RECOVERY, secret, at=at)


def recover(secret: str, *, password: str, at: datetime, address: str = "") -> User:
    """Give the account a new password, remove its second factors, end its sessions and tokens, and hold its signatures.

    Raises Refused: 404 for a link that does not work or whose account was disabled meanwhile, 422 for a password.
    """
    with transaction.atomic():
        link = find(LinkPurpose.RECOVERY, secret, at=at, locked=True)
        person = User.objects.select_for_update().filter(one_time_links=link, is_active=True).first()
        if person is None:
            raise Refused("link-not-valid", "This link does not work.", remedy="Ask an administrator.", status=404)
        set_password(person, password)
        person.signing_hold_until = at + SIGNING_HOLD
        person.save(update_fields=["password", "signing_hold_until"])
        Authenticator.objects.filter(user=person).delete()
        end_sessions(person)
        for token in ApiToken.objects.filter(person=person, revoked_at=None, expires_at__gt=at):
            revoke_token(token, by=SYSTEM, at=at, reason="The account of its owner was recovered.")
        link.used_at = at
        link.save(update_fields=["used_at"])
        himself = Actor(kind="person", id=person.person_id, name=person.display_name)
        data = {
            "programme": link.programme.slug if link.programme is not None else None, "name": person.display_name,
            "signing_hold_until": rfc3339(person.signing_hold_until),
        }  # fmt: skip
        record("account.recovered", subject=("person", person.person_id), data=data, by=himself, at=at)
        note("account.recovered", person=person, at=at, address=address)
    return person
