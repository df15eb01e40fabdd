"""The frame round every view: sign-in, refusals as pages, no caching of what a person saw."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods
from django.views.generic import View as ClassView

from scorecard.access import Person, Reader, reader_of, refuse_unless_reader, visible_scorecard
from scorecard.models import Scorecard, User
from scorecard.refusals import Refused

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=Model)


def user_of(request: HttpRequest) -> User:
    """Return the signed-in account of a request that passed `page`."""
    return cast(User, request.user)


def reader_for(request: HttpRequest) -> Reader:
    """Return what the visitor may see, asked once for each request and never kept longer."""
    found: Reader | None = getattr(request, "reader", None)
    if found is None:
        found = reader_of(user_of(request))
        request.reader = found  # type: ignore[attr-defined]
    return found


def person_in(request: HttpRequest, programme: str) -> Person:
    """Return the visitor as a person of a programme (its id) whose object they see. Raises Refused 404."""
    reader = reader_for(request)
    sight = reader.sight(programme)
    if sight is None:
        raise Refused("not-found", "There is nothing here that is visible to you.", status=404)
    return reader.person(sight.programme)


def people_of(request: HttpRequest, *roles: str) -> list[Person]:
    """Return the visitor as a person of each programme they read, by its name, in which they hold one of the roles.

    Without a role named, each programme counts.
    """
    return [one for one in reader_for(request).people() if not roles or one.has(*roles)]


def person_chosen(request: HttpRequest, *roles: str) -> Person:
    """Return the first of `people_of`, or the one of the programme `?programme=`, which a form may post as well.

    Raises Refused 404: to everybody else what is asked for does not exist.
    """
    slug = request.GET.get("programme") or request.POST.get("programme")
    for person in people_of(request, *roles):
        if not slug or slug == person.programme.slug:
            return person
    raise Refused("not-found", "There is no such programme, or it is not visible to you.", status=404)


def the_one(rows: QuerySet[Row], what: str) -> Row:
    """Return the first of the rows that came through a door. Raises Refused 404 naming what is missing."""
    found = rows.first()
    if found is None:
        raise Refused("not-found", f"There is no such {what}, or it is not visible to you.", status=404)
    return found


def days_given(request: HttpRequest) -> int | None:
    """Return how many days the posted form says; None where it says none, or no plain number."""
    text = request.POST.get("days", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def refusal_page(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Show a refusal as a page of its own, with its status and remedy."""
    return render(request, "pages/refused.html", {"refusal": refusal}, status=refusal.status)


def page(*methods: str) -> Callable[[View], View]:
    """Wrap a view: only these methods, only signed-in readers, refusals shown as pages, never cached."""

    def wrap(view: View) -> View:
        @require_http_methods(["GET", "HEAD", *methods])
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated and request.headers.get("HX-Request"):
                # A redirect would be followed and put the whole sign-in page into a part of this one.
                return render(request, "components/signed_out.html", status=401)
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            try:
                refuse_unless_reader(reader_for(request))
                response: HttpResponseBase = view(request, *args, **kwargs)
            except Refused as refusal:
                response = refusal_page(request, refusal)
            add_never_cache_headers(response)
            return response

        return cast(View, guarded)

    return wrap


def form(view: type[ClassView]) -> View:
    """Return a view of the sign-in library as a function for GET and POST only; Django's forms take PUT as well."""
    return require_http_methods(["GET", "HEAD", "POST"])(view.as_view())


def card_and_person(request: HttpRequest, number: str, version: int) -> tuple[Scorecard, Person]:
    """Return the visible card and the person as its programme knows them. Raises Refused 404."""
    card = visible_scorecard(reader_for(request), number=number, version=version)
    return card, reader_for(request).person(card.programme)


def levels_of(card: Scorecard) -> list[dict[str, str]]:
    """Return the framework's ordered levels, `{slug, name}`, for the chips of a page."""
    return cast("list[dict[str, str]]", card.framework.document["levels"])
