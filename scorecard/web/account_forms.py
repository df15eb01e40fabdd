"""Forms of the account pages: allauth's, with our checks of codes, passkeys and passwords behind them."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from scorecard.models import User
from scorecard.password_rules import LONGEST
from scorecard.reauthenticating import reauthenticate
from scorecard.refusals import Refused
from scorecard.second_factors import Assertion, accept_code, accept_passkey, accept_recovery_code
from scorecard.security_events import note
from scorecard.web.addresses import address_of


class SignInForm(LoginForm):
    """Name and password; the field is called `username`, as password managers expect."""

    def add_prefix(self, field_name: str) -> str:
        """Name the fields in the page."""
        return "username" if field_name == "login" else field_name


class NewPasswordForm(ChangePasswordForm):
    """A new password for the present one, which is proved like any other proof."""

    def clean_oldpassword(self) -> str:
        """Check the present password, counted and limited. Raises ValidationError."""
        given = str(self.cleaned_data["oldpassword"])
        address = address_of(context.request)
        try:
            reauthenticate(self.user, password=given, purpose="new password", at=timezone.now(), address=address)
        except Refused as refusal:
            raise ValidationError(refusal.detail) from None
        return given


def _code_accepted(person: User, code: str) -> Authenticator | None:
    """Return what the code belongs to: the authenticator app, else the recovery codes."""
    if accept_code(person, code, at=timezone.now()):
        kind = Authenticator.Type.TOTP
    elif accept_recovery_code(person, code):
        kind = Authenticator.Type.RECOVERY_CODES
    else:
        return None
    found: Authenticator = Authenticator.objects.get(user=person, type=kind)
    return found


class CodeForm(AuthenticateForm):
    """The code of an authenticator app, or a recovery code, at sign-in."""

    reauthenticated = False

    def clean_code(self) -> str:
        """Check the code, once ever, within the limit. Raises ValidationError."""
        clear = check_rate_limit(self.user)
        code: str = self.cleaned_data["code"]
        accepted = _code_accepted(self.user, code) if len(code) <= LONGEST else None
        if accepted is None:
            note("second_factor.failed", person=self.user, address=address_of(context.request), at=timezone.now())
            raise get_adapter().validation_error("incorrect_code")
        self.authenticator = accepted
        clear()
        return code

    def save(self) -> None:
        """Put the proof on record in the session."""
        post_authentication(context.request, self.authenticator, reauthenticated=self.reauthenticated)


class FreshCodeForm(CodeForm):
    """The same for somebody who is signed in and proves it once more."""

    reauthenticated = True


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey as the second factor."""

    def _whose(self, credential: Any) -> User:
        found: User = self.user or auth.extract_user_from_response(credential)
        return found

    def clean_credential(self) -> Authenticator:
        """Check the passkey's answer to the question of this session, which is asked once. Raises ValidationError."""
        credential = self.cleaned_data["credential"]
        auth.parse_authentication_response(credential)
        clear = check_rate_limit(self.user) if self.user else None
        person, state = self._whose(credential), auth.get_state()
        auth.clear_state()
        domain = get_adapter().get_public_key_credential_rp_entity()["id"]
        assertion = Assertion(response=credential, state=state or {}, domain=domain)
        address = address_of(context.request)
        passkey = accept_passkey(person, assertion, at=timezone.now(), address=address) if state else None
        if passkey is None:
            note("second_factor.failed", person=person, address=address, at=timezone.now(), detail="passkey")
            raise get_adapter().validation_error("incorrect_code")
        if clear:
            clear()
        return passkey


class FreshPasskeyForm(PasskeyForm):
    """A passkey of somebody who is signed in and proves it once more."""

    reauthenticated = True


class PasskeySignInForm(PasskeyForm):
    """A passkey in place of name and password."""

    passwordless = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=None, **kwargs)


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey: always one that signs in by itself, so always one that checks its holder."""

    name = forms.CharField(max_length=60, required=False, label="Name, to tell it from others")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
