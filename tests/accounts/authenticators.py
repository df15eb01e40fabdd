"""A passkey and an authenticator app in software, so that each can also do what a real one never would."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from scorecard.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
STEP = 30


def app_of(person: User) -> Authenticator:
    """Give the person an authenticator app with the well-known secret."""
    made: Authenticator = TOTP.activate(person, SECRET).instance
    return made


def code_at(moment: float, *, steps: int = 0, secret: str = SECRET) -> str:
    """The code that the app shows at a Unix time, some steps later."""
    return format_hotp_value(hotp_value(secret, int(moment) // STEP + steps))


class SoftPasskey:
    """One ES256 credential; every field of its answers can be bent."""

    def __init__(self, domain: str = "testserver", origin: str = "https://testserver") -> None:
        self.domain, self.origin, self.counter = domain, origin, 0
        self.id, self._key = os.urandom(16), ec.generate_private_key(ec.SECP256R1())

    def _data(self, flags: int, domain: str, attested: bytes = b"") -> bytes:
        return hashlib.sha256(domain.encode()).digest() + bytes([flags]) + struct.pack(">I", self.counter) + attested

    def _client(self, kind: str, challenge: str, origin: str | None) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin or self.origin}).encode()

    def _wrapped(self, response: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        extensions = {"credProps": {"rk": True}}
        return {"type": "public-key", "id": name, "rawId": name, "clientExtensionResults": extensions,
                "response": response}  # fmt: skip

    def created(self, challenge: str, *, flags: int = PRESENT | VERIFIED, origin: str | None = None) -> dict[str, Any]:
        """Answer a request to make a passkey."""
        public = ES256.from_cryptography_key(self._key.public_key())
        attested = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = AuthenticatorData(self._data(flags | ATTESTED, self.domain, bytes(attested)))
        made = AttestationObject.create("none", data, {})
        client = self._client("webauthn.create", challenge, origin)
        return self._wrapped(
            {"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(bytes(made))}
        )

    def answered(
        self, challenge: str, *, flags: int = PRESENT | VERIFIED, origin: str | None = None, domain: str | None = None,
        holder: str = "", count: bool = True,
    ) -> dict[str, Any]:  # fmt: skip
        """Answer a request to use it; `count=False` answers like a copy that did not see the last use."""
        self.counter += count
        data, client = self._data(flags, domain or self.domain), self._client("webauthn.get", challenge, origin)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._wrapped({
            "clientDataJSON": websafe_encode(client), "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature), "userHandle": websafe_encode(holder.encode()),
        })  # fmt: skip

    def belongs_to(self, person: User) -> Authenticator:
        """Make this the person's passkey, as if it had been added on the page."""
        data = {"name": "Key", "credential": self.created(websafe_encode(b"0" * 32))}
        made: Authenticator = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=data)
        return made
