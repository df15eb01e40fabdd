"""Signed notes and tree heads in the C2SP formats: text that any verifier of the format can check."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import List, Tuple

ED25519 = b"\x01"
MOST_SIGNATURES = 16
SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z")


class NoteFaulty(ValueError):
    """A note, key or head that the format does not allow."""


def decode_base64(text: str) -> bytes:
    """Return strictly decoded base64. Raises NoteFaulty for anything but the canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteFaulty("%r is not base64" % text[:40]) from None
    if base64.b64encode(data).decode() != text:
        raise NoteFaulty("%r is not canonical base64" % text[:40])
    return data


def is_key_name(name: str) -> bool:
    """Whether the text can name a key: not empty, without spaces of any kind and without a plus sign."""
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the four bytes that name an Ed25519 key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def vkey(name: str, public_key: bytes) -> str:
    """Return the verification key as text: `name+hex(key id)+base64(type, key)`."""
    return "%s+%s+%s" % (name, key_id(name, public_key).hex(), base64.b64encode(ED25519 + public_key).decode())


def parse_vkey(text: str) -> Tuple[str, bytes, bytes]:
    """Return (name, key id, public key) of a verification key. Raises NoteFaulty."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not is_key_name(parts[0]):
        raise NoteFaulty("a verification key reads NAME+ID+KEY")
    name, hexid, encoded = parts
    key = decode_base64(encoded)
    if len(key) != 33 or key[:1] != ED25519:
        raise NoteFaulty("the key is not an Ed25519 key")
    if key_id(name, key[1:]).hex() != hexid:
        raise NoteFaulty("the key id %s does not belong to this name and key" % hexid)
    return name, key_id(name, key[1:]), key[1:]


def head_text(origin: str, size: int, root: bytes) -> str:
    """Return the text of a tree head: origin, size and root, one a line."""
    return "%s\n%d\n%s\n" % (origin, size, base64.b64encode(root).decode())


def parse_head(text: str) -> Tuple[str, int, bytes]:
    """Return (origin, size, root) of a tree head's text. Raises NoteFaulty."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] != "" or not lines[0] or not SIZE.match(lines[1]):
        raise NoteFaulty("a tree head is origin, size and root, one a line")
    root = decode_base64(lines[2])
    if len(root) != 32:
        raise NoteFaulty("the root is not 32 bytes")
    return lines[0], int(lines[1]), root


def signature_line(name: str, keyid: bytes, signature: bytes) -> str:
    """Return the line that carries one signature of a note."""
    return "\N{EM DASH} %s %s\n" % (name, base64.b64encode(keyid + signature).decode())


@dataclass(frozen=True)
class SignedNote:
    """A note's text and its signatures as (name, key id, signature)."""

    text: str
    signatures: List[Tuple[str, bytes, bytes]]


def parse_note(note: str) -> SignedNote:
    """Split a signed note at its last blank line. Raises NoteFaulty for everything malformed."""
    if any(ord(character) < 0x20 and character != "\n" for character in note):
        raise NoteFaulty("a note holds no control characters")
    text, blank, tail = note.rpartition("\n\n")
    if not blank or not text or not tail.endswith("\n"):
        raise NoteFaulty("a note is text, a blank line and signatures, each line ended")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteFaulty("a note carries at most %d signatures" % MOST_SIGNATURES)
    signatures = []
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\N{EM DASH}" or not is_key_name(parts[1]):
            raise NoteFaulty("a signature line reads: dash, name, base64")
        data = decode_base64(parts[2])
        if len(data) < 5:
            raise NoteFaulty("a signature is too short")
        signatures.append((parts[1], data[:4], data[4:]))
    return SignedNote(text + "\n", signatures)
