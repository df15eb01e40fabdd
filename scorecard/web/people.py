"""The people of a programme, for its administrators: members, invitations, disabled accounts, recovery links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from scorecard import disabling, inviting, recovering
from scorecard.access import Person
from scorecard.enrolling import ALONE
from scorecard.models import LinkPurpose, Membership, OneTimeLink, Role, User
from scorecard.one_time_links import VALID, open_links
from scorecard.refusals import Refused
from scorecard.web.doors import page, people_of, person_chosen

FIELDS = ("username", "full_name", "email", "role")
Deed = Callable[[HttpRequest, Person], dict[str, Any]]


def administrator(request: HttpRequest) -> Person:
    """Return the visitor as administrator of the chosen programme. Raises Refused 404: to others nothing is here."""
    return person_chosen(request, Role.ADMINISTRATOR)


def members(person: Person) -> list[dict[str, Any]]:
    """Return the programme's people by name, each with the roles held in it."""
    rows: dict[int, dict[str, Any]] = {}
    held = Membership.objects.filter(programme=person.programme).select_related("person")
    for membership in held.order_by("person__first_name", "person__username", "role"):
        row = rows.setdefault(membership.person_id, {"person": membership.person, "memberships": []})
        row["memberships"].append(membership)
    return [{**row, "own": row["person"].pk == person.user.pk} for row in rows.values()]


def _shown(request: HttpRequest, person: Person, *, status: int = 200, **extra: Any) -> HttpResponse:
    now = timezone.now()
    context = {
        "now": now,
        "programme": person.programme,
        "programmes": [one.programme for one in people_of(request, Role.ADMINISTRATOR)],
        "members": members(person),
        "invitations": open_links(LinkPurpose.INVITATION, at=now).filter(programme=person.programme),
        "role_choices": [(role.value, role.label) for role in ALONE],
        **extra,
    }
    return render(request, "people/members.html", context, status=status)


def _do(request: HttpRequest, deed: Deed) -> HttpResponse:
    """Run a deed for a POST: the page with what is shown once, or a redirect, or the refusal beside what was typed."""
    person = administrator(request)
    back = redirect(f"{reverse('web:people')}?programme={person.programme.slug}")
    if request.method != "POST":
        return back
    try:
        shown = deed(request, person)
    except Refused as refusal:
        given = {name: request.POST.get(name, "") for name in FIELDS}
        return _shown(request, person, status=refusal.status, refusal=refusal, given=given)
    if "link" in shown:
        return _shown(request, person, **shown)
    messages.success(request, shown["words"])
    return back


def _once(link: OneTimeLink, secret: str, route: str, name: str) -> dict[str, Any]:
    address = f"{settings.PUBLIC_URL}{reverse(f'web:{route}', args=[secret])}"
    hours = int(VALID[LinkPurpose(link.purpose)].total_seconds()) // 3600
    return {"link": address, "link_for": name, "link_purpose": link.get_purpose_display(), "link_hours": hours}


def _invite(request: HttpRequest, person: Person) -> dict[str, Any]:
    given = {name: request.POST.get(name, "") for name in FIELDS}
    username, role = given.pop("username"), given.pop("role")
    link, secret = inviting.invite(
        username, programme=person.programme, role=role, by=person, at=timezone.now(), **given
    )
    return _once(link, secret, "invitation", link.full_name or link.username)


def _recover(request: HttpRequest, person: Person) -> dict[str, Any]:
    link, secret = recovering.offer_recovery(request.POST.get("person", ""), by=person, at=timezone.now())
    return _once(link, secret, "recovery", link.person.display_name if link.person else link.username)


def _revoke(request: HttpRequest, person: Person) -> dict[str, Any]:
    link = inviting.revoke(request.POST.get("invitation", ""), by=person, at=timezone.now())
    return {"words": f"The invitation of {link.username} was revoked."}


def _close(request: HttpRequest, person: Person) -> dict[str, Any]:
    return _set(request, person, disabling.disable, "disabled")


def _open(request: HttpRequest, person: Person) -> dict[str, Any]:
    return _set(request, person, disabling.enable, "enabled")


def _set(request: HttpRequest, person: Person, deed: Callable[..., User], word: str) -> dict[str, Any]:
    whose, reason = request.POST.get("person", ""), request.POST.get("reason", "")
    changed = deed(whose, reason=reason, by=person, at=timezone.now())
    return {"words": f"The account of {changed.display_name} is {word}."}


@page()
def people(request: HttpRequest) -> HttpResponse:
    """List the people of a programme and its open invitations."""
    return _shown(request, administrator(request))


@page("POST")
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a person and show the link once."""
    return _do(request, _invite)


@page("POST")
def recover(request: HttpRequest) -> HttpResponse:
    """Make a recovery link for a member and show it once."""
    return _do(request, _recover)


@page("POST")
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke an open invitation."""
    return _do(request, _revoke)


@page("POST")
def disable(request: HttpRequest) -> HttpResponse:
    """Disable a member's account."""
    return _do(request, _close)


@page("POST")
def enable(request: HttpRequest) -> HttpResponse:
    """Enable a member's account again."""
    return _do(request, _open)
