"""What a token may do: each view names one scope for reading and one for writing; without a name it is denied."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from scorecard.access import live_scopes
from scorecard.models import ApiToken, Scope


class Deny(BasePermission):
    """The default: nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Refuse."""
        return False


class Scoped(BasePermission):
    """Allows a token that holds the view's `read_scope` for safe methods, its `write_scope` for the others."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the token holds the scope that this method needs."""
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        wanted = view.read_scope if request.method in SAFE_METHODS else view.write_scope
        scopes = [Scope(scope).value for scope in (wanted if isinstance(wanted, tuple) else (wanted,)) if scope]
        named = " or ".join(scopes)
        self.message = f"This needs a token with the scope {named}." if named else "This is not allowed."
        if not set(scopes) & set(token.scopes):
            return False
        # Asked at each request, because a role that was taken away acts on the next one.
        self.message = f"No role of {token.person.display_name} in {token.programme.name} allows {named} any more."
        return bool(set(scopes) & live_scopes(token))
