"""One entry of the ledger: the envelope that is hashed, and the rules that make it well formed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Dict, List, Optional

from .canonical import canonical_bytes
from .merkle import leaf_of

ENVELOPE_KEYS = ("actor", "at", "data", "kind", "log", "prev", "seq", "subject", "v")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z\Z")
LEAF_NAME = re.compile(r"sha256:[0-9a-f]{64}\Z")


class EntryFaulty(ValueError):
    """An envelope that the ledger's format does not allow."""


def _normalised(value: Any) -> Any:
    """Return the value with all text in NFC; floats are refused, because readers print them differently."""
    if isinstance(value, float):
        raise EntryFaulty("a ledger entry holds no floats; write %r as text" % value)
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, (list, tuple)):
        return [_normalised(item) for item in value]
    if isinstance(value, dict):
        normal = {unicodedata.normalize("NFC", key): _normalised(item) for key, item in value.items()}
        if len(normal) != len(value):
            raise EntryFaulty("two keys of one object are the same text")
        return normal
    return value


def _is_text_map(value: Any, keys: List[str]) -> bool:
    return isinstance(value, dict) and sorted(value) == keys and all(isinstance(item, str) for item in value.values())


def build_envelope(
    *,
    log: str,
    seq: int,
    prev: Optional[str],
    at: str,
    actor: Dict[str, str],
    kind: str,
    subject: Dict[str, str],
    data: Dict[str, Any],
) -> Dict[str, Any]:
    """Return a well-formed envelope (`ledger/1`). Raises EntryFaulty."""
    envelope = {
        "v": 1, "log": log, "seq": seq, "prev": prev, "at": at, "actor": actor, "kind": kind, "subject": subject,
        "data": data,
    }  # fmt: skip
    normalised: Dict[str, Any] = _normalised(envelope)
    check_envelope(normalised)
    return normalised


def check_envelope(envelope: Any) -> None:
    """Raise EntryFaulty unless the envelope has exactly the keys, types and spellings of the format."""
    if not isinstance(envelope, dict) or sorted(envelope) != list(ENVELOPE_KEYS):
        raise EntryFaulty("an envelope has exactly the keys %s" % ", ".join(ENVELOPE_KEYS))
    if type(envelope["v"]) is not int or envelope["v"] != 1:
        raise EntryFaulty("the format's version is 1, got %r" % envelope["v"])
    if type(envelope["seq"]) is not int or envelope["seq"] < 0:
        raise EntryFaulty("seq is a count from 0")
    prev, moment = envelope["prev"], envelope["at"]
    if (prev is None) != (envelope["seq"] == 0):
        raise EntryFaulty("the first entry, and only it, has no predecessor")
    if prev is not None and not (isinstance(prev, str) and LEAF_NAME.match(prev)):
        raise EntryFaulty("prev is sha256: and 64 hexadecimal digits")
    if not isinstance(moment, str) or not MOMENT.match(moment):
        raise EntryFaulty("at is UTC with microseconds and Z, got %r" % moment)
    if not _is_text_map(envelope["actor"], ["id", "kind", "name"]) or not _is_text_map(
        envelope["subject"], ["id", "type"]
    ):
        raise EntryFaulty("actor is {kind, id, name} and subject is {type, id}, all text")
    if not all(isinstance(envelope[name], str) and envelope[name] for name in ("log", "kind")):
        raise EntryFaulty("log and kind are text")
    if not isinstance(envelope["data"], dict):
        raise EntryFaulty("data is an object")
    if _normalised(envelope) != envelope:
        raise EntryFaulty("its text is not in NFC")


def leaf_hash(envelope: Dict[str, Any]) -> bytes:
    """Return the RFC 6962 leaf hash of the canonical envelope."""
    return leaf_of(canonical_bytes(envelope))
