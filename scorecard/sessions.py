"""The browser sessions of an account, and ending them."""

from __future__ import annotations

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from scorecard.models import User


def sessions_of(person: User) -> list[UserSession]:
    """Return the sessions that are still alive, newest first; rows of dead ones are cleared away."""
    alive: list[UserSession] = UserSession.objects.purge_and_list(person)
    return sorted(alive, key=lambda session: session.last_seen_at, reverse=True)


def end_session(person: User, row: int) -> bool:
    """End one session of the person by its row number; say whether there was one."""
    session = UserSession.objects.filter(user=person, pk=row).first()
    if session is not None:
        session.end()
    return session is not None


def end_sessions(person: User, *, but: str | None = None) -> int:
    """End every session of the person, or every one but that of the session key `but`; return how many."""
    ended = 0
    for session in UserSession.objects.filter(user=person).exclude(session_key=but or ""):
        session.end()
        ended += 1
    return ended


def clear_ended(*, at: datetime) -> int:
    """Delete what the database still keeps of sessions that are over, and return how many there were."""
    over = Session.objects.filter(expire_date__lt=at)
    return over.delete()[0] if over.exists() else 0
