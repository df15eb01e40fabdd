"""Second factors added, renamed, removed and proved, and a new password: allauth's views behind our pages."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.views import PasswordChangeView, ReauthenticateView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from scorecard.second_factors import accept_code
from scorecard.security_events import note
from scorecard.sessions import end_sessions
from scorecard.web.addresses import address_of
from scorecard.web.doors import user_of

PRIVATE = method_decorator(never_cache, name="dispatch")


def _question(options: Any) -> str:
    """Return what the browser is asked, as JSON for the page's script."""
    return json.dumps(options, default=dict)


def _note(request: HttpRequest, kind: str, detail: str) -> None:
    note(kind, person=user_of(request), at=timezone.now(), address=address_of(request), detail=detail)


def _shown(view: Any, form: Form) -> HttpResponse:
    """Show a form's page again with its faults, as 422."""
    response: HttpResponse = view.render_to_response(view.get_context_data(form=form), status=422)
    return response


def _asked_again(view: Any, form: Form) -> HttpResponse:
    """Show a passkey's page again with a new question, as 422."""
    response: HttpResponse = view.render_to_response({**view.get_context_data(), "failed": True}, status=422)
    return response


@PRIVATE
class SecondFactor(AuthenticateView):
    """The second step of signing in."""

    template_name = "mfa/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the question to the person's passkeys, if there are any."""
        context = super().get_context_data(**kwargs)
        options = context["js_data"]["request_options"]
        return {**context, "question": _question(options) if options["publicKey"].get("allowCredentials") else ""}

    def form_invalid(self, form: Form) -> HttpResponse:
        """Show the step again, as 422."""
        response: HttpResponse = self.render_to_response(self.get_context_data(), status=422)
        return response


@PRIVATE
class ByPassword(ReauthenticateView):
    """Proving once more who one is, by password."""

    template_name = "account/reauthenticate.html"
    form_invalid = _shown


@PRIVATE
class ByCode(ReauthenticateByCodeView):
    """The same by the authenticator app or a recovery code."""

    template_name = "mfa/reauthenticate.html"
    form_invalid = _shown


@PRIVATE
class ByPasskey(ReauthenticateWebAuthnView):
    """The same by a passkey."""

    template_name = "mfa/reauthenticate_by_passkey.html"
    form_invalid = _asked_again

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the question to the person's passkeys."""
        context = super().get_context_data(**kwargs)
        return {**context, "question": _question(context["js_data"]["request_options"])}


@PRIVATE
class ChangePassword(PasswordChangeView):
    """A new password; every other session of the account ends with the old one."""

    template_name = "account/password.html"
    form_invalid = _shown

    def form_valid(self, form: Form) -> HttpResponse:
        """Change it."""
        response: HttpResponse = super().form_valid(form)
        end_sessions(user_of(self.request), but=self.request.session.session_key)
        _note(self.request, "password.changed", "")
        messages.success(self.request, "The password was changed; other sessions have ended.")
        return response


@PRIVATE
class AddApp(ActivateTOTPView):
    """Setting up an authenticator app."""

    template_name = "mfa/add_app.html"
    form_invalid = _shown

    def form_valid(self, form: Form) -> HttpResponse:
        """Keep the app, and spend the code that proved it, so that it cannot be used again to sign in."""
        super().form_valid(form)
        accept_code(user_of(self.request), form.cleaned_data["code"], at=timezone.now())
        _note(self.request, "second_factor.added", "authenticator app")
        messages.success(self.request, "The authenticator app is set up. Now make recovery codes and put them away.")
        return redirect("mfa_view_recovery_codes")


@PRIVATE
class RemoveApp(DeactivateTOTPView):
    """Removing the authenticator app."""

    template_name = "mfa/remove_app.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Form) -> HttpResponse:
        """Remove it."""
        response: HttpResponse = super().form_valid(form)
        _note(self.request, "second_factor.removed", "authenticator app")
        messages.success(self.request, "The authenticator app was removed.")
        return response


@PRIVATE
class AddPasskey(AddWebAuthnView):
    """Adding a passkey: kept by its device, and always checking its holder."""

    template_name = "mfa/add_passkey.html"
    form_invalid = _asked_again

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask for a passkey that can sign in by itself."""
        context = super().get_context_data(**kwargs)
        return {**context, "question": _question(auth.begin_registration(user_of(self.request), True))}

    def form_valid(self, form: Form) -> HttpResponse:
        """Keep the passkey."""
        super().form_valid(form)
        _note(self.request, "second_factor.added", f"passkey {form.cleaned_data['name']}")
        messages.success(self.request, "The passkey was added.")
        return redirect("mfa_view_recovery_codes" if self.did_generate_recovery_codes else "account")


@PRIVATE
class RemovePasskey(RemoveWebAuthnView):
    """Removing a passkey."""

    template_name = "mfa/remove_passkey.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Form) -> HttpResponse:
        """Remove it, unless it is the last second factor where one is compulsory."""
        passkey: Authenticator = self.get_object()
        if not get_adapter().can_delete_authenticator(passkey):
            messages.error(self.request, "This is your only second factor; add another one first.")
            return redirect("account")
        response: HttpResponse = super().form_valid(form)
        _note(self.request, "second_factor.removed", f"passkey {passkey}")
        messages.success(self.request, "The passkey was removed.")
        return response


@PRIVATE
class RenamePasskey(EditWebAuthnView):
    """Calling a passkey by another name."""

    template_name = "mfa/rename_passkey.html"
    success_url = reverse_lazy("account")
    form_invalid = _shown


@PRIVATE
class PasskeySignIn(LoginWebAuthnView):
    """Signing in by a passkey alone."""
