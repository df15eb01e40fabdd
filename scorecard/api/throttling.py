"""How often one token may write: generous to pipelines, and a loop that ran away is told when to come back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from scorecard.models import ApiToken


class WritesPerToken(SimpleRateThrottle):
    """Counts the writes of each token in a minute; a 429 carries `Retry-After`."""

    scope = "writes"
    # Counted in each process by itself: a count that all of them share would cost every post a transaction.
    cache = ConnectionProxy(caches, "process")  # type: ignore[assignment]

    def get_rate(self) -> str:
        """Return the rate from the settings."""
        return f"{settings.WRITES_PER_MINUTE}/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """Return the token's key; reading is not counted."""
        if request.method in SAFE_METHODS or not isinstance(request.auth, ApiToken):
            return None
        return f"writes:{request.auth.id}"
