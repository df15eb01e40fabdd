"""A session ends by itself: after a while without activity, and twelve hours after sign-in in any case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from scorecard.models import User
from scorecard.security_events import note
from scorecard.web.addresses import address_of

BEGUN, SEEN, WHOSE = "begun_at", "seen_at", "limits_of"
TOUCH_SECONDS = 60
"""How much later a session must be seen again before it is written; each write costs the page a transaction."""


class SessionLimits:
    """Middleware that ends a session at its limits and remembers when its person did something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on the request, as nobody's if the session is over."""
        if not request.path.startswith("/api/") and isinstance(request.user, User):
            self._look(request, request.user, timezone.now())
        return self._next(request)

    def _look(self, request: HttpRequest, person: User, now: datetime) -> None:
        session, seconds = request.session, int(now.timestamp())
        if session.get(WHOSE) != person.pk:  # signed in just now
            session[WHOSE], session[BEGUN], session[SEEN] = person.pk, seconds, seconds
            return
        idle, age = seconds - session[SEEN], seconds - session[BEGUN]
        if idle > settings.SESSION_IDLE_SECONDS or age > settings.SESSION_COOKIE_AGE:
            why = "no activity" if age <= settings.SESSION_COOKIE_AGE else "twelve hours are over"
            note("session.ended", person=person, at=now, address=address_of(request), detail=why)
            logout(request)
        elif idle >= TOUCH_SECONDS and not request.headers.get(
            "HX-Request"
        ):  # a page that follows by itself is no deed
            session[SEEN] = seconds
            UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=now)
