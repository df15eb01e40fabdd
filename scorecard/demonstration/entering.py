"""The one-time link that signs in as one of the demo people: its signed token, made and read in one place."""

from __future__ import annotations

import secrets

from django.core.signing import BadSignature, TimestampSigner

VALID_SECONDS = 12 * 60 * 60


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="demo-entry")


def entry_token(username: str) -> str:
    """Return a token that signs one person in once, within twelve hours.

    A random part makes each token its own: a signature's time has whole seconds, so that two links made within
    one second would be the same link, and using one would use up the other.
    """
    return _signer().sign(f"{username}:{secrets.token_urlsafe(9)}")


def name_in(token: str) -> str | None:
    """Return the username that a token names, or None when it is forged or too old."""
    try:
        return _signer().unsign(token, max_age=VALID_SECONDS).rpartition(":")[0]
    except BadSignature:
        return None
