"""Parts of the settings that depend on the environment: the shared cache and the identity provider."""

from __future__ import annotations

from typing import Any

from scorecard.environment import Environment


def caches(broker_url: str) -> dict[str, dict[str, Any]]:
    """Return Django's caches: `default` is one for all processes, `process` belongs to each alone.

    What limits sign-in must be counted once however many processes serve; without Redis a table does that.
    """
    shared: dict[str, Any] = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "scorecard_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
    if broker_url.startswith(("redis://", "rediss://")):
        shared = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": broker_url}
    return {
        "default": {**shared, "KEY_PREFIX": "scorecard"},
        "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    }


def identity_providers(environment: Environment) -> dict[str, dict[str, Any]]:
    """Return the OpenID Connect provider of this installation, if its issuer is set."""
    provider = {
        "provider_id": "sso",
        "name": environment.scorecard_oidc_name,
        "client_id": environment.scorecard_oidc_client_id,
        "secret": environment.scorecard_oidc_client_secret,
        "settings": {"server_url": environment.scorecard_oidc_issuer.rstrip("/"), "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [provider] if environment.scorecard_oidc_issuer else []}}
