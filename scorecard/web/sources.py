"""Sources as people see them: what was pulled when, why something was not, and a button to pull now."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from evaluations.models import ItemState, Pull, Source
from evaluations.pulling.registering import secret_is_there
from scorecard import sourcing
from scorecard.access import visible_sources
from scorecard.models import Role
from scorecard.refusals import Refused
from scorecard.web.doors import page, person_in, reader_for, user_of
from scorecard.web.runs import paged

PULLS_SHOWN, ITEMS_SHOWN = 25, 50
PULLERS = (Role.ADMINISTRATOR, Role.PREPAREDNESS)


def _may_pull(request: HttpRequest, source: Source) -> bool:
    return person_in(request, source.programme).has(*PULLERS)


@page()
def sources(request: HttpRequest) -> HttpResponse:
    """List the sources with how their last pull went."""
    newest = Pull.objects.filter(source=OuterRef("pk")).order_by("-id")
    names = ("state", "new", "failed", "error")
    last = {f"last_{name}": Subquery(newest.values(name)[:1]) for name in names}
    rows = visible_sources(reader_for(request)).annotate(**last).order_by("slug")
    return render(request, "pages/sources.html", {"sources": rows})


def _source(request: HttpRequest, slug: str) -> Source:
    found = visible_sources(reader_for(request)).filter(slug=slug).first()
    if found is None:
        raise Refused("not-found", "There is no such source, or it is not visible to you.", status=404)
    return found


@page()
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one source: its settings, its pulls, what was taken, and what was not and why."""
    found = _source(request, slug)
    items = found.items.select_related("log").order_by("-last_tried_at", "-id")
    context = {
        "source": found,
        "secret_there": secret_is_there(found),
        "pulls": found.attempts.order_by("-id")[:PULLS_SHOWN],
        "missing": items.exclude(state=ItemState.PULLED)[:ITEMS_SHOWN],
        "shown": paged(request, items.filter(state=ItemState.PULLED), size=ITEMS_SHOWN),
        "may_pull": _may_pull(request, found),
    }
    return render(request, "pages/source.html", context)


@page("POST")
def pull(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a pull now."""
    found = _source(request, slug)
    if request.method != "POST":
        return redirect("web:source", slug)
    if not _may_pull(request, found):
        raise Refused("role-missing", "Pulling needs the Preparedness team or an administrator.", status=403)
    job = sourcing.ask(found, asked_by=user_of(request).display_name)
    messages.success(request, f"A pull was asked for ({job.id}). Reload this page to see how it went.")
    return redirect("web:source", slug)
