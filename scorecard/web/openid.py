"""Signing in through OpenID Connect, stricter than the library: the id token is always verified and bound to us.

OpenID Connect Core 3.1.3.7 and 5.3.2: signature, issuer, audience, expiry and nonce of the id token are checked, the
answer of the userinfo endpoint must be about the same subject, and Discovery 4.3: the issuer must be ours.
"""

from __future__ import annotations

import secrets
from typing import Any, cast

import jwt
import requests
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from scorecard.security_events import note
from scorecard.web.addresses import address_of

PROVIDER = "sso"
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures with a public key; a token that is "signed" with a shared secret, or not at all, is refused."""


class Adapter(OpenIDConnectOAuth2Adapter):
    """Talks to the provider and believes it only what it signed for this very sign-in."""

    nonce = ""

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> Any:
        """Return who the verified id token speaks of. Raises OAuth2Error when anything about it is wrong."""
        try:
            claims = self._claims(app, kwargs["response"])
            about = self._fetch_user_info(token.token) if "userinfo_endpoint" in self.openid_config else claims
        except (KeyError, ValueError, TypeError, jwt.PyJWTError) as error:
            raise OAuth2Error("The id token cannot be read.") from error
        if not isinstance(about, dict) or about.get("sub") != claims["sub"]:
            raise OAuth2Error("The userinfo is about somebody else than the id token.")
        return self.get_provider().sociallogin_from_response(request, {"userinfo": about, "id_token": claims})

    def _claims(self, app: SocialApp, response: dict[str, Any]) -> dict[str, Any]:
        issuer, raw = str(self.openid_config["issuer"]), str(response["id_token"])
        if issuer.rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
            raise OAuth2Error("The provider calls itself by another issuer than the configured one.")
        if jwt.get_unverified_header(raw).get("alg") not in ALGORITHMS:
            raise OAuth2Error("The id token is not signed with a public key.")
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=raw, keys_url=self.openid_config["jwks_uri"], issuer=issuer, audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )  # fmt: skip
        if not self.nonce or not secrets.compare_digest(str(claims.get("nonce", "")).encode(), self.nonce.encode()):
            raise OAuth2Error("The id token belongs to another sign-in.")
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("The id token was made for another application.")
        return claims


class Callback(OAuth2CallbackView):
    """The return from the provider; hands the nonce of this sign-in to the adapter."""

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        state, response = super()._get_state(request, provider)
        if state is not None:
            self.adapter.nonce = str(state.get("nonce", ""))
        return state, response


def _known(request: HttpRequest, provider_id: str) -> Adapter:
    if not settings.OIDC_ISSUER or provider_id != PROVIDER:
        raise Http404
    return Adapter(request, provider_id)


@never_cache
@login_not_required
@require_POST
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider by a page of our own, because `form-action 'self'` forbids a form to end up elsewhere."""
    provider, nonce = _known(request, provider_id).get_provider(), secrets.token_urlsafe(24)
    wanted = provider.get_redirect_from_request_kwargs(request)
    process = "connect" if request.POST.get("process") == "connect" else "login"
    try:
        answer = provider.redirect(
            request, process=process, next_url=wanted.get("next_url"), auth_params={"nonce": nonce}, nonce=nonce
        )
    except (requests.RequestException, KeyError, ValueError):
        note("identity.refused", address=address_of(request), at=timezone.now(), detail="the provider does not answer")
        return render(request, "socialaccount/authentication_error.html", status=503)
    if not isinstance(answer, HttpResponseRedirect):
        return cast(HttpResponse, answer)
    page = render(request, "socialaccount/leaving.html", {"target": answer.url, "provider": provider.name})
    page.headers["Refresh"] = f"0; url={answer.url}"
    return page


@never_cache
@login_not_required
@require_safe
def finish(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the provider's answer."""
    response: HttpResponse = Callback.adapter_view(_known(request, provider_id))(request)
    return response
