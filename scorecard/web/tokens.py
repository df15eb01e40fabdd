"""API tokens of the person who is signed in, and for an administrator those of the whole programme."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from scorecard import issuing
from scorecard.access import Person, allowed_scopes, visible_tokens
from scorecard.models import ApiToken, Scope
from scorecard.refusals import Refused
from scorecard.web.doors import days_given, page, person_chosen, person_in, reader_for, the_one

FIELDS = ("name", "suites", "days")
OVER_SHOWN = 20


def _rows(request: HttpRequest, person: Person) -> dict[str, Any]:
    now = timezone.now()
    mine = visible_tokens(reader_for(request)).filter(programme=person.programme)
    over = Q(expires_at__lte=now) | ~Q(revoked_at=None)
    live = mine.exclude(over).order_by("person__username", "name", "-created_at")
    return {"live": live, "over": mine.filter(over).order_by("-expires_at")[:OVER_SHOWN]}


def _shown(request: HttpRequest, person: Person, *, status: int = 200, **extra: Any) -> HttpResponse:
    allowed = allowed_scopes(person.roles)
    context = {
        "person": person,
        "programme": person.programme,
        "programmes": reader_for(request).programmes,
        "scopes": [(value, words) for value, words in Scope.choices if value in allowed],
        "longest": issuing.LONGEST_DAYS,
        **_rows(request, person),
        **extra,
    }
    return render(request, "tokens/page.html", context, status=status)


@page("POST")
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens; a posted form issues one, whose secret this one answer shows."""
    person = person_chosen(request)
    if request.method != "POST":
        return _shown(request, person)
    suites = request.POST.get("suites", "").replace(",", " ").split()
    scopes = request.POST.getlist("scopes")
    try:
        token, secret = issuing.issue_own(
            name=request.POST.get("name", ""), scopes=scopes, suites=suites, days=days_given(request) or 0, by=person,
            at=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        given = {**{name: request.POST.get(name, "") for name in FIELDS}, "scopes": scopes}
        return _shown(request, person, status=refusal.status, refusal=refusal, given=given)
    return _shown(request, person, issued=token, secret=secret)


def _back(person: Person) -> HttpResponse:
    return redirect(f"{reverse('web:tokens')}?programme={person.programme.slug}")


def _token(request: HttpRequest, token_id: str) -> tuple[ApiToken, Person]:
    found = the_one(visible_tokens(reader_for(request)).filter(id=token_id), "token")
    return found, person_in(request, found.programme_id)


@page("POST")
def rotate(request: HttpRequest, token_id: str) -> HttpResponse:
    """Issue the successor of one's own token and show its secret; the old one goes on for a day."""
    found, person = _token(request, token_id)
    if request.method != "POST":
        return _back(person)
    if found.person_id != person.user.pk:
        words = "A token is rotated by its owner, because its secret is shown to nobody else."
        raise Refused("not-yours", words, remedy="Revoke it; its owner issues a new one.", status=403)
    try:
        token, secret = issuing.rotate_token(
            found, grace=timedelta(days=1), days=issuing.LONGEST_DAYS, by=person.actor, at=timezone.now()
        )
    except Refused as refusal:
        return _shown(request, person, status=refusal.status, refusal=refusal)
    return _shown(request, person, issued=token, secret=secret)


@page("POST")
def revoke(request: HttpRequest, token_id: str) -> HttpResponse:
    """Revoke a token: the next request with it is refused."""
    found, person = _token(request, token_id)
    if request.method == "POST":
        issuing.revoke_token(found, by=person.actor, at=timezone.now())
        messages.success(request, f"The token {found.name} ({found.prefix}) is revoked.")
    return _back(person)
