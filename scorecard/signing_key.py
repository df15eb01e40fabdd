"""The installation's Ed25519 key: signs ledger heads and the last line of a printed scorecard."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scorecard.environment import private_file
from scorecard.ledger.note import head_text, key_id, signature_line, vkey


class KeyUnusable(RuntimeError):
    """The key file is missing its owner-only mode or does not hold an Ed25519 key."""


@dataclass(frozen=True)
class LedgerKey:
    """A private key and the name it signs under (the ledger's origin)."""

    name: str
    private: Ed25519PrivateKey

    @property
    def public_bytes(self) -> bytes:
        """The 32 raw bytes of the public key."""
        return self.private.public_key().public_bytes_raw()

    @property
    def verification_key(self) -> str:
        """The public key in C2SP form, which auditors pass as `--key`."""
        return vkey(self.name, self.public_bytes)

    def sign_head(self, size: int, root: bytes) -> str:
        """Return the signed note over a tree head."""
        text = head_text(self.name, size, root)
        line = signature_line(self.name, key_id(self.name, self.public_bytes), self.private.sign(text.encode()))
        return f"{text}\n{line}"

    def sign_file(self, hexdigest: str) -> str:
        """Return `name base64(key id and signature)` over the SHA-256 of a file, for its seal line."""
        signature = self.private.sign(b"scorecard-seal/1\n" + hexdigest.encode() + b"\n")
        token = base64.b64encode(key_id(self.name, self.public_bytes) + signature).decode()
        return f"{self.name} {token}"


def load_key(path: Path, *, name: str) -> LedgerKey:
    """Read the key, creating it on the first run with mode 0600. Raises KeyUnusable with the remedy."""
    fresh = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = private_file(path, fresh)
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"{path.name} is readable by others; run: chmod 600 {path}")
    private = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnusable(f"{path.name} holds no Ed25519 key; move it away and restart to create one")
    return LedgerKey(name=name, private=private)
