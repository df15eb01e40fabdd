"""Second factors looked at: codes of an authenticator app, each once, and passkeys whose counter must go forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction
from fido2.server import Fido2Server
from fido2.webauthn import AttestedCredentialData, AuthenticationResponse, PublicKeyCredentialRpEntity

from scorecard.models import User
from scorecard.security_events import note

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""The kinds that count as a second factor by themselves; recovery codes only stand in for one."""


@dataclass(frozen=True)
class Assertion:
    """A passkey's answer (WebAuthn JSON), the state of the question that it answers, and our domain."""

    response: Mapping[str, Any]
    state: Mapping[str, Any]
    domain: str


def compulsory() -> bool:
    """Whether everybody needs a second factor: as the operator says, else everywhere but in a demonstration."""
    said: bool | None = settings.REQUIRE_SECOND_FACTOR
    return not settings.DEMO if said is None else said


def has_second_factor(person: User) -> bool:
    """Whether the person has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=person, type__in=STRONG).exists())


def _locked(person: User, **filters: Any) -> Authenticator | None:
    return Authenticator.objects.select_for_update().filter(user=person, **filters).first()


def accept_code(person: User, code: str, *, at: datetime) -> bool:
    """Whether the code is one of the authenticator app's for now, one step ago or one ahead, and was not used before.

    RFC 6238 5.2: a code is accepted once. The last accepted step is kept with the app's secret and only goes forward,
    so a code that was seen over a shoulder, or an older one, is worth nothing.
    """
    with transaction.atomic():
        app = _locked(person, type=Authenticator.Type.TOTP)
        if app is None:
            return False
        secret, now = decrypt(app.data["secret"]), int(at.timestamp()) // app_settings.TOTP_PERIOD
        for step in range(now - app_settings.TOTP_TOLERANCE, now + app_settings.TOTP_TOLERANCE + 1):
            fits = compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
            if fits and step > app.data.get("last_step", -1):
                app.data["last_step"] = step
                app.save(update_fields=["data"])
                return True
    return False


def accept_recovery_code(person: User, code: str) -> bool:
    """Whether the code is one of the person's recovery codes; it works once."""
    with transaction.atomic():
        codes = _locked(person, type=Authenticator.Type.RECOVERY_CODES)
        return codes is not None and bool(codes.wrap().validate_code(code))


def _credential(passkey: Authenticator) -> AttestedCredentialData:
    found: AttestedCredentialData = passkey.wrap().authenticator_data.credential_data
    return found


def _answered(person: User, assertion: Assertion) -> tuple[AuthenticationResponse, bytes] | None:
    """Return the answer and the credential's id if origin, domain, challenge, verification and signature are right."""
    server = Fido2Server(PublicKeyCredentialRpEntity(id=assertion.domain, name=assertion.domain))
    known = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    try:
        answer = AuthenticationResponse.from_dict(assertion.response)
        used = server.authenticate_complete(dict(assertion.state), [_credential(one) for one in known], answer)
    except (ValueError, TypeError, KeyError):
        return None
    return answer, used.credential_id


def accept_passkey(person: User, assertion: Assertion, *, at: datetime, address: str = "") -> Authenticator | None:
    """Return the passkey that gave this answer, or None if the answer is wrong.

    WebAuthn 7.2 step 22: a counter that does not go forward is the sign of a copy, and is refused; passkeys that are
    kept in several devices always answer 0.
    """
    found = _answered(person, assertion)
    if found is None:
        return None
    answer, credential_id = found
    with transaction.atomic():
        passkeys = Authenticator.objects.select_for_update().filter(user=person, type=Authenticator.Type.WEBAUTHN)
        passkey = next(one for one in passkeys if _credential(one).credential_id == credential_id)
        counter = answer.response.authenticator_data.counter
        last = passkey.data.get("counter", passkey.wrap().authenticator_data.counter)
        if (counter or last) and counter <= last:
            copied = True
        else:
            copied = False
            passkey.data["counter"] = counter
            passkey.save(update_fields=["data"])
    if copied:
        note("passkey.copied", person=person, at=at, address=address, detail=f"counter {counter} after {last}")
        return None
    return passkey
