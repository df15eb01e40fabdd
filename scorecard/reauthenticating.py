"""Reauthenticating: a person proves afresh who they are, for one named purpose, with a limit on wrong proofs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scorecard.models import SecurityEvent, User
from scorecard.moments import rfc3339
from scorecard.password_rules import LONGEST
from scorecard.refusals import Refused
from scorecard.second_factors import Assertion, accept_code, accept_passkey
from scorecard.security_events import note, tell, write_down

PER_ACCOUNT, PER_ADDRESS = 10, 50
WINDOW = timedelta(minutes=5)


@dataclass(frozen=True)
class Proof:
    """A proof that held: how (`password`, `totp` or `passkey`) and when."""

    method: str
    at: datetime


def refuse_if_held(person: User, *, at: datetime) -> None:
    """Raise Refused 403 while an account that was recovered may not sign."""
    hold = User.objects.only("signing_hold_until").get(pk=person.pk).signing_hold_until
    if hold is not None and hold > at:
        raise Refused(
            "signing-held",
            f"{person.display_name}'s account was recovered and cannot sign before {rfc3339(hold)}.",
            remedy="Wait until then, or ask another person who may sign. If you did not recover it, tell an "
            "administrator.",
            status=403,
        )


def _method(person: User, password: str, code: str, assertion: Assertion | None, at: datetime, address: str) -> str:
    """Return the method whose proof holds, or "" if none does."""
    if password:
        return "password" if len(password) <= LONGEST and person.check_password(password) else ""
    if code:
        return "totp" if accept_code(person, code, at=at) else ""
    if assertion is not None:
        return "passkey" if accept_passkey(person, assertion, at=at, address=address) else ""
    return ""


def _failures(at: datetime, **whose: object) -> int:
    return SecurityEvent.objects.filter(kind="reauthentication.failed", at__gt=at - WINDOW, **whose).count()


def _refuse_if_too_many(attempt: SecurityEvent, person: User, at: datetime, address: str) -> None:
    """Raise Refused 429 when this attempt is beyond a limit; the first one beyond it is kept as the lock."""
    too_many = _failures(at, person=person) > PER_ACCOUNT
    if not too_many and not (address and _failures(at, address=address) > PER_ADDRESS):
        return
    attempt.delete()  # only wrong proofs that were looked at count, so that the lock ends even while somebody knocks
    locked = SecurityEvent.objects.filter(kind="reauthentication.locked", person=person, at__gt=at - WINDOW)
    if not locked.exists():
        note("reauthentication.locked", person=person, address=address, at=at, detail=f"for {WINDOW}")
    raise Refused(
        "too-many-attempts",
        "There were too many wrong passwords or codes in the last five minutes; none is looked at for now.",
        remedy=f"Wait until {rfc3339(at + WINDOW)} at the latest. If it was not you, tell an administrator.",
        status=429,
    )


def _note_unlocking(person: User, at: datetime) -> None:
    last = SecurityEvent.objects.filter(
        person=person, kind__in=("reauthentication.locked", "reauthentication.unlocked"), at__lte=at
    ).first()
    if last is not None and last.kind == "reauthentication.locked":
        note("reauthentication.unlocked", person=person, at=at)


def _wrong(password: str, code: str) -> Refused:
    what = "password" if password or not code else "code"
    return Refused(
        "password-wrong" if what == "password" else "code-wrong",
        f"The {what} is wrong; every signature needs a proof of its own.",
        remedy="Type your own password again, or the next code of your authenticator app.",
        status=403,
        pointer=f"/{what}",
    )


def reauthenticate(
    person: User,
    *,
    password: str = "",
    code: str = "",
    assertion: Assertion | None = None,
    purpose: str,
    at: datetime,
    address: str = "",
) -> Proof:
    """Return the proof that this is the person, by the first of password, code and passkey that was given.

    Call it before the transaction of the deed, because a refusal must not take the count of failures with it.
    Raises Refused: 403 for a wrong proof or none, which is not counted, and 429 after ten wrong ones of an account, or
    fifty from an address, within five minutes.
    """
    if not (password or code or assertion):
        raise _wrong(password, code)
    # Kept as failed before it is looked at, so that neither a crash nor a race gives a guess for nothing.
    attempt = write_down("reauthentication.failed", person=person, address=address, at=at, detail=purpose)
    _refuse_if_too_many(attempt, person, at, address)
    _note_unlocking(person, at)
    active = User.objects.filter(pk=person.pk, is_active=True).exists()
    method = _method(person, password, code, assertion, at, address) if active else ""
    if method:
        attempt.kind, attempt.detail = "reauthentication.succeeded", f"{method}: {purpose}"[:300]
        attempt.save(update_fields=["kind", "detail"])
    tell(attempt)
    if not method:
        raise _wrong(password, code)
    return Proof(method=method, at=at)
