"""Disabling: an account is closed and opened again by an administrator; nothing of it is deleted."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from scorecard.access import Person
from scorecard.models import LinkPurpose, User
from scorecard.one_time_links import open_links
from scorecard.recording import record
from scorecard.recovering import member_named
from scorecard.refusals import Refused
from scorecard.sessions import end_sessions


def _set(person: User, active: bool, *, reason: str, by: Person, at: datetime) -> User:
    if person.pk == by.user.pk:
        raise Refused(
            "own-account", "Nobody disables or enables their own account.", remedy="Ask another administrator.",
            status=403,
        )  # fmt: skip
    if not reason.strip():
        raise Refused("reason-missing", "Say why.", remedy="Write the reason.", status=422, pointer="/reason")
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        if person.is_active == active:
            words = "in use" if active else "disabled"
            raise Refused("account-so-already", f"{person.display_name}'s account is {words} already.",
                          remedy="Reload the page.")  # fmt: skip
        person.is_active = active
        person.save(update_fields=["is_active"])
        if not active:
            end_sessions(person)
            open_links(LinkPurpose.RECOVERY, at=at).filter(person=person).update(revoked_at=at)
        data = {"programme": by.programme.slug, "name": person.display_name, "reason": reason.strip()}
        kind = "account.enabled" if active else "account.disabled"
        record(kind, subject=("person", person.person_id), data=data, by=by.actor, at=at)
    return person


def disable(username: str, *, reason: str, by: Person, at: datetime) -> User:
    """Disable a member's account: sessions, tokens and recovery links stop working with the next request.

    Raises Refused: 403 without the role administrator and for one's own account, 404, 409 if so already, 422.
    """
    return _set(member_named(username, by=by), False, reason=reason, by=by, at=at)


def enable(username: str, *, reason: str, by: Person, at: datetime) -> User:
    """Enable a member's account again. Raises Refused like `disable`."""
    return _set(member_named(username, by=by), True, reason=reason, by=by, at=at)
