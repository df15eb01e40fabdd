"""Where a request came from, as the server saw it: a header that anybody can send is not believed."""

from __future__ import annotations

from django.http import HttpRequest


def address_of(request: HttpRequest | None) -> str:
    """Return the address of the peer, or "" without a request."""
    return str(request.META.get("REMOTE_ADDR", ""))[:64] if request is not None else ""
