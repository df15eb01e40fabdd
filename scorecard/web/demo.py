"""Demo mode only: the one-time entry link that the start prints, and the switch between the built-in people."""

from __future__ import annotations

import hashlib
import secrets

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from scorecard.demonstration.entering import name_in
from scorecard.environment import private_file
from scorecard.models import User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def _use_once(token: str) -> bool:
    """Mark the token as used by a file of its name; only the first caller of all creates it."""
    mine = secrets.token_bytes(32)
    place = settings.DATA_DIR / "demo-entries" / hashlib.sha256(token.encode()).hexdigest()
    return not place.exists() and private_file(place, mine) == mine


def _begin(request: HttpRequest, person: User) -> None:
    """Sign the person in without a proof, and list the session on the page of the account like any other."""
    login(request, person, backend=BACKEND)
    UserSession.objects.create_from_request(request)


def _person(name: str | None) -> User | None:
    return User.objects.filter(username=name, is_active=True).exclude(memberships=None).first() if name else None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Offer to sign in as the demo person on GET, because a fetched link must change nothing; POST signs in."""
    if not settings.DEMO:
        raise Http404
    person = _person(name_in(token))
    if request.method != "POST":
        return render(request, "pages/enter.html", {"person": person}, status=200 if person else 403)
    if person is None or not _use_once(token):
        return render(request, "pages/enter.html", {"person": None}, status=403)
    _begin(request, person)
    return redirect("web:overview")


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Go on as another demo person."""
    if not settings.DEMO or not request.user.is_authenticated:
        raise Http404
    person = _person(request.POST.get("person"))
    if person is None:
        raise Http404
    _begin(request, person)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=False)
    return redirect(target if safe and target.startswith("/") else "web:overview")
