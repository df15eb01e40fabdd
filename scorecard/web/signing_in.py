"""Signing in and out, with a limit on wrong passwords that locks nobody out for ever."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from allauth.account.forms import LoginForm
from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from scorecard.password_rules import LONGEST

WAIT_SECONDS = "300"


class SignIn(LoginView):
    """The sign-in page; after too many wrong passwords it waits, whatever is typed."""

    template_name = "account/sign_in.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse a password that is too long before it is hashed, because hashing is the dear part."""
        if len(request.POST.get("password", "")) > LONGEST:
            form = self.get_form_class()(request=request)
            return cast(
                HttpResponse, self.render_to_response(self.get_context_data(form=form, failed=True), status=400)
            )
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def form_invalid(self, form: LoginForm) -> HttpResponse:
        """Show the form again: with status 429 beyond the limit, else 422, and in the same words for every cause."""
        codes = {error.code for errors in form.errors.as_data().values() for error in errors}
        limited = "too_many_login_attempts" in codes
        context = self.get_context_data(form=form, limited=limited, failed=not limited)
        response: HttpResponse = self.render_to_response(context, status=429 if limited else 422)
        if limited:
            response.headers["Retry-After"] = WAIT_SECONDS
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the page offers beside the password."""
        sso = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] if settings.OIDC_ISSUER else []
        return {**super().get_context_data(**kwargs), "sso": sso[0]["name"] if sso else ""}


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session, or give up a sign-in that is half done."""
    logout(request)
    return redirect("web:sign_in")


@never_cache
@require_safe
def disabled(request: HttpRequest) -> HttpResponse:
    """Tell somebody who proved who they are that the account is disabled."""
    return render(request, "account/disabled.html", status=HTTPStatus.FORBIDDEN)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer requests beyond a limit."""
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = WAIT_SECONDS
    return response
