"""Where a second factor is compulsory, who has none is led to the page that sets one up and sees nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from scorecard.models import User
from scorecard.second_factors import compulsory, has_second_factor

OPEN = frozenset({
    "second_factor", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "account_reauthenticate",
    "sign_in", "account_login", "sign_out", "account_logout", "verify", "invitation", "recovery",
})  # fmt: skip
"""Names of the routes that somebody without a second factor may use."""
SIGNS_OF_LIFE = frozenset({"/livez", "/readyz", "/healthz"})


class SecondFactorFirst:
    """Middleware that leads to the set-up; the API knows tokens only and is not concerned."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on the request."""
        return self._next(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Lead away from every other view; the frame of the pages that are open shows no navigation."""
        if not compulsory() or request.path.startswith("/api/") or request.path in SIGNS_OF_LIFE:
            return None
        person = request.user
        if not isinstance(person, User) or has_second_factor(person):
            return None
        request.needs_second_factor = True  # type: ignore[attr-defined]
        if request.resolver_match and request.resolver_match.url_name in OPEN:
            return None
        target = reverse("second_factor")
        if request.headers.get("HX-Request"):
            return HttpResponse(status=403, headers={"HX-Redirect": target})
        return redirect(target)
