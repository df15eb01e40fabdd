"""What happens at the door of an account: one row for its owner and the administrators, one line in the log.

A row is no part of the ledger, because whoever knocks without a key must not be able to fill the ledger.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from scorecard.models import SecurityEvent, User

KINDS = {
    "sign_in.succeeded": "A person signed in.",
    "sign_in.failed": "A name or password was wrong, or the account is disabled.",
    "sign_in.limited": "Too many attempts: nothing was looked at for a while.",
    "second_factor.failed": "A code or passkey was refused.",
    "second_factor.added": "An authenticator app or a passkey was added.",
    "second_factor.removed": "An authenticator app or a passkey was removed.",
    "recovery_codes.made": "New recovery codes were made; the old ones no longer work.",
    "passkey.copied": "A passkey's counter went backwards, so there may be a copy of it; it was refused.",
    "password.changed": "The password was changed; the account's other sessions ended.",
    "session.ended": "A session was ended from another one, or by its limits.",
    "reauthentication.succeeded": "A person proved once more who they are.",
    "reauthentication.failed": "A proof of who somebody is was wrong.",
    "reauthentication.locked": "Too many wrong proofs: none is looked at for some minutes.",
    "reauthentication.unlocked": "The time after too many wrong proofs is over.",
    "identity.linked": "An identity of the single sign-on was linked to the account.",
    "identity.unlinked": "The link to an identity of the single sign-on was removed.",
    "identity.refused": "The single sign-on vouched for somebody who has no account here, or the proof was faulty.",
    "account.recovered": "The account was recovered with a one-time link; nothing can be signed for a day.",
}
ROUTINE = frozenset({"sign_in.succeeded", "reauthentication.succeeded"})
"""Kinds that warn of nothing."""
KEPT_DAYS = 400
log = logging.getLogger("scorecard.security")


def write_down(
    kind: str, *, at: datetime, person: User | None = None, account: str = "", address: str = "", detail: str = ""
) -> SecurityEvent:
    """Keep one event without its line; for an event that may still turn out otherwise. Raises KeyError if unknown."""
    KINDS[kind]
    name = (person.username if person else account).replace("\0", "")[:200]
    return SecurityEvent.objects.create(
        at=at, kind=kind, person=person, account=name, address=address[:64], detail=detail[:300]
    )


def tell(event: SecurityEvent) -> None:
    """Write the event's line into the security log; what was typed stands there escaped, so it forges no line."""
    level = logging.INFO if event.kind in ROUTINE else logging.WARNING
    log.log(level, "%s account=%r address=%s detail=%r", event.kind, event.account, event.address or "-", event.detail)


def note(
    kind: str, *, at: datetime, person: User | None = None, account: str = "", address: str = "", detail: str = ""
) -> SecurityEvent:
    """Keep one event and write its line; `account` is what was typed, and no secret may stand anywhere in it.

    Raises KeyError for a kind that is not registered in `KINDS`.
    """
    event = write_down(kind, at=at, person=person, account=account, address=address, detail=detail)
    tell(event)
    return event


def prune(*, at: datetime) -> int:
    """Delete events that are older than 400 days and return how many there were."""
    old = SecurityEvent.objects.filter(at__lt=at - timedelta(days=KEPT_DAYS))
    return old.delete()[0] if old.exists() else 0  # asked every few seconds, and a delete of nothing still locks
