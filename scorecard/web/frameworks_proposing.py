"""Proposing a framework version: faults by line, the dry run, the proposal, and what differs between two versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from scorecard import confirming, proposing
from scorecard.access import Person
from scorecard.framework.differences import differences
from scorecard.framework.document import canonical, load
from scorecard.framework.faults import FrameworkFaulty
from scorecard.framework.notations import MOST_BYTES
from scorecard.models import Proposal
from scorecard.publishing import PUBLISH, content_of, document_of
from scorecard.queries.rescoring import dry_run
from scorecard.refusals import Refused
from scorecard.web.doors import page, people_of, person_chosen, reader_for
from scorecard.web.frameworks import version_of

FAULTY = 422


def _source(request: HttpRequest) -> bytes:
    """Return the uploaded file, else the pasted text, with one byte more than allowed at the most."""
    file = request.FILES.get("file")
    if file is not None:
        found: bytes = file.read(MOST_BYTES + 1)
        return found
    return request.POST.get("source", "").replace("\r\n", "\n").encode()[: MOST_BYTES + 1]


def _text(source: bytes) -> str:
    return source.decode("utf-8", "replace")


def _proposer(request: HttpRequest) -> Person:
    """Return the visitor in the programme they chose; without a choice, in the first in which they may propose."""
    able = people_of(request, *PUBLISH.proposers)
    chosen = request.GET.get("programme") or request.POST.get("programme")
    return able[0] if able and not chosen else person_chosen(request)


def _shown(request: HttpRequest, person: Person, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "person": person, "programme": person.programme, "may_propose": person.has(*PUBLISH.proposers),
        "programmes": [one.programme for one in people_of(request, *PUBLISH.proposers)],
        "most": MOST_BYTES // 1024, **more,
    }  # fmt: skip
    return render(request, "frameworks/propose.html", context, status=status)


def _checked(request: HttpRequest, person: Person, source: bytes, **more: Any) -> HttpResponse:
    """Show the faults of a document, or else what it would change."""
    given = {"source": _text(source), "reason": request.POST.get("reason", "")}
    try:
        document = canonical(load(source))
    except FrameworkFaulty as faulty:
        return _shown(request, person, status=FAULTY, faults=faulty.faults, given=given)
    found = dry_run(reader_for(request), person.programme, document)
    status = more["refusal"].status if "refusal" in more else 200
    return _shown(request, person, status=status, run=found, given=given, **more)


def _proposed(request: HttpRequest, person: Person, source: bytes) -> HttpResponse:
    try:
        content, reason = content_of(source), request.POST.get("reason", "")
        made = proposing.propose(PUBLISH, content, reason=reason, by=person, at=timezone.now())
    except Refused as refusal:
        return _checked(request, person, source, refusal=refusal)
    messages.success(request, f"Proposed: {made.summary}. Nothing changes until a second person confirms it.")
    return redirect(f"{reverse('web:access')}?programme={person.programme.slug}")


@page("POST")
def propose(request: HttpRequest) -> HttpResponse:
    """Check a framework document and show what it would change; or propose it, as the pressed button says."""
    person = _proposer(request)
    if request.method != "POST":
        return _shown(request, person)
    person.acting_as(*PUBLISH.proposers)
    answer = _proposed if request.POST.get("verdict") == "propose" else _checked
    return answer(request, person, _source(request))


def _proposal(request: HttpRequest, proposal_id: str) -> Proposal:
    found = confirming.proposal_seen(reader_for(request), proposal_id)
    if found.kind != PUBLISH.slug or found.programme is None:
        raise Refused("not-found", "There is no such proposal of a framework, or it is not visible to you.", status=404)
    return found


@page()
def proposed(request: HttpRequest, proposal_id: str) -> HttpResponse:
    """Show a proposed framework version and what it would change, for whoever confirms it."""
    found = _proposal(request, proposal_id)
    assert found.programme is not None
    run = dry_run(reader_for(request), found.programme, document_of(found.content))
    return render(request, "frameworks/proposed.html", {"proposal": found, "programme": found.programme, "run": run})


@page()
def against(request: HttpRequest, slug: str, version: str, other: str) -> HttpResponse:
    """Show in words what differs between two versions of a framework."""
    after, before = version_of(slug, version), version_of(slug, other)
    rows = differences(before.document, after.document)
    return render(request, "frameworks/against.html", {"after": after, "before": before, "rows": rows})
