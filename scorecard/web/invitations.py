"""Where a one-time link leads: a new account, or a way back into one. Only the button uses the link up."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from scorecard import inviting, recovering
from scorecard.models import OneTimeLink, User
from scorecard.refusals import Refused
from scorecard.web.addresses import address_of

Find = Callable[[str], OneTimeLink]
Use = Callable[[str, str], User]


def _enter(request: HttpRequest, person: User) -> HttpResponse:
    """Sign the person in; the password was set this moment, so it counts as a fresh proof."""
    if request.user.is_authenticated:
        logout(request)
    record_authentication(request, person, method="password", reauthenticated=True)
    response: HttpResponse = perform_login(request, person)
    return response


def _by_link(request: HttpRequest, template: str, secret: str, find: Find, use: Use) -> HttpResponse:
    try:
        link = find(secret)
        if request.method != "POST":
            return render(request, template, {"link": link})
        password = request.POST.get("password", "")
        if password != request.POST.get("again", ""):
            raise Refused("passwords-differ", "The two passwords are not the same.", remedy="Type them again.",
                          status=422, pointer="/again")  # fmt: skip
        return _enter(request, use(secret, password))
    except Refused as refusal:
        if refusal.status == 404:
            return render(request, "account/link_not_valid.html", {"refusal": refusal}, status=404)
        return render(request, template, {"link": link, "refusal": refusal}, status=refusal.status)


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show an invitation; POST accepts it with a password."""

    def find(given: str) -> OneTimeLink:
        return inviting.invitation(given, at=timezone.now())

    def use(given: str, password: str) -> User:
        return inviting.accept(given, password=password, at=timezone.now())

    return _by_link(request, "account/invitation.html", secret, find, use)


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def recovery(request: HttpRequest, secret: str) -> HttpResponse:
    """Show a recovery link; POST uses it with a new password."""

    def find(given: str) -> OneTimeLink:
        return recovering.recovery(given, at=timezone.now())

    def use(given: str, password: str) -> User:
        return recovering.recover(given, password=password, at=timezone.now(), address=address_of(request))

    return _by_link(request, "account/recovery.html", secret, find, use)
