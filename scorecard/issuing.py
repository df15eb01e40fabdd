"""Issuing API tokens: shown once, kept as a digest, scoped, owned by a person, recorded in the ledger."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from evaluations.actors import Actor
from scorecard.access import Person, allowed_scopes
from scorecard.models import ApiToken, Programme, Scope, User
from scorecard.recording import record
from scorecard.refusals import Refused

ALPHABET = string.ascii_letters + string.digits
LONGEST_DAYS = 90
LONGEST_GRACE = timedelta(days=7)
SUITE = re.compile(r"[a-z0-9][a-z0-9._/*-]{0,99}")
MOST_SUITES = 100


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def secret_digest(secret: str) -> str:
    """Return the digest under which a secret is kept; it has 256 bits, so a plain hash is enough."""
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


def checksum(body: str) -> str:
    """Return the checksum by which secret scanners tell a leaked token from noise."""
    return f"{zlib.crc32(body.encode()):08x}"


def _refuse_strange(scopes: Sequence[str], suites: Sequence[str], days: int) -> None:
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        wrong = f"{unknown[0]!r} is not a scope" if unknown else "A token needs at least one scope"
        remedy = f"Use some of: {', '.join(Scope.values)}."
        raise Refused("scope-unknown", f"{wrong}.", remedy=remedy, status=422, pointer="/scopes")
    strange = [suite for suite in suites if not SUITE.fullmatch(suite)]
    if strange or len(suites) > MOST_SUITES:
        wrong = (
            f"{strange[0][:100]!r} names no evaluation" if strange else f"More than {MOST_SUITES} suites are too many"
        )
        remedy = "Write slugs of evaluations, with * for any letters, e.g. ctf-*."
        raise Refused("suite-malformed", f"{wrong}.", remedy=remedy, status=422, pointer="/suites")
    if not 1 <= days <= LONGEST_DAYS:
        words = f"A token lasts 1 to {LONGEST_DAYS} days."
        raise Refused("validity-too-long", words, remedy="Issue a new one later.", status=422, pointer="/days")


def _new_secret() -> tuple[str, str]:
    prefix = _letters(8)
    body = f"psc_{prefix}_{_letters(43)}"
    return prefix, f"{body}_{checksum(body)}"


def issue_token(
    *, name: str, scopes: list[str], person: User, programme: Programme, days: int, by: Actor, at: datetime,
    suites: Sequence[str] = (), rotates: ApiToken | None = None,
) -> tuple[ApiToken, str]:  # fmt: skip
    """Issue a token and return it with its secret `psc_<prefix>_<secret>_<checksum>`, which is never shown again.

    `suites` are the evaluations that it may post results of, all if there are none. Raises Refused 422 for an unknown
    or missing scope, a suite that is no slug, or a validity outside 1 to 90 days.
    """
    _refuse_strange(scopes, suites, days)
    prefix, secret = _new_secret()
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=name.strip() or "token", prefix=prefix, digest=secret_digest(secret), scopes=sorted(set(scopes)),
            suites=sorted(set(suites)), person=person, programme=programme, rotates=rotates, created_at=at,
            expires_at=at + timedelta(days=days),
        )  # fmt: skip
        data = {
            "name": token.name, "prefix": prefix, "scopes": token.scopes, "suites": token.suites,
            "person": person.person_id, "programme": programme.slug, "days": days,
            "rotates": rotates.id if rotates is not None else None,
        }  # fmt: skip
        record("token.issued", subject=("token", token.id), data=data, by=by, at=at)
    return token, secret


def issue_own(
    *, name: str, scopes: list[str], suites: Sequence[str], days: int, by: Person, at: datetime
) -> tuple[ApiToken, str]:
    """Issue a token to the person themselves, with scopes that their roles allow. Raises Refused like `issue_token`.

    Raises Refused 403 for a scope that none of their roles allows.
    """
    beyond = sorted(set(scopes) & set(Scope.values) - allowed_scopes(by.roles))
    if beyond:
        words = f"None of your roles in {by.programme.name} allows the scope {beyond[0]}."
        remedy = "Leave it out, or ask an administrator for the role."
        raise Refused("scope-beyond-roles", words, remedy=remedy, status=403, pointer="/scopes")
    return issue_token(
        name=name, scopes=scopes, suites=suites, person=by.user, programme=by.programme, days=days, by=by.actor, at=at
    )


def rotate_token(token: ApiToken, *, grace: timedelta, days: int, by: Actor, at: datetime) -> tuple[ApiToken, str]:
    """Issue the successor of a token and let the old one go on for a grace period of at most seven days.

    Raises Refused: 409 for a token that is over or was rotated, 422 for a longer grace or validity.
    """
    if not timedelta(0) <= grace <= LONGEST_GRACE:
        words = f"The grace period has 0 to {LONGEST_GRACE.days} days."
        raise Refused("grace-too-long", words, remedy="Choose a shorter one.", status=422, pointer="/grace_hours")
    with transaction.atomic():
        old = ApiToken.objects.select_for_update().select_related("person", "programme").get(id=token.id)
        over = old.revoked_at is not None or old.expires_at <= at
        if over or ApiToken.objects.filter(rotates=old).exists():
            words = "This token is over." if over else "This token has a successor already."
            raise Refused("token-not-live", words, remedy="Issue a new one.")
        new, secret = issue_token(
            name=old.name, scopes=old.scopes, suites=old.suites, person=old.person, programme=old.programme,
            days=days, by=by, at=at, rotates=old,
        )  # fmt: skip
        old.expires_at = min(old.expires_at, at + grace)
        old.save(update_fields=["expires_at"])
        data = {"prefix": old.prefix, "successor": new.id, "grace_minutes": int(grace.total_seconds() // 60)}
        record("token.rotated", subject=("token", old.id), data=data, by=by, at=at)
    return new, secret


def revoke_token(token: ApiToken, *, by: Actor, at: datetime, reason: str = "") -> ApiToken:
    """Revoke a token: the next request with it is refused. A second time changes nothing."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().get(id=token.id)
        if token.revoked_at is not None:
            return token
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        data = {"prefix": token.prefix, "reason": reason or None}
        record("token.revoked", subject=("token", token.id), data=data, by=by, at=at)
    return token
