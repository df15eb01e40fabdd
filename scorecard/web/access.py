"""Who may see and do what in a programme: compartments, clearances, and what waits for a second person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from scorecard import clearing, confirming, enrolling, proposing
from scorecard.access import (
    Person,
    Reader,
    held_memberships,
    visible_clearances,
    visible_compartments,
    visible_memberships,
    visible_proposals,
)
from scorecard.models import Proposal, ProposalState, Role, User
from scorecard.refusals import Refused
from scorecard.web.doors import days_given, page, person_chosen, person_in, reader_for, the_one

FIELDS = ("username", "role", "person", "compartment", "days", "reason")
DECIDED_SHOWN = 25


def _proposal_rows(person: Person, found: QuerySet[Proposal]) -> list[dict[str, Any]]:
    """Return proposals as the page shows them, each with why the person may not confirm it."""
    now = timezone.now()
    return [
        {
            "proposal": row,
            "title": confirming.KINDS[row.kind].title,
            "own": row.proposed_by_id == person.user.pk,
            "why_not": confirming.why_not_confirm(row, person, at=now),
        }
        for row in found
    ]


def _members(reader: Reader, person: Person) -> list[User]:
    """Return the other active people of the programme, each once, by name."""
    held = visible_memberships(reader).filter(programme=person.programme, person__is_active=True)
    others = held.exclude(person=person.user).order_by("person__first_name", "person__username")
    return list({row.person_id: row.person for row in others}.values())


def _shown(request: HttpRequest, person: Person, *, status: int = 200, **extra: Any) -> HttpResponse:
    reader, now = reader_for(request), timezone.now()
    live = visible_clearances(reader).filter(revoked_at=None, expires_at__gt=now)
    proposals = visible_proposals(reader).filter(programme=person.programme).order_by("-proposed_at", "-id")
    context = {
        "person": person,
        "programme": person.programme,
        "programmes": reader.programmes,
        "compartments": visible_compartments(reader).filter(programme=person.programme),
        "clearances": live.filter(compartment__programme=person.programme).order_by("expires_at"),
        "may_revoke": person.has(*clearing.REVOKERS),
        "waiting": _proposal_rows(person, proposals.filter(state=ProposalState.OPEN)),
        "decided": _proposal_rows(person, proposals.exclude(state=ProposalState.OPEN)[:DECIDED_SHOWN]),
        "may_clear": person.has(*clearing.GRANT.proposers),
        "may_enrol": person.has(*enrolling.GRANT.proposers),
        "members": _members(reader, person),
        "role_choices": Role.choices,
        "held": held_memberships(person.user).filter(programme=person.programme),
        "longest": clearing.LONGEST_DAYS,
        **extra,
    }
    return render(request, "access/page.html", context, status=status)


@page()
def access(request: HttpRequest) -> HttpResponse:
    """Show the compartments and clearances of a programme, and what waits for a second person."""
    return _shown(request, person_chosen(request))


def _do(request: HttpRequest, person: Person, deed: Callable[[], str], *, kind: str = "") -> HttpResponse:
    """Do a deed for a POST: back to the page with its words, or the refusal beside what was typed."""
    back = redirect(f"{reverse('web:access')}?programme={person.programme.slug}")
    if request.method != "POST":
        return back
    try:
        words = deed()
    except Refused as refusal:
        given = {name: request.POST.get(name, "") for name in FIELDS}
        return _shown(request, person, status=refusal.status, refusal=refusal, given={**given, "kind": kind})
    messages.success(request, words)
    return back


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")


def _propose(request: HttpRequest, kind: proposing.Kind, *names: str) -> HttpResponse:
    """Propose what the form says under these names, and for how many days."""
    person = person_chosen(request)

    def propose() -> str:
        content = {**{name: request.POST.get(name, "") for name in names}, "days": days_given(request)}
        made = proposing.propose(kind, content, reason=_reason(request), by=person, at=timezone.now())
        return f"Proposed: {made.summary}. Nothing changes until a second person confirms it."

    return _do(request, person, propose, kind=kind.slug)


@page("POST")
def propose_clearance(request: HttpRequest) -> HttpResponse:
    """Propose to clear a person for a compartment."""
    return _propose(request, clearing.GRANT, "person", "compartment")


@page("POST")
def propose_role(request: HttpRequest) -> HttpResponse:
    """Propose to give a person a role."""
    return _propose(request, enrolling.GRANT, "username", "role")


def _decided(request: HttpRequest, proposal: Proposal, person: Person) -> Proposal:
    """Confirm, refuse or withdraw a proposal, as the pressed button says."""
    now, reason, verdict = timezone.now(), _reason(request), request.POST.get("verdict", "")
    if verdict == "confirm":
        return confirming.confirm(proposal, seen=request.POST.get("seen", ""), by=person, at=now)
    if verdict == "refuse":
        return confirming.refuse(proposal, reason=reason, by=person, at=now)
    if verdict == "withdraw":
        return proposing.withdraw(proposal, by=person, at=now)
    raise Refused("unknown-choice", "Choose what to do.", remedy="Press one of the buttons.", status=422)


@page("POST")
def decide(request: HttpRequest, proposal_id: str) -> HttpResponse:
    """Decide a proposal, and say what became of it."""
    found = confirming.proposal_seen(reader_for(request), proposal_id)
    person = person_in(request, found.programme_id or "")

    def decided() -> str:
        done = _decided(request, found, person)
        return f"{done.get_state_display()}: {done.summary}."

    return _do(request, person, decided)


@page("POST")
def end_clearance(request: HttpRequest, clearance_id: str) -> HttpResponse:
    """End a clearance before its day."""
    found = the_one(visible_clearances(reader_for(request)).filter(id=clearance_id), "clearance")
    person = person_in(request, found.compartment.programme_id)

    def end() -> str:
        clearing.revoke(found, reason=_reason(request), by=person, at=timezone.now())
        return "The clearance is over."

    return _do(request, person, end)


@page("POST")
def end_role(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Take a role away from a person."""
    found = the_one(visible_memberships(reader_for(request)).filter(pk=membership_id), "role")
    person = person_in(request, found.programme_id)

    def end() -> str:
        enrolling.revoke(found, reason=_reason(request), by=person, at=timezone.now())
        return "The role was taken away."

    return _do(request, person, end)
