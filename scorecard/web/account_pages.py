"""The page of one's own account, and setting up a second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import can_generate_recovery_codes, generate_recovery_codes
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scorecard.access import held_memberships
from scorecard.models import Role, SecurityEvent, User
from scorecard.second_factors import has_second_factor
from scorecard.security_events import KINDS, note
from scorecard.sessions import end_session, end_sessions, sessions_of
from scorecard.web.addresses import address_of
from scorecard.web.doors import reader_for, user_of

EVENTS_SHOWN = 20


def _codes_left(person: User) -> int | None:
    codes = Authenticator.objects.filter(user=person, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(codes.wrap().get_unused_codes()) if codes else None


def _events(person: User) -> list[dict[str, Any]]:
    rows = SecurityEvent.objects.filter(person=person)[:EVENTS_SHOWN]
    return [{"at": row.at, "words": KINDS[row.kind], "detail": row.detail, "address": row.address} for row in rows]


def _linked(person: User) -> list[dict[str, Any]]:
    accounts = SocialAccount.objects.filter(user=person).order_by("pk")
    return [{"pk": one.pk, "uid": one.uid, "joined": one.date_joined} for one in accounts]


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show everything that keeps the account safe: proofs, sessions, and what happened at its door."""
    person = user_of(request)
    factors = Authenticator.objects.filter(user=person).order_by("created_at")
    context = {
        "app": factors.filter(type=Authenticator.Type.TOTP).first(),
        "passkeys": factors.filter(type=Authenticator.Type.WEBAUTHN),
        "codes_left": _codes_left(person),
        "sessions": sessions_of(person),
        "this_session": request.session.session_key,
        "events": _events(person),
        "sso": settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["name"] if settings.OIDC_ISSUER else "",
        "linked": _linked(person),
        "reads": bool(reader_for(request).sights),
        "administers": held_memberships(person).filter(role=Role.ADMINISTRATOR).exists(),
        "hold": person.signing_hold_until if (person.signing_hold_until or timezone.now()) > timezone.now() else None,
    }
    return render(request, "account/account.html", context)


@never_cache
@login_required
@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    """Lead through setting up the first second factor; who has one is shown the account."""
    if has_second_factor(user_of(request)):
        return redirect("account")
    return render(request, "account/second_factor.html")


@login_required
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one session of one's own, or all others."""
    person, which = user_of(request), request.POST.get("session", "")
    if which == "others":
        ended = end_sessions(person, but=request.session.session_key)
    else:
        ended = int(which.isdecimal() and len(which) < 16 and end_session(person, int(which)))
    if ended:
        note("session.ended", person=person, at=timezone.now(), address=address_of(request), detail=f"{ended} by owner")
    messages.success(request, f"Sessions ended: {ended}.")
    return redirect("account")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(app="allauth.mfa")
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes on POST and show them this once; GET only asks, so that looking changes nothing."""
    person = user_of(request)
    if not can_generate_recovery_codes(person):
        return redirect("second_factor")
    codes = None
    if request.method == "POST":
        made = generate_recovery_codes(request).wrap()
        made.mark_as_viewed()
        codes = made.get_unused_codes()
        note("recovery_codes.made", person=person, at=timezone.now(), address=address_of(request))
    return render(request, "mfa/recovery_codes.html", {"codes": codes, "codes_left": _codes_left(person)})


@login_required
@require_POST
def unlink(request: HttpRequest) -> HttpResponse:
    """Remove the link of one's own account to an identity of the single sign-on."""
    which = request.POST.get("identity", "")
    linked = get_object_or_404(SocialAccount, user=user_of(request), pk=int(which) if which.isdecimal() else 0)
    raise_if_reauthentication_required(request, app="allauth.socialaccount")
    # Not by the library, which needs the provider for it: this one may be set up no longer.
    linked.delete()
    note("identity.unlinked", person=user_of(request), at=timezone.now(), address=address_of(request))
    messages.success(request, "The link to the single sign-on was removed.")
    return redirect("account")


def absent(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Stand for a page that the library knows and this product does not offer."""
    raise Http404
