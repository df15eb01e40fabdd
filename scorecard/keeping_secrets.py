"""Secrets that must be read again, kept under a key of their own, so that a copy of the database opens nothing."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scorecard.environment import private_file

KEY_NAME = "second-factor-key"
FORM = "aes-256-gcm"
NONCE_BYTES = 12


class SecretUnreadable(RuntimeError):
    """A kept secret cannot be opened: the key file is another one, or the text was altered."""


def _cipher(folder: Path) -> AESGCM:
    return AESGCM(private_file(folder / KEY_NAME, AESGCM.generate_key(bit_length=256)))


def shut(text: str, *, folder: Path) -> str:
    """Return the text encrypted (AES-256-GCM) under the key file in `folder`, which is made on first use (0600)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    body = _cipher(folder).encrypt(nonce, text.encode(), FORM.encode())
    return f"{FORM}:{base64.b64encode(nonce + body).decode()}"


def opened(kept: str, *, folder: Path) -> str:
    """Return the text of `shut`. Raises SecretUnreadable when the key does not fit or the text was altered."""
    form, _, encoded = kept.partition(":")
    try:
        raw = base64.b64decode(encoded, validate=True)
        if form != FORM:
            raise ValueError(form)
        return _cipher(folder).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], FORM.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable(
            f"A second factor cannot be read with {folder / KEY_NAME}. Restore that file from the backup, "
            "or let an administrator offer the person a recovery link."
        ) from error
