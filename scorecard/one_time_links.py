"""One-time links: a secret that is shown once and kept as a digest, found again only while it may still be used."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from scorecard.models import LinkPurpose, OneTimeLink, User
from scorecard.refusals import Refused

VALID = {LinkPurpose.INVITATION: timedelta(hours=72), LinkPurpose.RECOVERY: timedelta(hours=24)}
SECRET_BYTES = 32


def _digest(secret: str) -> str:
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


def make(purpose: LinkPurpose, *, made_by: User | None, at: datetime, **fields: Any) -> tuple[OneTimeLink, str]:
    """Return a new link and its secret, which is nowhere else."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    link = OneTimeLink.objects.create(
        purpose=purpose, digest=_digest(secret), made_by=made_by, made_at=at, expires_at=at + VALID[purpose], **fields
    )
    return link, secret


def open_links(purpose: LinkPurpose, *, at: datetime) -> QuerySet[OneTimeLink]:
    """Return the links that may still be used: not used, not revoked, not expired."""
    return OneTimeLink.objects.filter(purpose=purpose, used_at=None, revoked_at=None, expires_at__gt=at)


def find(purpose: LinkPurpose, secret: str, *, at: datetime, locked: bool = False) -> OneTimeLink:
    """Return the open link of a secret, locked for a change if asked.

    Raises Refused 404, with the same words whether the link never was, was used, was revoked or is too old.
    """
    links = open_links(purpose, at=at)
    link = (links.select_for_update() if locked else links).filter(digest=_digest(secret)).first()
    if link is None:
        raise Refused(
            "link-not-valid",
            "This link does not work: it was used, revoked, is too old, or is not complete.",
            remedy="Ask the administrator who gave it to you for a new one.",
            status=404,
        )
    return link
