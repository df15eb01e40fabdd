"""Where allauth asks this product: who may sign in, how secrets are kept, and whom a single sign-on stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from scorecard.keeping_secrets import opened, shut
from scorecard.models import LinkPurpose, OneTimeLink, SecurityEvent, User
from scorecard.reauthenticating import WINDOW, reauthenticate
from scorecard.refusals import Refused
from scorecard.second_factors import STRONG, compulsory
from scorecard.security_events import note
from scorecard.web.addresses import address_of


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by password: closed to new people, silent about who is known, and every failure kept."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up; accounts come from invitations."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt; keep an event when it is one too many, but not one for each that follows."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            name, now = str(credentials.get("username", "")), timezone.now()
            kept = SecurityEvent.objects.filter(kind="sign_in.limited", account=name, at__gt=now - WINDOW)
            if not kept.exists():
                note("sign_in.limited", account=name, address=address_of(request), at=now)
            raise

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the active account of name and password; a disabled one is answered like an unknown one."""
        user: User | None = super().authenticate(request, **credentials)
        if user is not None and not user.is_active:
            self.authentication_failed(request, **credentials)
            return None
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Keep an event under the name that was typed."""
        name = str(credentials.get("username", ""))
        person = User.objects.filter(username__iexact=name).first()
        note("sign_in.failed", person=person, account=name, address=address_of(request), at=timezone.now())

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether the password is right, as one more counted proof. Raises ValidationError at the limit."""
        request = context.request
        try:
            reauthenticate(
                user, password=password, purpose="account settings", at=timezone.now(), address=address_of(request)
            )
        except Refused as refusal:
            if refusal.status == 429:
                raise ValidationError(refusal.detail, code="too_many_login_attempts") from None
            return False
        return True

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Keep an event that says by which proofs the person came in."""
        records = request.session.get("account_authentication_methods", [])
        used = ", ".join(str(record.get("type") or record["method"]) for record in records)
        note("sign_in.succeeded", person=user, address=address_of(request), at=timezone.now(), detail=used)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to the page of the account."""
        return "/account/"

    def is_safe_url(self, url: str) -> bool:
        """Whether the address lies on this host and is spelt from its root, whatever other names the host has."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Say only what a view says itself: the product's pages have words of their own."""
        if kwargs.get("message"):
            super().add_message(request, *args, **kwargs)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are encrypted at rest, and the last one stays where one is compulsory."""

    def encrypt(self, text: str) -> str:
        """Return the text under the key file of the data folder."""
        return shut(text, folder=Path(settings.DATA_DIR))

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text of `encrypt`."""
        return opened(encrypted_text, folder=Path(settings.DATA_DIR))

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether another second factor remains, or none is asked for."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=STRONG)
        return not compulsory() or others.exclude(pk=authenticator.pk).exists()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """Offer a name for a new passkey, to be changed."""
        return f"Passkey {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return our domain, without the port, and the product's name."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**entity, "name": "Preparedness Scorecard"}


def _vouched_for(sociallogin: SocialLogin) -> User | None:
    """Return the active account that was invited with exactly the address that the provider verified."""
    verified = [one.email for one in sociallogin.email_addresses if one.verified is True]
    if len(verified) != 1:
        return None
    invited = OneTimeLink.objects.filter(
        purpose=LinkPurpose.INVITATION, email__iexact=verified[0], used_at__isnull=False, person__is_active=True
    )
    link = invited.filter(person__email__iexact=verified[0]).select_related("person").first()
    return link.person if link else None


class IdentityAdapter(DefaultSocialAccountAdapter):
    """Single sign-on: it opens accounts that exist and makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody signs up through a provider."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in a linked identity, or one that was invited by its verified address; refuse every other with 403."""
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        person = _vouched_for(sociallogin)
        if person is None:
            note(
                "identity.refused", account=str(sociallogin.account.uid), address=address_of(request),
                at=timezone.now(), detail="no account is linked or invited",
            )  # fmt: skip
            raise ImmediateHttpResponse(render(request, "socialaccount/no_account.html", status=403))
        sociallogin.connect(request, person)
        note("identity.linked", person=person, address=address_of(request), at=timezone.now(), detail="by invitation")

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Lead back to the page of the account."""
        return "/account/"
