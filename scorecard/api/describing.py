"""What the generated API description says beyond the views: how a caller authenticates."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The bearer token; drf-spectacular finds this class by its base."""

    target_class = "scorecard.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Describe `Authorization: Bearer psc_...`."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "psc_",
            "description": "A scoped token; HTTP Basic with the token as the password works as well.",
        }
