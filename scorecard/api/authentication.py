"""Who calls: a bearer token, or HTTP Basic with the token as the password. Nothing else opens the API."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.request import Request

from evaluations.actors import SYSTEM
from scorecard.issuing import checksum, revoke_token, secret_digest
from scorecard.models import ApiToken, User

USED_EVERY = timedelta(minutes=1)
TOKEN_PARAMETERS = ("token", "access_token", "api_key", "key")


def _secret_of(request: Request) -> str | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            raise AuthenticationFailed("The Basic credentials are not base64 of user:token.") from None
    return None


def _token_of(secret: str) -> ApiToken:
    """Return the live token of a secret. Every failure says the same, so that nothing can be learnt from it."""
    refused = AuthenticationFailed("The token is unknown, expired or revoked; issue a new one.")
    body, _, check = secret.rpartition("_")
    parts = secret.split("_")
    if len(parts) != 4 or parts[0] != "psc" or not hmac.compare_digest(checksum(body), check):
        raise refused
    token = ApiToken.objects.select_related("person", "programme").filter(prefix=parts[1]).first()
    if token is None or not hmac.compare_digest(token.digest, secret_digest(secret)):
        raise refused
    now = timezone.now()
    if token.revoked_at is not None or token.expires_at <= now or not token.person.is_active:
        raise refused
    return token


def _used(token: ApiToken) -> None:
    """Keep when a token was last used, to the minute, because every call would be a write otherwise."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
        ApiToken.objects.filter(id=token.id).update(last_used_at=now)


def _revoke_leaked(secret: str) -> None:
    """Revoke the token of a secret that stood in an address; what is no token of ours changes nothing."""
    try:
        token = _token_of(secret)
    except AuthenticationFailed:
        return
    revoke_token(token, by=SYSTEM, at=timezone.now(), reason="It was sent in the address of a request.")


class TokenAuthentication(BaseAuthentication):
    """Authenticates by API token; `request.user` is its person and `request.auth` the token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return person and token, or None without credentials. Raises 400 for a token in the address, else 401."""
        if leaked := [str(value) for value in request.query_params.values() if str(value).startswith("psc_")]:
            for one in leaked:
                _revoke_leaked(one)
            raise ParseError("A token was sent in the address, where logs keep it. It is revoked; use the header.")
        secret = _secret_of(request)
        if secret is None:
            return None
        token = _token_of(secret)
        _used(token)
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in the 401 answer."""
        return 'Bearer realm="scorecard"'
