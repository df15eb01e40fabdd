"""Whether the gate's answer was signed by the laboratory's key, for whoever deploys on the strength of it."""

from __future__ import annotations

from datetime import UTC, datetime

from scorecard_client import offline_verifier
from scorecard_client.answers import GateAnswer

PREFIX = b"gate/1\n"


def signature_fault(answer: GateAnswer, *, key: str, now: datetime | None = None) -> str:
    """Return why the answer must not be trusted, or nothing. `key` is a verification key, `NAME+ID+KEY`.

    Raises NoteFaulty for a malformed key.
    """
    _, _, public_key = offline_verifier.parse_vkey(key)
    signed = answer.model_dump(mode="json", exclude={"signature"}, exclude_unset=True)
    try:
        signature = offline_verifier.decode_base64(answer.signature.get("value", ""))
        message = PREFIX + offline_verifier.canonical_bytes(signed)
    except ValueError:
        return "its signature cannot be read"
    if not offline_verifier.ed25519_holds(public_key, message, signature):
        return "it is not signed by the key"
    try:
        expires = datetime.fromisoformat(answer.expires_at)
    except ValueError:
        return "its end of validity cannot be read"
    if (expires if expires.tzinfo else expires.replace(tzinfo=UTC)) <= (now or datetime.now(UTC)):
        return f"it was valid until {answer.expires_at} only"
    return ""
